"""What a reader who solves can learn from planning figures of all ages: no count from one to four, whatever the table (R-09)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from features.declarations.project import Project, load_project
from features.declarations.screening import PlannedOutcome, Planning
from features.small_cells import SMALLEST_CELL, SMALLEST_SECTOR_CELL
from tests.support.projects import tiny_project
from training.planning.children import Children
from training.planning.figures import places_told

BANDS = Planning.model_fields["bands"].default
AREAS = ("1101", "1102", "1103", "1501", "1502", "1801")
FEATURE = "nav_low_income_hh.last@ever"

counts = st.integers(0, 9) | st.integers(0, 400)
tables = st.lists(st.lists(counts, min_size=len(BANDS), max_size=len(BANDS)), min_size=2, max_size=len(AREAS))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return load_project(tiny_project(tmp_path_factory.mktemp("disclosure")))


def told_of(project: Project, table: list[list[int]]) -> list[dict[str, Any]]:
    """Publish a table of people by area and band."""
    n = np.array(table, dtype=np.int64)
    areas = AREAS[: len(n)]
    children = Children(areas, n, {FEATURE: n}, {FEATURE: n // 2})
    planning = Planning(outcomes=(PlannedOutcome(outcome="not_completed", stage="grade_10"),))
    return list(places_told(project, planning, children, (), {FEATURE: SMALLEST_SECTOR_CELL}))


def range_of(told: dict[str, int | None], wanted: str) -> tuple[float, float]:
    """Solve one band: the least and the most that a place can hold, given every number that is told of it."""
    areas = [place for place in told if len(place) == len(AREAS[0])]
    rows, values = [], []
    for place, n in told.items():
        if n is not None:
            rows.append([float(place == "nation" or area.startswith(place)) for area in areas])
            values.append(float(n))
    goal = np.array([float(wanted == "nation" or area.startswith(wanted)) for area in areas])
    known = {"A_eq": np.array(rows), "b_eq": np.array(values)} if rows else {}
    bounds = [(0, 5_000)] * len(areas)
    low, high = (linprog(sign * goal, bounds=bounds, **known) for sign in (1, -1))
    assert low.success
    assert high.success
    return float(low.fun), float(-high.fun)


@pytest.mark.requirement("R-09")
@given(tables)
@settings(max_examples=60, deadline=None)
def test_no_small_count_of_any_age_is_told_or_can_be_solved_for(project: Project, table: list[list[int]]) -> None:
    told = told_of(project, table)
    for number, band in enumerate(BANDS):
        shown = {place["area"]: place["n"] for place in told if tuple(place["ages"]) == band}
        for area, row in zip(AREAS, table, strict=False):
            if 0 < row[number] < SMALLEST_CELL:
                assert shown[area] is None
                low, high = range_of(shown, area)
                assert high - low >= SMALLEST_CELL - 1, f"{area} of {band} has {row[number]}, and the others leave {low} to {high}"


@pytest.mark.requirement("R-09")
@given(tables)
@settings(max_examples=60, deadline=None)
def test_what_is_told_is_right_and_nothing_is_told_of_whom_no_number_is(project: Project, table: list[list[int]]) -> None:
    by_area = dict(zip(AREAS, table, strict=False))
    for place in told_of(project, table):
        inside = [row for area, row in by_area.items() if place["area"] == "nation" or area.startswith(place["area"])]
        n = sum(row[BANDS.index(tuple(place["ages"]))] for row in inside)
        assert place["n"] in (n, None)
        if place["n"] is None:
            assert set(place["shares"].values()) <= {None}
