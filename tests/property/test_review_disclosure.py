"""An attacker with an integer solver reads everything that is published of reviews and tries to recompute what was withheld."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from monitoring.fairness.content import fairness_content
from monitoring.fairness.groups import CELLS, METRICS
from monitoring.fairness.intersections import measure_attributes
from monitoring.oversight.by_group import ReviewTables, measure_reviews
from monitoring.oversight.disclosure import publish_reviews
from monitoring.oversight.paths import LEFT, MARKS, NOBODY, PATHS, Reviewed
from monitoring.oversight.steps import ALL_STEPS, DECIDED, GUARDED, N_CELLS, PROPOSAL_CELLS, STEPS

SMALL = 5


@dataclass
class Attacker:
    """Every number that a reader sees, as a sum over cells of one attribute's values."""

    values: list[str]
    attribute: str
    rows: list[np.ndarray] = field(default_factory=list)
    sums: list[int] = field(default_factory=list)
    tables: list[np.ndarray] = field(default_factory=list)

    def mask(self, cells, values) -> np.ndarray:
        found = np.zeros((len(self.values), N_CELLS))
        for value in values:
            found[self.values.index(value), sorted(cells)] = 1
        if self.attribute in MARKS:
            decided = np.isin(np.arange(N_CELLS), sorted(DECIDED))
            found *= np.array([~decided if value == NOBODY else decided for value in self.values])
        return found.ravel()

    def learn(self, cells, values, number: int | None) -> None:
        if number is not None:
            self.rows.append(self.mask(cells, values))
            self.sums.append(number)

    def read_proposals(self, row, values) -> None:
        sums = {
            name: frozenset().union(*(PROPOSAL_CELLS[kind] for kind in kinds)) for name, kinds in (("people", CELLS), ("known", CELLS[:4]))
        }
        self.learn(sums["people"], values, row["n_people"])
        self.learn(sums["known"], values, row["n_matured"])
        for name, rate in row["rates"].items():
            if rate["numerator"] is not None:
                yes, no = (
                    frozenset().union(*(PROPOSAL_CELLS[kind] for kind in kinds))
                    for kinds in (METRICS[name].numerator, METRICS[name].complement)
                )
                self.learn(yes, values, rate["numerator"])
                self.learn(no, values, rate["denominator"] - rate["numerator"])

    def read_reviews(self, row, steps, values) -> None:
        assert row.cells is None
        self.learn(DECIDED, values, row.n_decided)
        for step in steps:
            share = row.shares[step.name]
            self.learn(step.both, values, share.denominator)
            self.learn(step.yes, values, share.numerator)

    def can_tell(self, goal: np.ndarray) -> bool:
        """Answer whether only one sum is possible; two tables met before that differ in it save the solving."""
        met = {round(float(goal @ table)) for table in self.tables}
        if len(met) < 2:
            low, high = self.range_of(goal)
            return low == high
        return False

    def range_of(self, goal: np.ndarray) -> tuple[int, int]:
        limits = LinearConstraint(np.array(self.rows), self.sums, self.sums) if self.rows else ()
        ends = []
        for sign in (1, -1):
            found = milp(sign * goal, constraints=limits, integrality=np.ones(len(goal)), bounds=Bounds(0, 10_000))
            assert found.success
            self.tables.append(found.x)
            ends.append(round(sign * found.fun))
        return ends[0], ends[1]


def reviewed_of(paths: np.ndarray, marks: np.ndarray) -> Reviewed:
    """Put people on paths, and mark those who were decided on."""
    decided = paths > PATHS.index("expired")
    sight = np.where(decided, np.where(marks == 0, "seen", "held back"), NOBODY).astype(object)
    return Reviewed(paths, {"sight": sight}, np.where(decided, np.arange(len(paths)) % 7, -1), pd.DataFrame())


def check_nothing_small_follows(paths: np.ndarray, marks: np.ndarray, sex: np.ndarray, label: np.ndarray) -> ReviewTables:
    groups = {"sex": sex.tolist()}
    full = measure_reviews(reviewed_of(paths, marks), label, groups)
    told = fairness_content(measure_attributes(label, paths != LEFT, np.full(len(paths), 0.3), groups), (), {})["fairness"]
    published = publish_reviews(full, proposals=told, minimum_of={})
    steps = [ALL_STEPS[name] for name in full.everybody.shares]
    for before, after in zip((*full.by_group, *full.by_mark), (*published.by_group, *published.by_mark), strict=True):
        values = [row.group for row in before.rows]
        attacker = Attacker(values, before.attribute)
        attacker.read_reviews(published.everybody, steps, values)
        attacker.read_proposals(told[0]["everybody"], values)
        for row in after.rows:
            if before.attribute == "sex":
                attacker.read_proposals(next(one for one in told[0]["groups"] if one["group"] == row.group), [row.group])
            if row.group != NOBODY:
                attacker.read_reviews(row, after.steps, [row.group])
        for row in before.rows:
            if row.group == NOBODY:
                continue
            shown = [cells for step in before.steps for cells in (step.yes, step.no, step.both)]
            for cells in shown:
                check_unknown(attacker, row, cells, at_least=1 if cells in (STEPS["data_error"].yes, STEPS["reviewed"].no) else 0)
            for cells in GUARDED:
                check_unknown(attacker, row, cells, at_least=1)
    return published


def check_unknown(attacker: Attacker, row, cells, *, at_least: int) -> None:
    value = int(row.cells[sorted(cells)].sum())
    if at_least <= value < SMALL:
        assert not attacker.can_tell(attacker.mask(cells, [row.group])), f"{value} of {row.group} can be recomputed"


def spread(counts: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Lay out people by path and sex."""
    paths = np.repeat(np.tile(np.arange(len(PATHS)), 2), counts)
    return paths, np.repeat(np.repeat(["boy", "girl"], len(PATHS)), counts)


counts = st.lists(st.one_of(st.just(0), st.integers(0, 9), st.integers(5, 40)), min_size=2 * len(PATHS), max_size=2 * len(PATHS))


@pytest.mark.requirement("R-09")
@given(counts=counts, seed=st.integers(0, 2**16), matured=st.booleans())
@settings(max_examples=8, deadline=None)
def test_nothing_that_was_withheld_of_reviews_can_be_recomputed(counts: list[int], seed: int, matured: bool):
    paths, sex = spread([*counts[: len(PATHS)], *counts[len(PATHS) :]])
    if not len(paths):
        return
    random = np.random.default_rng(seed)
    label = (random.uniform(size=len(paths)) < 0.3).astype(float) if matured else np.full(len(paths), np.nan)
    check_nothing_small_follows(paths, random.integers(0, 2, len(paths)), sex, label)


@pytest.mark.requirement("R-09")
@given(counts=st.lists(st.integers(0, 12), min_size=2 * len(PATHS), max_size=2 * len(PATHS)), seed=st.integers(0, 2**16))
@settings(max_examples=8, deadline=None)
def test_nor_in_a_small_service(counts: list[int], seed: int):
    paths, sex = spread(counts)
    if not len(paths):
        return
    random = np.random.default_rng(seed)
    check_nothing_small_follows(paths, random.integers(0, 2, len(paths)), sex, np.full(len(paths), np.nan))


def test_a_large_service_loses_nothing():
    paths, sex = spread([40] * 2 * len(PATHS))
    marks = np.tile([0, 1], len(paths) // 2)
    published = check_nothing_small_follows(paths, marks, sex, np.full(len(paths), np.nan))
    for row in (published.everybody, *(row for table in published.by_group for row in table.rows)):
        assert all(share.point is not None for share in row.shares.values())
