"""A reader with an integer solver lays all tables of a report side by side and tries to recompute what was withheld."""

from collections.abc import Mapping
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from monitoring.fairness.disclosure import PIECES, publish, publish_together
from monitoring.fairness.groups import CELLS, METRICS, FairnessTable, GroupFairness
from monitoring.fairness.intersections import Measured, measure_attributes

N_CELLS = len(CELLS)
LABEL = [1.0, 0.0, 1.0, 0.0, np.nan, np.nan]
PROPOSED = [True, True, False, False, True, False]


def measured(cells: np.ndarray) -> Measured:
    """Measure people of which there are so many of each combination of values and kind; one axis an attribute, the last the kind."""
    *values, kind = (axis.ravel() for axis in np.indices(cells.shape))
    times = cells.ravel()
    groups = {f"a{n}": np.repeat([f"v{value}" for value in axis], times).tolist() for n, axis in enumerate(values)}
    label, proposed = np.repeat(np.array(LABEL)[kind], times), np.repeat(np.array(PROPOSED)[kind], times)
    return measure_attributes(label, proposed, np.full(len(label), 0.25), groups)


class Reader:
    """Knows every number shown as a sum over the combinations of all values, and asks what a withheld sum can still be."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.rows: list[np.ndarray] = []
        self.values: list[int] = []

    def mask(self, kinds: tuple[str, ...], where: Mapping[str, str]) -> np.ndarray:
        found = np.zeros(self.shape)
        at = tuple(int(where[f"a{n}"][1:]) if f"a{n}" in where else slice(None) for n in range(len(self.shape) - 1))
        for kind in kinds:
            found[(*at, CELLS.index(kind))] = 1
        return found.ravel()

    def learn(self, kinds: tuple[str, ...], where: Mapping[str, str], value: int | None) -> None:
        if value is not None:
            self.rows.append(self.mask(kinds, where))
            self.values.append(value)

    def read(self, table: FairnessTable) -> None:
        for row in (*table.groups, table.everybody):
            self.read_row(row, dict(zip(table.attributes, row.members, strict=False)))

    def read_row(self, row: GroupFairness, where: Mapping[str, str]) -> None:
        assert row.cells is None
        self.learn(CELLS, where, row.n_people)
        self.learn(CELLS[:4], where, row.n_matured)
        for name, rate in row.rates.items():
            if rate.denominator:
                self.learn(METRICS[name].numerator, where, rate.numerator)
                self.learn(METRICS[name].numerator + METRICS[name].complement, where, rate.denominator)

    def range_of(self, goal: np.ndarray) -> tuple[float, float]:
        if not self.rows:
            return 0.0, np.inf
        limits = LinearConstraint(np.array(self.rows), self.values, self.values)
        ends = []
        for sign in (1, -1):
            found = milp(sign * goal, constraints=limits, integrality=np.ones(len(goal)), bounds=Bounds(0, 10_000))
            assert found.success
            ends.append(round(sign * found.fun))
        return ends[0], ends[1]


def recomputed(cells: np.ndarray, tables: tuple[FairnessTable, ...]) -> list[str]:
    """Name the small counts, of any table, that the published ones give away."""
    reader = Reader(cells.shape)
    for table in tables:
        reader.read(table)
    found, any_matured = [], bool(cells[..., :4].sum())
    for table in tables:
        for row in table.groups:
            for name, kinds in PIECES.items():
                goal = reader.mask(kinds, dict(zip(table.attributes, row.members, strict=True)))
                value = int(goal @ cells.ravel())
                # That nobody's outcome has matured anywhere is the date's doing, and says nothing about a person.
                if value < 5 and (any_matured or set(kinds) - set(CELLS[:4])):
                    low, high = reader.range_of(goal)
                    found += [f"{name} of {row.group}: {value}"] if low == high else []
    return found


def drawn(*shapes: tuple[int, ...]) -> st.SearchStrategy[np.ndarray]:
    """Draw counts of which many are small; every value of every attribute has somebody."""
    count = st.one_of(st.integers(0, 6), st.integers(5, 60))
    of_shape = [
        st.lists(count, min_size=int(np.prod(shape)) * N_CELLS, max_size=int(np.prod(shape)) * N_CELLS).map(
            lambda flat, shape=shape: np.array(flat).reshape(*shape, N_CELLS)
        )
        for shape in shapes
    ]
    return st.one_of(of_shape).filter(
        lambda cells: all((cells.sum(axis=tuple(set(range(cells.ndim)) - {n})) > 0).all() for n in range(cells.ndim - 1))
    )


def published(cells: np.ndarray) -> tuple[FairnessTable, ...]:
    full = measured(cells)
    return publish_together(full.tables, minimum_of={}, known_pairs=full.not_crossed)


@pytest.mark.requirement("R-09")
@given(drawn((2, 2), (2, 3)))
@settings(max_examples=8, deadline=None)
def test_nothing_small_follows_from_two_attributes_and_their_crossing(cells: np.ndarray):
    assert recomputed(cells, published(cells)) == []


@pytest.mark.proof
@pytest.mark.requirement("R-09")
@given(drawn((2, 3), (3, 3), (2, 2, 2)))
@settings(max_examples=40, deadline=None)
def test_nor_from_larger_tables(cells: np.ndarray):
    assert recomputed(cells, published(cells)) == []


@pytest.mark.requirement("R-09")
@given(
    drawn((2, 2), (2, 3)).map(lambda cells: np.where(np.arange(N_CELLS) < 4, 0, cells)).filter(lambda cells: (cells.sum(axis=-1) > 0).all())
)
@settings(max_examples=10, deadline=None)
def test_nor_before_outcomes_mature(cells: np.ndarray):
    assert recomputed(cells, published(cells)) == []


@pytest.mark.requirement("R-09")
@given(drawn((2, 2, 2)))
@settings(max_examples=3, deadline=None)
def test_nor_from_three_attributes_and_all_their_crossings(cells: np.ndarray):
    assert recomputed(cells, published(cells)) == []


def test_the_reader_finds_what_tables_protected_one_by_one_give_away():
    """Without this the tests above could pass with a reader who can't read."""
    cells = np.full((2, 3, N_CELLS), 30)
    cells[..., 4:] = 0
    cells[0, 0, 0] = 2
    full = measured(cells)
    alone = tuple(publish(table) for table in full.tables)
    assert any(name.startswith("true_proposed of v0 × v0") for name in recomputed(cells, alone))
    assert recomputed(cells, published(cells)) == []


