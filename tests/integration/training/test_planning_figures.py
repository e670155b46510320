"""Figures by area for ages 0 to 24: counted from real stores, held against a plain recount, and never about one of them."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from features.declarations.project import Project, load_project
from features.declarations.screening import PlannedOutcome, Planning
from features.errors import ProjectError, PurposeError
from features.restrictions import write_restrictions
from features.store import open_store
from tests.support.ingesting import ingest_tiny
from tests.support.projects import NOW, tiny_project, write_csv
from tests.support.quick_outcomes import PER_YEAR, YEARS, told, write_quick_outcomes
from training.planning.figures import last_age, planning_figures
from training.planning_commands import app

TODAY = NOW.date()
PLANNING = """
[planning]
bands = [[0, 2], [3, 5], [6, 9], [10, 12], [13, 15], [16, 18], [19, 24]]
indicators = ["edu_absence_days.sum@365d"]
cohorts = 3
outcomes = [{ outcome = "not_completed", stage = "grade_10", until_age = 15 }]
"""
N_CHILDREN = 160
N_YOUNG = 240
BANDS = ((0, 2), (3, 5), (6, 9), (10, 12), (13, 15), (16, 18), (19, 24))


def child(number: int) -> tuple[date, str, bool]:
    """Birth, home and whether some absence is on record: three live in 9902 at 0 to 2, with little absence anywhere at that age."""
    if number < 3:
        return date(2025, 3, 1), "9902", False
    rng = random.Random(number)
    if number >= N_CHILDREN:
        return date(rng.randrange(2004, 2017), rng.randrange(1, 12), 1), rng.choice(("9901", "9902")), rng.random() < 0.4
    return date(rng.randrange(2017, 2026), rng.randrange(1, 12), 1), "9901", rng.random() < 0.4


def write_children(data: Path) -> None:
    """Add children and young people to those of the quick project, after them."""
    persons, residence, school = [], [], []
    for number in range(N_CHILDREN + N_YOUNG):
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
    return next((band for band in BANDS if band[0] <= age <= band[1]), None)


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
        expected = place["expected"].get("not_completed")
        if expected is not None:
            assert expected["low"] <= expected["number"] <= expected["high"] <= place["n"]
    nation = by_place(figures.places)["nation", (13, 15)]
    assert nation["expected"]["not_completed"]["number"] == pytest.approx(outcome["rate"] * nation["n"], abs=1)


def everybody() -> Iterator[tuple[date, str]]:
    """Birth and home of everybody in the files."""
    for number in range(len(YEARS) * PER_YEAR):
        yield date(YEARS[number // PER_YEAR] - 15, 1 + number % 12, 1), ("9901", "9902")[number % 2]
    yield from (child(number)[:2] for number in range(N_CHILDREN + N_YOUNG))


def test_every_age_to_twenty_four_is_counted_in_one_band(project: Project) -> None:
    places = by_place(planning_figures(project, on=TODAY, as_of=TODAY).places)
    expected = Counter((home, band_of(born_on)) for born_on, home in everybody())
    for band in BANDS:
        n = {area: expected[area, band] for area in ("9901", "9902")}
        assert places["nation", band]["n"] == places["99", band]["n"] == sum(n.values())
        if band != (0, 2):  # three of those may not be told
            assert {area: places[area, band]["n"] for area in n} == n
    assert sum(places["nation", band]["n"] for band in BANDS) == sum(band_of(born_on) is not None for born_on, _ in everybody())


def test_nothing_is_expected_at_an_age_that_is_past_it(project: Project) -> None:
    for place in planning_figures(project, on=TODAY, as_of=TODAY).places:
        assert set(place["expected"]) == (set() if place["ages"][0] >= 16 else {"not_completed"})


def test_without_a_last_age_the_stage_s_own_first_one_holds(project: Project) -> None:
    stage = project.stages["grade_10"]
    assert last_age(project, PlannedOutcome(outcome="not_completed", stage="grade_10")) == stage.min_age
    assert last_age(project, PlannedOutcome(outcome="not_completed", stage="grade_10", until_age=15)) == 15


@pytest.mark.requirement("R-17")
@pytest.mark.parametrize("bands", [((8, 12),), ((0, 25),), ((5, 3),), ((0, 4), (4, 6)), ()])
def test_no_band_holds_children_with_models_and_children_without(bands: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValidationError):
        Planning(bands=bands, outcomes=(PlannedOutcome(outcome="not_completed", stage="grade_10"),))


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
    assert len(found["places"]) == len(BANDS) * (1 + 1 + 2)
    store = open_store(load_project(root), "score").subjects()
    assert not [subject for subject in store["subject_id"] if subject in json.dumps(found)]
