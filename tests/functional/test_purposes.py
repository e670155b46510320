"""Nothing starts without the purpose it needs: asked at every door, before any person's data is read, and nothing is written (R-02)."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

import tidlig
from features.audit import audit_groups
from features.declarations.project import Project, load_project
from features.errors import ProjectError, PurposeError
from features.followup import matured_outcomes
from features.scored import write_scored
from features.tables import build_stage_table, current_stage_table
from serving.app import open_service
from serving.screening.run import screen
from serving.settings import Settings
from tests.support.projects import KEYS, NOW
from tests.support.screenable import AS_OF, screenable_project

TODAY = NOW.date()
DIAGNOSTIC = """
[[diagnostic_split]]
name = "backwards"
stage = "grade_10"
outcome = "not_completed"
train = ["2018", "2019"]
test = ["2015", "2016"]
"""
COMMANDS: dict[str, tuple[str, ...]] = {
    "ingest": ("train", "score", "audit"),
    "features --purpose train": ("train",),
    "features --purpose score": ("score",),
    f"features --purpose score --as-of {AS_OF}": ("score",),
    "train": ("train",),
    "train --no-register": ("train",),
    "train --diagnostic backwards": ("train",),
    "planning-figures": ("train", "score"),
    f"screen --as-of {AS_OF}": ("score", "audit"),
    f"explain SYN-{'A' * 26} --as-of {AS_OF}": ("score",),
    "monitor": ("audit", "score", "train"),
    f"monitor --month {AS_OF:%Y-%m}": ("audit", "score", "train"),
}
"""Command -> the purposes that it needs."""

SCORED = pd.DataFrame({"subject_id": ["0" * 32], "stage": ["grade_10"], "as_of": [AS_OF]})
DOORS: dict[str, tuple[str, Callable[[Project], object]]] = {
    "build_stage_table, train": ("train", lambda p: build_stage_table(p, "train", p.stages["grade_10"], on=TODAY)),
    "build_stage_table, score": ("score", lambda p: build_stage_table(p, "score", p.stages["grade_10"], on=TODAY, as_of=AS_OF)),
    "current_stage_table": ("score", lambda p: current_stage_table(p, "score", p.stages["grade_10"], on=TODAY, as_of=AS_OF)),
    "audit_groups": ("audit", lambda p: audit_groups(p, ["0" * 32], purpose="train", on=TODAY)),
    "matured_outcomes": ("audit", lambda p: matured_outcomes(p, SCORED, p.outcomes["not_completed"], on=TODAY)),
    "write_scored": ("audit", lambda p: write_scored(p, "abc", SCORED, on=TODAY)),
}
"""Functions that other packages call -> the purpose that they ask for themselves."""


def expired(block: str) -> str:
    return block.replace("valid_to = 2030-12-31", "valid_to = 2021-12-31")


def not_yet_valid(block: str) -> str:
    return block.replace("2020-01-01", "2199-01-01").replace("2030-12-31", "2199-12-31")


def missing(block: str) -> str:
    return ""


def of_another_kind(block: str) -> str:
    return block.replace(block.split('"')[1], "test", 1)


FAULTS: dict[Callable[[str], str], str] = {expired: "TID202", not_yet_valid: "TID202", missing: "TID201", of_another_kind: "TID201"}


def spoil_purpose(root: Path, kind: str, fault: Callable[[str], str]) -> None:
    head, *purposes = (root / "screening.toml").read_text(encoding="utf-8").split("[[purpose]]\n")
    *whole, last = purposes
    block, brackets, tail = last.partition("\n[[stage]]")
    spoilt = [fault(one) if f'kind = "{kind}"' in one else one for one in (*whole, block)]
    kept = "".join(f"[[purpose]]\n{one}\n" for one in spoilt if one)
    (root / "screening.toml").write_text(head + kept + brackets + tail, encoding="utf-8")


def make_unreadable(root: Path) -> None:
    """Leave nothing of a person that could be read without an error of its own."""
    for folder in ("data", "var/store", "var/features", "var/scored", "var/exchange"):
        for path in (root / folder).rglob("*"):
            if path.is_file():
                path.write_bytes(b"unreadable")


def files_below(root: Path) -> dict[str, str]:
    return {str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(root.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def screened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = screenable_project(tmp_path_factory.mktemp("screened") / "project")
    with (project.root / "screening.toml").open("a", encoding="utf-8") as file:
        file.write(DIAGNOSTIC)
    project = load_project(project.root)
    database, keys = open_service(Settings(), project)
    screen(project, database, keys, as_of=AS_OF, now=NOW)
    database.close()
    return project.root


@pytest.fixture
def root(screened: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("TIDLIG_DATABASE_URL", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    shutil.copytree(screened, tmp_path / "project")
    return tmp_path / "project"


def run(root: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    monkeypatch.setattr("sys.argv", ["tidlig", *command.split(), "--project", str(root)])
    with pytest.raises(SystemExit) as ended:
        tidlig.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code, capsys.readouterr().err


CASES = [
    (command, kind, fault)
    for command, kinds in COMMANDS.items()
    for kind in kinds
    for fault in FAULTS
    if not (command == "ingest" and kind != "audit" and FAULTS[fault] == "TID201")  # a purpose nobody declares gets no store
]


@pytest.mark.requirement("R-02")
@pytest.mark.parametrize(("command", "kind", "fault"), CASES, ids=lambda value: value.__name__ if callable(value) else str(value))
def test_a_command_without_its_purpose_reads_nobody_s_data_and_writes_nothing(
    root: Path,
    command: str,
    kind: str,
    fault: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil_purpose(root, kind, fault)
    make_unreadable(root)
    (root / "var" / "tidlig.db").write_bytes(b"unreadable")
    before = files_below(root)

    status, said = run(root, command, monkeypatch, capsys)

    assert status == PurposeError.exit_status == 4
    assert said.startswith(f"{FAULTS[fault]}: no purpose of kind '{kind}'"), said
    assert files_below(root) == before


@pytest.mark.requirement("R-02")
@pytest.mark.parametrize("command", COMMANDS)
def test_with_its_purposes_the_same_command_does_go_on_to_the_data(
    root: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_unreadable(root)

    status, said = run(root, command, monkeypatch, capsys)

    assert status != PurposeError.exit_status, said


@pytest.mark.requirement("R-02")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("door", DOORS)
def test_a_function_that_others_call_asks_for_its_purpose_itself(root: Path, door: str, fault: Callable[[str], str]) -> None:
    kind, call = DOORS[door]
    spoil_purpose(root, kind, fault)
    make_unreadable(root)
    before = files_below(root)

    with pytest.raises(PurposeError, match=FAULTS[fault]):
        call(load_project(root))

    assert files_below(root) == before


@pytest.mark.requirement("R-02")
@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (('legal_basis = "FIKTIV"', 'legal_basis = " "'), "names its legal basis"),
        (('legal_basis = "FIKTIV"\n', ""), "legal_basis: Field required"),
        (('controller = "Fiktiv kommune"\nvalid', 'controller = ""\nvalid'), "names its legal basis and its controller"),
        (("valid_to = 2030-12-31", "valid_to = 2019-12-31"), "lies before `valid_from`"),
        (("valid_to = 2030-12-31\n", ""), "valid_to: Field required"),
    ],
)
def test_a_purpose_without_basis_controller_or_end_is_none(root: Path, spoilt: tuple[str, str], said: str) -> None:
    path = root / "screening.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(*spoilt, 1), encoding="utf-8")
    with pytest.raises(ProjectError, match=f"TID103: .*{said}"):
        load_project(root)


@pytest.mark.requirement("R-02")
def test_no_purpose_at_all_loads_nothing(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("train", "score", "audit"):
        spoil_purpose(root, kind, of_another_kind)
    make_unreadable(root)
    before = files_below(root)

    status, said = run(root, "ingest", monkeypatch, capsys)

    assert (status, said[:6]) == (4, "TID201")
    assert files_below(root) == before


@pytest.mark.requirement("R-02")
def test_a_screening_needs_its_purpose_on_the_as_of_date_as_well(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_unreadable(root)
    before = files_below(root)
    for command in ("screen", f"explain SYN-{'A' * 26}"):
        status, said = run(root, f"{command} --as-of {date(2019, 6, 15)}", monkeypatch, capsys)
        assert (status, said[:6]) == (4, "TID202")
    assert files_below(root) == before
