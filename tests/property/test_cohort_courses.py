"""What is told of each screening gives nothing away: not beside the planners' table, nor beside how many each screening proposed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from features.declarations.project import Project, load_project
from features.declarations.reviewing import Municipality
from features.small_cells import SMALLEST_CELL
from serving.aggregates.cohort_courses import PartOfPeriod, split_period
from serving.aggregates.cohort_records import FEWEST_PROPOSED, Share, raised_often
from serving.aggregates.cohorts import in_fives
from serving.aggregates.overview import hide_small
from serving.aggregates.planning import ALL, NAMED, TALKS, Course, CourseOfCase, publish
from tests.support.projects import tiny_project

PLACES = ("1101", "1102", "4601")
SCREENINGS = ("a", "b", "c")

Cell = tuple[str, str, str]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    loaded = load_project(tiny_project(tmp_path_factory.mktemp("cohorts")))
    places = tuple(Municipality(number=number, name=number, capacity=10) for number in PLACES)
    changed = loaded.screening.model_copy(update={"municipality": places})
    return Project(loaded.root, changed, loaded.catalogue, loaded.services)


cells_of = st.tuples(st.sampled_from(PLACES), st.sampled_from(SCREENINGS), st.sampled_from([course.value for course in Course]))
tables = st.dictionaries(cells_of, st.integers(0, 12), max_size=24)


class Reader:
    """Reads all that is told and solves for what is not."""

    def __init__(self, cells: list[Cell]) -> None:
        self.cells = cells
        self._rows: list[list[float]] = []
        self._values: list[int] = []

    def is_told(self, value: int | None, covers: Callable[[Cell], bool]) -> None:
        if value is not None:
            self._rows.append([float(covers(cell)) for cell in self.cells])
            self._values.append(value)

    def width_of(self, covers: Callable[[Cell], bool]) -> float:
        goal = [float(covers(cell)) for cell in self.cells]
        known: dict[str, object] = {"A_eq": self._rows, "b_eq": self._values} if self._rows else {}
        low, high = (linprog([sign * g for g in goal], bounds=(0, None), **known) for sign in (1, -1))
        return float("inf") if high.status == 3 else float(-high.fun - low.fun)


@pytest.mark.requirement("R-09")
@settings(deadline=None, max_examples=8, phases=[Phase.generate])  # making an example smaller takes minutes
@given(counts=tables)
def test_no_small_number_of_a_cohort_can_be_worked_out(project: Project, counts: dict[Cell, int]) -> None:
    cases = [(place, screening, course) for (place, screening, course), n in counts.items() for _ in range(n)]
    figures = publish([CourseOfCase(place, Course(course), 3, screening) for place, screening, course in cases], project, period="2026-Q1")
    whole = {line.area: {**{str(c): n for c, n in line.courses.items()}, TALKS: line.n_talks, ALL: line.n_proposed} for line in figures}
    each = {s: hide_small(dict.fromkeys(PLACES, 0) | Counter(place for place, screening, _ in cases if screening == s)) for s in SCREENINGS}
    proposed = {place: {s: each[s][place] for s in SCREENINGS} for place in PLACES}

    parts = split_period([PartOfPeriod(s, place, course) for place, s, course in cases], whole, proposed, named=NAMED)

    reader = Reader([(place, s, course.value) for place in PLACES for s in SCREENINGS for course in Course])
    for area, told in whole.items():
        for name, value in told.items():
            reader.is_told(value, lambda cell, area=area, name=name: cell[0].startswith(area) and cell[2] in NAMED[name])
    for place in PLACES:
        for s in SCREENINGS:
            reader.is_told(proposed[place][s], lambda cell, of=(place, s): cell[:2] == of)
    widths = {cell: reader.width_of(lambda one, cell=cell: one == cell) for cell, n in counts.items() if 0 < n < SMALLEST_CELL}
    for place, screenings in parts.items():
        for s, told in screenings.items():
            for name, value in told.items():
                true = sum(n for cell, n in counts.items() if cell[:2] == (place, s) and cell[2] in NAMED[name])
                assert value in (None, true)
                assert value is None or value >= SMALLEST_CELL or (name == ALL and value == proposed[place][s])
                reader.is_told(value, lambda cell, of=(place, s), name=name: cell[:2] == of and cell[2] in NAMED[name])
    for cell, before in widths.items():
        assert before >= SMALLEST_CELL - 1 - 1e-6, f"{cell} follows from the planners' table and the list of screenings"
        assert reader.width_of(lambda one, cell=cell: one == cell) >= SMALLEST_CELL - 1 - 1e-6, cell
    for place in PLACES:
        for s in SCREENINGS:
            n = sum(m for cell, m in counts.items() if cell[:2] == (place, s))
            if 0 < n < SMALLEST_CELL:
                assert reader.width_of(lambda one, of=(place, s): one[:2] == of) >= SMALLEST_CELL - 1 - 1e-6, (place, s)


def test_a_small_screening_does_not_follow_from_the_period_less_the_other_one(project: Project) -> None:
    proposed = {("1101", "a"): 9, ("1101", "b"): 3, ("1102", "a"): 10, ("1102", "b"): 8}
    cases = [CourseOfCase(place, Course.NO_FURTHER, 3, screening) for (place, screening), n in proposed.items() for _ in range(n)]
    shown = {line.area: line.n_proposed for line in publish(cases, project, period="2026-Q1")}
    assert (shown["1101"], shown["1102"]) == (None, None), "twelve less nine would be three"
    assert shown[""] == 30, "which the list of screenings tells too"


@pytest.mark.requirement("R-09")
@given(n_proposed=st.integers(0, 200), counts=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 200), max_size=6))
def test_a_share_of_reasons_stands_for_a_wide_range_of_people(n_proposed: int, counts: dict[str, int]) -> None:
    counts = {code: min(n, n_proposed) for code, n in counts.items()}
    told = raised_often(counts, n_proposed=n_proposed)
    if n_proposed < FEWEST_PROPOSED:
        assert told is None
        return
    assert told is not None
    shares = {one.indicator: one.share for one in told}
    for code, n in counts.items():
        # What a reader concludes of one: every number that would have been told in the same words, the others' untouched.
        alike = [
            m
            for m in range(n_proposed + 1)
            if {one.indicator: one.share for one in raised_often({**counts, code: m}, n_proposed=n_proposed) or ()} == shares
        ]
        assert n in alike
        assert max(alike) - min(alike) >= SMALLEST_CELL
        assert code not in shares or min(alike) >= 10
    assert list(told) == sorted(told, key=lambda one: (one.share is not Share.MOST, one.indicator)), "the order tells nothing more"


@given(of=st.integers(5, 100), data=st.data())
def test_neither_the_reviewed_nor_those_left_are_told_to_be_few(of: int, data: st.DataObject) -> None:
    n = data.draw(st.integers(0, of))
    told = in_fives(n, of=of)
    assert told is None or SMALLEST_CELL <= told <= n
    alike = [m for m in range(of + 1) if in_fives(m, of=of) == told]
    assert n in alike
    assert max(alike) - min(alike) >= SMALLEST_CELL - 1
