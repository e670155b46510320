"""Registers kept for statistics score nobody; registers without persons give no rows about persons."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.declarations.catalogue import Source
from features.declarations.project import load_project
from features.declarations.registers import REGISTERS, KeptFor, Register, find_register, register_finding, register_problems
from features.errors import ProjectError
from tests.support.projects import make_real, tiny_project


def a_source(**more: object) -> Source:
    return Source.model_validate({"name": "extract", "layout": "events", "files": ["data/s.csv"], **more})


def problem(**more: object) -> str | None:
    return next(register_problems([a_source(**more)]), None)


@pytest.mark.parametrize("register", REGISTERS, ids=[register.names[0] for register in REGISTERS])
def test_every_register_is_found_by_each_of_its_names_and_refused_for_scoring(register: Register) -> None:
    assert all(find_register(f"uttrekk fra {name.upper()} 2025") is register for name in register.names)
    assert problem(registers=[register.names[0]], legal_basis="a statute") is not None
    assert register.why
    assert register.mark[0] in "SM"


def test_a_case_system_is_no_such_register() -> None:
    for name in ("VIGO", "Flyt Barnevern", "Arena", "Folkeregisteret", "kommunal EPJ", "SAS", "Aa-registeret", "NIR"):
        assert find_register(name) is None
        assert problem(registers=[name]) is None


def test_a_statistics_register_teaches_or_audits_only_with_a_basis_of_its_own() -> None:
    assert "may not score anybody" in str(problem(registers=["NPR"], legal_basis="a statute"))
    assert "needs the source's own `legal_basis`" in str(problem(registers=["NPR"], purposes=["train"]))
    assert problem(registers=["NPR"], purposes=["train"], legal_basis="a statute") is None
    assert problem(registers=["NPR"], purposes=["audit"], legal_basis="a statute") is None


@pytest.mark.parametrize("name", [r.names[0] for r in REGISTERS if r.kept_for is not KeptFor.STATISTICS])
def test_counts_and_anonymous_answers_give_no_rows_about_persons_for_any_purpose(name: str) -> None:
    assert "gives no rows about persons" in str(problem(registers=[name], purposes=["train"], legal_basis="a statute"))


def test_a_register_is_known_by_the_source_s_name_or_file_too() -> None:
    assert problem(name="npr_contacts") is not None
    assert problem(files=["data/KUHR-2025.csv"]) is not None
    assert problem(files=["npr/export.csv"]) is None


def test_the_check_counts_the_sources_that_do_not_say_where_they_come_from() -> None:
    named, unnamed = a_source(registers=["VIGO"]), a_source(name="unnamed_extract")
    assert register_finding([named]).verdict == "PASSED"
    finding = register_finding([named, unnamed])
    assert (finding.verdict, finding.evidence["n_unnamed"]) == ("NOT_APPLICABLE", 1)


def test_with_real_people_a_source_that_does_not_say_where_it_comes_from_is_not_read(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    path = root / "indicators" / "labour.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('registers = ["fiktivt fagsystem"]\n', ""), encoding="utf-8")
    assert load_project(root).id == "tiny"
    make_real(root)
    with pytest.raises(ProjectError, match=r"TID122.*income do not.*`registers`"):
        load_project(root)


def test_a_project_that_scores_from_one_is_not_read(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    path = root / "indicators" / "labour.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('["fiktivt fagsystem"]', '["FD-Trygd"]'), encoding="utf-8")
    with pytest.raises(ProjectError) as caught:
        load_project(root)
    assert caught.value.code == "TID122"
    for part in ("source income", "FD-Trygd may not score anybody", "purposes"):
        assert part in str(caught.value)
