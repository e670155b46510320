"""An attacker with an integer solver reads a published fairness table and tries to recompute what was withheld."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from features.suppression import Count, withheld_counts
from monitoring.fairness.disclosure import PIECES, publish
from monitoring.fairness.groups import CELLS, METRICS, FairnessTable, GroupFairness, measure_fairness

N_CELLS = len(CELLS)


def people_of(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]]:
    label = np.tile([1.0, 0.0, 1.0, 0.0, np.nan, np.nan], len(cells))
    proposed = np.tile([True, True, False, False, True, False], len(cells))
    groups = np.repeat([f"g{n}" for n in range(len(cells))], N_CELLS)
    times = cells.ravel()
    return np.repeat(label, times), np.repeat(proposed, times), list(np.repeat(groups, times))


def measured(cells: np.ndarray) -> FairnessTable:
    label, proposed, groups = people_of(cells)
    return measure_fairness(label, proposed, np.full(len(label), 0.25), groups, attribute="sex")


@dataclass
class Attacker:
    """Collects every number a reader sees as a sum over cells, and asks what a withheld sum can still be."""

    n_groups: int
    rows: list[np.ndarray]
    values: list[float]

    @classmethod
    def reading(cls, table: FairnessTable) -> "Attacker":
        names = [row.group for row in table.groups]
        attacker = cls(len(names), [], [])
        for number, row in enumerate(table.groups):
            attacker.read(row, [number])
        attacker.read(table.everybody, list(range(len(names))))
        return attacker

    def mask(self, kinds: tuple[str, ...], groups: list[int]) -> np.ndarray:
        found = np.zeros((self.n_groups, N_CELLS))
        found[np.ix_(groups, [CELLS.index(kind) for kind in kinds])] = 1
        return found.ravel()

    def learn(self, kinds: tuple[str, ...], groups: list[int], value: int | None) -> None:
        if value is not None:
            self.rows.append(self.mask(kinds, groups))
            self.values.append(value)

    def read(self, row: GroupFairness, groups: list[int]) -> None:
        assert row.cells is None
        self.learn(CELLS, groups, row.n_people)
        self.learn(CELLS[:4], groups, row.n_matured)
        for name, rate in row.rates.items():
            if rate.denominator:
                metric = METRICS[name]
                self.learn(metric.numerator, groups, rate.numerator)
                self.learn(metric.numerator + metric.complement, groups, rate.denominator)

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


def check_nothing_small_follows(cells: np.ndarray) -> None:
    attacker = Attacker.reading(publish(measured(cells)))
    for group, row in enumerate(cells):
        for kinds in PIECES.values():
            value = sum(int(row[CELLS.index(kind)]) for kind in kinds)
            # That nobody's outcome has matured anywhere is the date's doing, and says nothing about a person.
            if value >= 5 or (cells[:, :4].sum() == 0 and not set(kinds) - set(CELLS[:4])):
                continue
            low, high = attacker.range_of(attacker.mask(kinds, [group]))
            assert low < high, f"{kinds} of group {group} is {value} and can be recomputed"


counts = st.one_of(st.integers(0, 9), st.integers(5, 60))
tables = st.lists(st.lists(counts, min_size=N_CELLS, max_size=N_CELLS), min_size=1, max_size=4).map(np.array)


@pytest.mark.requirement("R-09")
@given(tables.filter(lambda cells: (cells.sum(axis=1) > 0).all()))
@settings(max_examples=60, deadline=None)
def test_no_withheld_count_can_be_recomputed(cells: np.ndarray):
    check_nothing_small_follows(cells)


@pytest.mark.requirement("R-09")
@given(tables.map(lambda cells: np.where(np.arange(N_CELLS) < 4, 0, cells)).filter(lambda cells: (cells.sum(axis=1) > 0).all()))
@settings(max_examples=30, deadline=None)
def test_nor_before_outcomes_mature(cells: np.ndarray):
    check_nothing_small_follows(cells)


def test_margins_that_lock_two_hidden_tables_are_withheld_too():
    # Each group hides one small cell; rows, columns and both totals would give it back exactly.
    check_nothing_small_follows(np.array([[0, 5, 5, 10, 0, 0], [5, 5, 5, 0, 0, 0]]))


def test_large_groups_lose_nothing():
    table = measured(np.array([[40, 60, 30, 500, 0, 0], [80, 60, 50, 900, 0, 0]]))
    published = publish(table)
    assert [dict(row.rates) for row in published.groups] == [dict(row.rates) for row in table.groups]


def test_a_tiny_group_costs_one_other_group_and_not_all():
    """Each small count of it is protected by the same other group, so that the rest keep every rate."""
    published = publish(measured(np.array([[0, 1, 0, 4, 0, 0], [16, 18, 38, 133, 0, 0], [16, 11, 21, 142, 0, 0]])))
    shown = [{name for name, rate in row.rates.items() if rate.point is not None} for row in published.groups]
    assert shown == [set(), set(METRICS), set()]
    check_nothing_small_follows(np.array([[0, 1, 0, 4, 0, 0], [16, 18, 38, 133, 0, 0], [16, 11, 21, 142, 0, 0]]))


@given(st.lists(st.integers(0, 40), min_size=2, max_size=8), st.integers(2, 10))
@settings(max_examples=60, deadline=None)
def test_withholding_more_is_never_less_safe_than_the_minimum(values: list[int], minimum: int):
    table = [Count((str(n),), (n,), value) for n, value in enumerate(values)]
    hidden = withheld_counts([*table, Count(("all",), tuple(range(len(values))), sum(values), is_fixed=True)], minimum=minimum)
    small = [value for value in values if value < minimum]
    together = sum(count.value for count in table if count.name in hidden)
    assert not small or len(hidden) == len(values) or together >= minimum
