"""Signing and promoting at a terminal: keys, passphrases, two people, the history, and a check without this program."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from features.declarations.project import load_project
from features.errors import GateError
from features.ledger import canonical_json, read_entries
from models.placed import load_placed
from models.promoting import prepare_promotion
from models.promotion.ledger import ledger_path
from models.promotion.offline import build_file, read_signature
from models.promotion.signatures import check_signature
from models.promotion.signers import FILE, decode_public_key, read_signers
from tests.support.registering import DIFFERENT, MODEL, Registry, bundle_for, project_of
from training.commands import app
from training.registry.tracking import local_tracking

pytestmark = [
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

PASSPHRASE = "a phrase that nobody types twice"
WHY = "The first model of this municipality."
LAWFUL = "Boys do leave school more often; nobody else is approached in their place."
runner = CliRunner()


def models(*words: str, typed: str | None = None, **environment: str) -> Result:
    return runner.invoke(app, ["models", *words], input=typed, env=environment, catch_exceptions=False)


def done(*words: str, **environment: str) -> str:
    result = models(*words, **environment)
    assert result.exit_code == 0, result.output
    return result.stdout


def answered(*words: str, **environment: str) -> Any:
    return json.loads(done(*words, "--json", **environment))


@pytest.fixture(scope="module", autouse=True)
def _no_tracking_of_others() -> Iterator[None]:
    before = os.environ.pop("MLFLOW_TRACKING_URI", None)
    yield
    if before is not None:
        os.environ["MLFLOW_TRACKING_URI"] = before


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, str]]:
    """A public project with a version that treats groups differently, and the options that name it."""
    folder = tmp_path_factory.mktemp("signing")
    project = project_of(folder / "project", data="public")
    registry = Registry(project, local_tracking(project))
    registry.register(bundle_for(project, gates=DIFFERENT))
    return folder, ("--project", str(project.root))


@pytest.fixture(scope="module")
def keys(where: tuple[Path, tuple[str, str]]) -> dict[str, Path]:
    """Two people's keys, one of them with a passphrase, declared as the command prints them."""
    folder, project = where
    paths = {name: folder / "keys" / f"{name}.pem" for name in ("kari", "ola")}
    lines = [
        done("new-key", "--key", str(paths["kari"]), "--person", "kari", "--role", "modellforvalter", "--no-passphrase", *project),
        done(
            "new-key",
            "--key",
            str(paths["ola"]),
            "--person",
            'Ola "leder"',
            "--role",
            "leder",
            *project,
            TIDLIG_SIGNING_PASSPHRASE=PASSPHRASE,
        ),
    ]
    assert [tomllib.loads(text)["signer"][0]["person"] for text in lines] == ["kari", 'Ola "leder"']
    (Path(project[1]) / FILE).write_text("\n".join(lines), encoding="utf-8")
    return paths


def test_two_people_sign_promote_and_roll_back(where: tuple[Path, tuple[str, str]], keys: dict[str, Path]) -> None:
    """One story, since each step stands on the one before."""
    folder, project = where
    with pytest.raises(GateError, match="TID604"):
        models("sign", MODEL, "1", "--key", str(keys["kari"]), "--reason", WHY, *project)
    words = ("sign", MODEL, "1", "--key", str(keys["kari"]), "--reason", WHY, "--justify", LAWFUL, *project)
    refused = models(*words, typed="n\n")
    assert refused.exit_code == 1
    assert "G-06" in refused.output
    assert not list((Path(project[1]) / "var" / "signatures").rglob("*.json"))
    assert models(*words, "--json").exit_code == 2  # nothing would be shown before it signs
    said = done(*words, "--yes")
    assert "boy" in said
    assert "finds and misses" in said
    assert "kari (modellforvalter)" in said.replace("\n", " ")
    with pytest.raises(GateError, match="TID601: 1 different people signed, expected 2"):
        models("promote", MODEL, "1", *project)

    phrase = folder / "phrase"
    phrase.touch(mode=0o600)
    phrase.write_text(PASSPHRASE + "\n")
    signed = answered("sign", MODEL, "1", "--key", str(keys["ola"]), "--passphrase-file", str(phrase), "--yes", *project)
    assert signed["statement"]["reason"] == WHY
    assert signed["statement"]["justification"] == LAWFUL

    promoted = answered("promote", MODEL, "1", *project)
    assert promoted["simulated"] is False
    assert sorted(promoted["signers"]) == ['Ola "leder"', "kari"]

    (line,) = answered("history", MODEL, *project)["history"]
    assert (line["action"], line["version"], line["reason"], line["gates_failed"]) == ("model_promoted", "1", WHY, ["G-06"])
    told = done("history", *project)
    assert f"1: {WHY} Justified until" in told
    assert LAWFUL in told
    assert 'Ola "leder", kari' in told
    anchor = answered("verify", *project)
    assert anchor["count"] == 1
    assert "1 steps" in done("verify", "--anchor", f"1:{anchor['head']}", *project)