def test_large_groups_lose_nothing_and_every_combination_has_its_row():
    cells = np.full((2, 3, N_CELLS), 30)
    tables = published(cells)
    assert [table.attribute for table in tables] == ["a0", "a1", "a0 × a1"]
    assert [row.members for row in tables[2].groups] == list(product(("v0", "v1"), ("v0", "v1", "v2")))
    assert all(rate.point is not None for table in tables for row in table.groups for rate in row.rates.values())


def test_single_tables_of_few_people_lose_nothing_by_being_crossed():
    """A crossed count within a small group can't have a wide range; that it is not known to the very person is enough."""
    cells = np.array([[[6, 9, 7, 60, 0, 0], [1, 2, 1, 12, 0, 0]], [[7, 8, 5, 70, 0, 0], [4, 4, 4, 9, 0, 0]]])
    full = measured(cells)
    together = published(cells)
    assert [table.groups for table in together[:2]] == [publish(table).groups for table in full.single]
    assert any(rate.point is not None for table in together[:2] for row in table.groups for rate in row.rates.values())
    assert recomputed(cells, together) == []


def test_a_combination_of_nobody_says_too_small_like_a_small_one():
    cells = np.full((2, 3, N_CELLS), 30)
    cells[0, 0], cells[1, 1] = 0, 1
    nobody, few = (published(cells)[2].groups[n] for n in (0, 4))
    assert (nobody.members, few.members) == (("v0", "v0"), ("v1", "v1"))
    assert nobody.rates == few.rates
    assert {(rate.point, rate.verdict) for rate in nobody.rates.values()} == {(None, "too small")}
    assert (nobody.n_people, nobody.mean_predicted) == (few.n_people, few.mean_predicted) == (None, None)


def test_an_attribute_that_says_another_is_not_crossed_with_it_and_their_equal_groups_show_the_same():
    """One municipality alone makes up a class of centrality: what one table withholds of it, the other must not tell."""
    cells = np.full((2, 2, 2, N_CELLS), 30)  # sex, municipality, centrality
    cells[..., 4:] = 0
    cells[:, 0, 1], cells[:, 1, 0], cells[0, 1, 1, 0] = 0, 0, 3
    full = measured(cells)
    assert full.not_crossed == {("a1", "a2"): frozenset({("v0", "v0"), ("v1", "v1")})}
    tables = {table.attribute: table for table in published(cells)}
    assert set(tables) == {"a0", "a1", "a2", "a0 × a1", "a0 × a2"}
    for name, other in (("a1", "a2"), ("a0 × a1", "a0 × a2")):
        assert [row.rates for row in tables[name].groups] == [row.rates for row in tables[other].groups]


@pytest.mark.requirement("R-09")
def test_that_nobody_in_a_group_has_matured_is_withheld_where_others_have():
    """Shown as 0, it said so of each of a group's few people."""
    cells = np.zeros((2, 3, N_CELLS), dtype=int)
    cells[0, 2, 5] = cells[1, 0, 5] = cells[1, 1, 5] = cells[1, 2, 3] = 1
    assert recomputed(cells, published(cells)) == []


def test_tables_of_different_people_are_refused():
    tables = [measured(np.full((2, 2, N_CELLS), n)).single[0] for n in (30, 40)]
    with pytest.raises(ValueError, match="same people"):
        publish_together(tables, minimum_of={})
