"""Who is shielded and who leaves no trace, from the persons sources (R-08)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from features.declarations.project import load_project
from features.errors import IntakeError
from features.intake.quarantine import FileTally
from features.intake.roster import Roster, read_roster
from features.intake.sources import source_units
from tests.support.projects import EDUCATION, NOW, make_real, tiny_project, write_csv

TWO_SOURCES = """
[[source]]
name = "second_register"
layout = "persons"
files = ["data/more.csv"]
household_column = "household"
"""


def person(raw: str, grade: str = "ugradert", household: str = "") -> dict[str, object]:
    return {"person": raw, "born_on": "2010-03-01", "household": household, "address_protection": grade}


def roster_of(root: Path, rows: Sequence[Mapping[str, object]], more: Sequence[Mapping[str, object]] = ()) -> Roster:
    tiny_project(root)
    text = EDUCATION.replace('files = ["data/persons.csv"]', 'files = ["data/persons.csv"]\nhousehold_column = "household"')
    (root / "indicators" / "education.toml").write_text(text + (TWO_SOURCES if more else ""), encoding="utf-8")
    write_csv(root / "data" / "persons.csv", rows)
    if more:
        write_csv(root / "data" / "more.csv", more)
    return read(root)


def read(root: Path) -> Roster:
    project = load_project(root)
    units = [u for u in source_units(project, purposes=("train", "score"), environ={}) if u.source.layout == "persons"]
    tallies = [FileTally(unit.source.name, unit.name, 1.0) for unit in units]
    return read_roster(units, today=NOW.date(), tallies=tallies, is_real=project.screening.project.data == "real")


def shielded(roster: Roster) -> set[str]:
    return set(roster.people.loc[roster.people["shielded"], "raw"])


@pytest.mark.requirement("R-08")
@pytest.mark.parametrize("grade", ["fortrolig", "FORTROLIG", "klientadresse", "Klientadresse", "4", "7"])
def test_a_graded_address_shields_its_household(tmp_path: Path, grade: str) -> None:
    rows = [person("a", grade, "h1"), person("b", household="h1"), person("c", household="h2"), person("d"), person("e")]
    roster = roster_of(tmp_path / "p", rows)
    assert shielded(roster) == {"a", "b"}
    assert roster.hidden == ()


@pytest.mark.requirement("R-08")
@pytest.mark.parametrize("grade", ["strengtFortrolig", "STRENGT_FORTROLIG", "strengtFortroligUtland", "6"])
def test_who_lives_with_a_strictly_confidential_person_is_shielded_and_that_person_is_not_there(tmp_path: Path, grade: str) -> None:
    roster = roster_of(tmp_path / "p", [person("a", grade, "h1"), person("b", household=" h1 "), person("c", household="h2")])
    assert (roster.hidden, list(roster.people["raw"]), shielded(roster)) == (("a",), ["b", "c"], {"b"})


@pytest.mark.requirement("R-08")
def test_the_strictest_row_of_a_source_holds_and_the_last_source_says_what_holds(tmp_path: Path) -> None:
    twice = [
        person("a"),
        person("a", "fortrolig"),
        person("b", "fortrolig", "h1"),
        person("c", household="h1"),
        person("d", "6"),
        person("d"),
    ]
    assert shielded(roster_of(tmp_path / "one", twice)) == {"a", "b", "c"}
    lifted = roster_of(tmp_path / "two", twice, more=[person("b", household="h1"), person("a", "4"), person("d")])
    assert shielded(lifted) == {"a"}
    assert lifted.hidden == ("d",), "a strict grade anywhere is enough"


@pytest.mark.requirement("R-08")
def test_a_row_that_can_not_be_loaded_still_shields_who_lives_there(tmp_path: Path) -> None:
    broken = {**person("a", "fortrolig", "h1"), "born_on": "never"}
    roster = roster_of(tmp_path / "p", [broken, person("b", household="h1"), *(person(str(n)) for n in range(9))])
    assert shielded(roster) == {"b"}


@pytest.mark.requirement("R-08")
def test_of_real_people_it_has_to_be_said_whose_address_is_protected(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    make_real(root)
    write_csv(root / "data" / "persons.csv", [{"person": "a", "born_on": "2010-03-01"}], synthetic=False)
    with pytest.raises(IntakeError, match=r"TID312: persons.csv .* has no column `address_protection`"):
        read(root)
    write_csv(root / "data" / "persons.csv", [{"person": "a", "born_on": "2010-03-01", "address_protection": ""}], synthetic=False)
    assert list(read(root).people["raw"]) == ["a"]