def test_anybody_can_check_a_signature_with_openssl(where: tuple[Path, tuple[str, str]], keys: dict[str, Path], tmp_path: Path) -> None:
    """As docs/promotion.md shows: the statement's canonical JSON, the public key, and a program that is not ours."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl")
    _, project = where
    root = Path(project[1])
    declared = {one["person"]: one["public_key"] for one in tomllib.loads((root / FILE).read_text())["signer"]}
    (entry,) = read_entries(ledger_path(load_project(root)))
    for signature in entry.public["signatures"]:
        (tmp_path / "said").write_bytes(canonical_json(signature["statement"]))
        (tmp_path / "proof").write_bytes(base64.b64decode(signature["signature"]))
        public = decode_public_key(declared[signature["statement"]["person"]])
        (tmp_path / "public.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        command = [openssl, "pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", "said", "-sigfile", "proof"]
        assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
        (tmp_path / "said").write_bytes(canonical_json({**signature["statement"], "version": "2"}))
        assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_a_passphrase_is_asked_for_and_shown_nowhere(where: tuple[Path, tuple[str, str]], keys: dict[str, Path]) -> None:
    _, project = where
    words = ("sign", MODEL, "1", "--key", str(keys["ola"]), "--reason", WHY, "--justify", LAWFUL, "--yes", *project)
    asked = models(*words, typed=f"{PASSPHRASE}\n")
    assert asked.exit_code == 0
    assert PASSPHRASE not in asked.output
    with pytest.raises(GateError, match="TID607") as raised:
        models(*words, typed="another phrase altogether\n")
    assert "another phrase" not in str(raised.value)


def test_a_statement_is_signed_where_there_is_no_project(
    where: tuple[Path, tuple[str, str]], keys: dict[str, Path], tmp_path: Path
) -> None:
    """What the console gives is read, shown, signed and handed in; the key never leaves its machine."""
    _, project = where
    assert "lies in" in done("fetch", MODEL, "1", *project)
    loaded = load_project(Path(project[1]))
    prepared = prepare_promotion(loaded, load_placed(loaded, MODEL, "1"), "1", reason=WHY, justification=LAWFUL)
    content = build_file(prepared.step, prepared.bundle.card, signers=read_signers(loaded), on=datetime.now(UTC).date())
    file = tmp_path / "a.statement.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    words = ("sign-statement", str(file), "--key", str(keys["kari"]))
    refused = models(*words, typed="n\n")
    assert refused.exit_code == 1
    assert LAWFUL in refused.output
    assert "finds and misses" in refused.output
    assert models(*words, "--json").exit_code == 2
    assert "It holds no secret" in done(*words, "--yes")

    signature = read_signature((tmp_path / "a.statement.signature.json").read_text(encoding="utf-8"))
    signer = check_signature(signature, prepared.step, signers=read_signers(loaded), at=datetime.now(UTC))
    assert signer.person == "kari"
    other = answered(*words, "--yes", "--out", str(tmp_path / "other.json"))
    assert other["statement"]["person"] == "kari"


@pytest.mark.parametrize("step", ["rollback", "withdraw"])
def test_a_way_back_needs_somebody(where: tuple[Path, tuple[str, str]], keys: dict[str, Path], step: str) -> None:
    _, project = where
    neither = models(step, MODEL, "--reason", WHY, *project)
    assert neither.exit_code == 2
    with pytest.raises(GateError, match="TID602"):
        models(step, MODEL, "--reason", WHY, "--signed-by", "kari", *project)


@pytest.mark.requirement("R-30")
def test_one_command_takes_a_model_out_of_use(tmp_path: Path) -> None:
    project = project_of(tmp_path / "project")
    registry = Registry(project, local_tracking(project))
    registry.register(bundle_for(project))
    where = ("--project", str(project.root))
    done("promote", MODEL, "1", "--signed-by", "a", "--signed-by", "b", "--reason", WHY, *where)
    said = done("withdraw", MODEL, "--signed-by", "a", "--reason", "Too many are approached in vain.", *where)
    assert "nothing serves in its place" in said
    assert "withdrawn 1" in done("history", *where).replace("\n", " ")


def test_words_belong_to_the_signature(where: tuple[Path, tuple[str, str]], keys: dict[str, Path]) -> None:
    _, project = where
    assert models("promote", MODEL, "1", "--reason", WHY, *project).exit_code == 2
    assert models("promote", MODEL, "1", "--signed-by", "a", "--signature", str(keys["kari"]), *project).exit_code == 2
