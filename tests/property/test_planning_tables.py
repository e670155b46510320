"""No small number of a planner's table can be worked out: not from rows, columns or levels, and not from two planners' tables together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from features.declarations.project import Project, load_project
from features.declarations.reviewing import Municipality
from features.small_cells import SMALLEST_CELL
from serving.aggregates.planning import ALL, Course, CourseOfCase, publish
from tests.support.projects import tiny_project

PLACES = ("1101", "1102", "1103", "4601", "4602")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    loaded = load_project(tiny_project(tmp_path_factory.mktemp("planning")))
    places = tuple(Municipality(number=number, name=number, capacity=10) for number in PLACES)
    changed = loaded.screening.model_copy(update={"municipality": places})
    return Project(loaded.root, changed, loaded.catalogue, loaded.services)


tables = st.dictionaries(st.tuples(st.sampled_from(PLACES), st.sampled_from(list(Course))), st.integers(0, 14), max_size=25)


@pytest.mark.requirement("R-09")
@settings(deadline=None, max_examples=40)
@given(counts=tables)
def test_no_small_number_of_a_planner_s_table_can_be_worked_out(project: Project, counts: dict[tuple[str, Course], int]) -> None:
    cases = [CourseOfCase(place, course, 3) for (place, course), n in counts.items() for _ in range(n)]
    figures = publish(cases, project, period="2026-Q1")

    cells = [(place, course) for place in PLACES for course in Course]
    rows, values = [], []
    for line in figures:
        for name, shown in [(ALL, line.n_proposed), *((c.value, n) for c, n in line.courses.items())]:
            row = [float(place.startswith(line.area) and name in (ALL, course.value)) for place, course in cells]
            true = sum(counts.get(cell, 0) for cell, one in zip(cells, row, strict=True) if one)
            assert shown in (None, true)
            assert shown is None or shown >= SMALLEST_CELL
            if shown is not None:
                rows.append(row)
                values.append(shown)
    for i, cell in enumerate(cells):
        n = counts.get(cell, 0)
        if rows and 0 < n < SMALLEST_CELL:
            goal = [float(j == i) for j in range(len(cells))]
            ends = [linprog([sign * g for g in goal], A_eq=rows, b_eq=values, bounds=(0, None)) for sign in (1, -1)]
            width = -ends[1].fun - ends[0].fun if ends[1].success else float("inf")
            assert width >= SMALLEST_CELL - 1 - 1e-6
