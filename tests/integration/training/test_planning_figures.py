"""Figures by area for children under ten: counted from real stores, held against a plain recount, and never about one of them."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from features.declarations.project import Project, load_project
from features.errors import ProjectError, PurposeError
from features.restrictions import write_restrictions
from features.store import open_store
from tests.support.ingesting import ingest_tiny
from tests.support.projects import NOW, tiny_project, write_csv
from tests.support.quick_outcomes import told, write_quick_outcomes
from training.planning.figures import planning_figures
from training.planning_commands import app

TODAY = NOW.date()
PLANNING = """
[planning]
bands = [[0, 2], [3, 5], [6, 9]]
indicators = ["edu_absence_days.sum@365d"]
cohorts = 3
outcomes = [{ outcome = "not_completed", stage = "grade_10" }]
"""
N_CHILDREN = 160


def child(number: int) -> tuple[date, str, bool]:
    """Birth, home and whether some absence is on record: three live in 9902 at 0 to 2, with little absence anywhere at that age."""
    if number < 3:
        return date(2025, 3, 1), "9902", False
    rng = random.Random(number)
    return date(rng.randrange(2017, 2026), rng.randrange(1, 12), 1), "9901", rng.random() < 0.4


def write_children(data: Path) -> None:
    """Add children to the people of the quick project, after them."""
    persons, residence, school = [], [], []
    for number in range(N_CHILDREN):
        person, (born_on, home, is_absent) = f"SYN-C{number:04d}", child(number)
        persons.append({"person": person, "born_on": born_on})
        residence.append(told(person, born_on, municipality=home))
        if is_absent:
            school.append(told(person, date(2026, 5, 1), indicator="edu_absence_days", value=2, record="absence"))
    for name, rows in {"persons": persons, "residence": residence, "school": school}.items():
        more = write_csv(data / f"more-{name}.csv", rows).read_text(encoding="utf-8").splitlines()[1:]
        with (data / f"{name}.csv").open("a", encoding="utf-8") as file:
            file.write("\n".join(more) + "\n")
        (data / f"more-{name}.csv").unlink()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tiny_project(tmp_path_factory.mktemp("planning"))
    with (root / "screening.toml").open("a", encoding="utf-8") as file:
        file.write(PLANNING)
    write_quick_outcomes(root / "data")
    write_children(root / "data")
    ingest_tiny(root)
    return root


@pytest.fixture
def project(root: Path) -> Project:
    return load_project(root)


def band_of(born_on: date) -> tuple[int, int] | None:
    age = TODAY.year - born_on.year - ((TODAY.month, TODAY.day) < (born_on.month, born_on.day))
    return next((band for band in ((0, 2), (3, 5), (6, 9)) if band[0] <= age <= band[1]), None)


def by_place(places: list[dict[str, Any]]) -> Mapping[tuple[str, tuple[int, int]], dict[str, Any]]:
    return {(place["area"], tuple(place["ages"])): place for place in places}


def test_children_are_counted_where_they_live(project: Project) -> None:
    places = by_place(planning_figures(project, on=TODAY, as_of=TODAY).places)
    expected = Counter((home, band_of(born_on)) for born_on, home, _ in map(child, range(N_CHILDREN)))
    absent = Counter((home, band_of(born_on)) for born_on, home, is_absent in map(child, range(N_CHILDREN)) if is_absent)
    for band in ((3, 5), (6, 9)):
        place = places["9901", band]
        assert place["n"] == expected["9901", band] == places["nation", band]["n"]
        assert place["shares"]["edu_absence_days.sum@365d"] == round(absent["9901", band] / expected["9901", band], 3)
        assert places["9902", band]["n"] == 0


@pytest.mark.requirement("R-09")
def test_three_children_are_neither_told_nor_left_by_subtraction(project: Project) -> None:
    """Of the county's total only two municipalities share: with the three withheld, the others go too."""
    places = by_place(planning_figures(project, on=TODAY, as_of=TODAY).places)
    for area in ("9901", "9902"):
        assert places[area, (0, 2)]["n"] is None
        assert set(places[area, (0, 2)]["shares"].values()) == {None}
        assert set(places[area, (0, 2)]["expected"].values()) == {None}
    assert places["99", (0, 2)]["n"] == places["nation", (0, 2)]["n"] > 5


def test_expected_numbers_come_from_the_latest_cohorts_and_hold_the_middle(project: Project) -> None:
    figures = planning_figures(project, on=TODAY, as_of=TODAY)
    (outcome,) = figures.outcomes
    assert outcome["cohorts"] == ["2016", "2017", "2018"]
    for place in figures.places:
        expected = place["expected"]["not_completed"]
        if expected is not None:
            assert expected["low"] <= expected["number"] <= expected["high"] <= place["n"]
    nation = by_place(figures.places)["nation", (6, 9)]
    assert nation["expected"]["not_completed"]["number"] == pytest.approx(outcome["rate"] * nation["n"], abs=1)


@pytest.mark.requirement("R-22")
@pytest.mark.requirement("R-08")
def test_who_objected_or_is_shielded_is_in_no_number(project: Project) -> None:
    before = by_place(planning_figures(project, on=TODAY, as_of=TODAY).places)["nation", (6, 9)]["n"]
    subjects = open_store(project, "score").subjects()
    young = subjects[subjects["born_on"].map(lambda day: band_of(day) == (6, 9))]["subject_id"].iloc[:2].tolist()
    since = {"valid_from": date(2026, 1, 1), "valid_to": None, "recorded_at": pd.Timestamp(NOW), "recorded_by_role": "leader"}
    kinds = ("objection", "address_protection")
    frame = pd.DataFrame([{"subject_id": one, "kind": kind, **since} for one, kind in zip(young, kinds, strict=True)])
    try:
        write_restrictions(project, frame)
        after = by_place(planning_figures(project, on=TODAY, as_of=TODAY).places)["nation", (6, 9)]["n"]
    finally:
        write_restrictions(project, frame.iloc[:0])
    assert after == before - 2


@pytest.mark.requirement("R-02")
@pytest.mark.parametrize("kind", ["train", "score"])
def test_no_figures_without_a_valid_purpose(project: Project, kind: str) -> None:
    kept = tuple(purpose for purpose in project.screening.purpose if purpose.kind != kind)
    without = replace(project, screening=project.screening.model_copy(update={"purpose": kept}))
    with pytest.raises(PurposeError, match="TID201"):
        planning_figures(without, on=TODAY, as_of=TODAY)


def test_a_project_that_plans_nothing_or_what_it_has_not_is_refused(project: Project) -> None:
    assert project.screening.planning is not None
    unknown = project.screening.planning.model_copy(update={"indicators": ("edu_shoes.last@ever",)})
    for planning, code in ((None, "TID113"), (unknown, "TID114")):
        other = replace(project, screening=project.screening.model_copy(update={"planning": planning}))
        with pytest.raises(ProjectError, match=code):
            planning_figures(other, on=TODAY, as_of=TODAY)


@pytest.mark.requirement("R-33")
def test_the_command_says_that_all_are_invented_and_names_no_child(root: Path) -> None:
    runner = CliRunner()
    printed = runner.invoke(app, ["--project", str(root), "--as-of", "2026-11-21"], catch_exceptions=False).stdout
    assert "invented" in printed
    found = json.loads(runner.invoke(app, ["--project", str(root), "--json"], catch_exceptions=False).stdout)
    assert found["synthetic"] is True
    assert len(found["places"]) == 3 * (1 + 1 + 2)
    store = open_store(load_project(root), "score").subjects()
    assert not [subject for subject in store["subject_id"] if subject in json.dumps(found)]
