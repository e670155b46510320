"""A file to sign says what is signed, and nothing that was changed on the way is signed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from features.declarations.project import load_project
from features.errors import GateError
from features.findings import Finding
from models.card import CapacityRow, ModelCard
from models.promotion.offline import as_text, build_file, read_file, read_signature, sign_file
from models.promotion.signatures import check_signature
from models.promotion.signers import Signers, read_signers
from models.promotion.steps import Step, digest_of_capacity, digest_of_gates
from tests.support.projects import NOW, tiny_project
from tests.support.promotions import a_person, declare

KARI, OLD = a_person(1, "kari"), a_person(2, "ola")
CARD = ModelCard(
    "t",
    "p",
    "o",
    "s",
    is_synthetic=False,
    data={},
    capacity=(CapacityRow(0.1, 0.5, 0.3), CapacityRow(0.2, float("nan"), 0.5)),
    gates=(Finding("G-01", "Not too good to be true", "PASSED", {"auc": 0.8}),),
)
STEP = Step(
    action="promote",
    project="tiny",
    data="real",
    model="tiny-a-b",
    version="2",
    bundle_hash="b" * 64,
    gates_digest=digest_of_gates(CARD.gates),
    gates_failed=(),
    gates_not_asked=(),
    capacity_digest=digest_of_capacity(CARD.capacity),
    worth_a_look=0.2,
    should_be_assessed=0.4,
    reason="Finner flere.",
    justification=None,
    after="0" * 64,
)


@pytest.fixture
def signers(tmp_path: Path) -> Signers:
    root = tiny_project(tmp_path / "project")
    declare(root, KARI, OLD)
    return read_signers(load_project(root))


@pytest.fixture
def content(signers: Signers) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(build_file(STEP, CARD, signers=signers, on=NOW.date()), allow_nan=False))
    return found


def written(folder: Path, content: Any) -> Path:
    path = folder / "statement.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.requirement("R-31")
def test_what_was_signed_elsewhere_holds_here(tmp_path: Path, content: dict[str, Any], signers: Signers) -> None:
    path = written(tmp_path, content)
    asked = read_file(path)
    signature = read_signature(as_text(sign_file(asked, KARI.key, path=path, now=NOW)))

    assert asked.gates == CARD.gates
    assert [row.share for row in asked.capacity] == [0.1, 0.2]
    assert check_signature(signature, STEP, signers=signers, at=NOW).person == "kari"


@pytest.mark.requirement("R-31")
@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content["capacity"][0].update(recall=0.9),
        lambda content: content["gates"][0].update(verdict="FAILED"),
        lambda content: content["capacity"].pop(),
        lambda content: content.update(kind="tidlig-promotion-statement/2"),
        lambda content: content.pop("signers"),
        lambda content: content["step"].update(capacity_digest="0" * 64),
    ],
)
def test_a_file_whose_tables_are_not_what_is_signed_is_refused(
    tmp_path: Path, content: dict[str, Any], spoil: Callable[[dict[str, Any]], object]
) -> None:
    spoil(content)
    with pytest.raises(GateError, match="TID617"):
        read_file(written(tmp_path, content))


def test_a_file_that_is_none_and_a_key_that_it_does_not_name_are_refused(tmp_path: Path, content: dict[str, Any]) -> None:
    with pytest.raises(GateError, match="TID617"):
        read_file(tmp_path / "absent.json")
    with pytest.raises(GateError, match="TID617"):
        read_file(written(tmp_path, [1]))
    path = written(tmp_path, content)
    with pytest.raises(GateError, match="TID608"):
        sign_file(read_file(path), a_person(9, "nobody").key, path=path, now=NOW)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"statement": {}}', "null", "not json"])
def test_what_is_no_signature_is_refused(text: str) -> None:
    with pytest.raises(GateError, match="TID614"):
        read_signature(text)
