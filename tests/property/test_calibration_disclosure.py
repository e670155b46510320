"""A reader lays the figures around the cut-off beside the group's rates and tries to recompute how few people are behind them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from monitoring.fairness.calibration_disclosure import PublishedCalibrations, publish_calibration
from monitoring.fairness.disclosure import publish
from monitoring.fairness.group_calibration import CalibrationTable, GroupCalibration
from monitoring.fairness.groups import METRICS, FairnessTable, Gap, measure_fairness

KINDS = ("true_proposed", "false_proposed", "missed", "rightly_left")
WITH, WITHOUT = ("true_proposed", "missed"), ("false_proposed", "rightly_left")
NEAR, FAR = (0,), (1,)
FIGURE = Gap(0.01, -0.05, 0.06)


def fairness_of(cells: np.ndarray) -> FairnessTable:
    """Measure as many people of each group and kind; near or far does not matter."""
    group, _, kind = (axis.ravel() for axis in np.indices(cells.shape))
    times = cells.ravel()
    label, proposed = np.array([1.0, 0.0, 1.0, 0.0])[kind], np.array([True, True, False, False])[kind]
    names = np.repeat([f"g{n}" for n in group], times).tolist()
    label = np.repeat(label, times)
    return measure_fairness(label, np.repeat(proposed, times), np.full(len(label), 0.25), names, attribute="sex")


def calibration_of(cells: np.ndarray) -> CalibrationTable:
    def row(name: str | None, of: np.ndarray) -> GroupCalibration:
        ones, zeros = of[:, [0, 2]].sum(axis=1), of[:, [1, 3]].sum(axis=1)
        return GroupCalibration(name, int(ones.sum()), int(zeros.sum()), int(ones[0]), int(zeros[0]), FIGURE, FIGURE, FIGURE)

    return CalibrationTable("sex", (0.2, 0.4), tuple(row(f"g{n}", of) for n, of in enumerate(cells)), row(None, cells.sum(axis=0)))


class Reader:
    """Knows the published table, and for each group with a figure at the cut-off how many there are with and without the outcome."""

    def __init__(self, cells: np.ndarray, rates: FairnessTable, around: PublishedCalibrations) -> None:
        self.cells = cells
        self.known: list[tuple[np.ndarray, int]] = []
        for number, row in enumerate((*rates.groups, rates.everybody)):
            groups = [number] if number < len(cells) else list(range(len(cells)))
            for name, rate in row.rates.items():
                if rate.point is not None:
                    metric = METRICS[name]
                    self.learn(groups, NEAR + FAR, metric.numerator)
                    self.learn(groups, NEAR + FAR, metric.numerator + metric.complement)
        for number, calibration in enumerate((*around.groups, around.everybody)):
            if calibration.near.point is not None:
                groups = [number] if number < len(cells) else list(range(len(cells)))
                self.learn(groups, NEAR, WITH)
                self.learn(groups, NEAR, WITHOUT)

    def mask(self, groups: list[int], where: tuple[int, ...], kinds: tuple[str, ...]) -> np.ndarray:
        found = np.zeros(self.cells.shape)
        found[np.ix_(groups, where, [KINDS.index(kind) for kind in kinds if kind in KINDS])] = 1
        return found.ravel()

    def learn(self, groups: list[int], where: tuple[int, ...], kinds: tuple[str, ...]) -> None:
        mask = self.mask(groups, where, kinds)
        self.known.append((mask, int(mask @ self.cells.ravel())))

    def is_found(self, goal: np.ndarray) -> bool:
        if not self.known:
            return False
        rows, values = np.array([mask for mask, _ in self.known]), [value for _, value in self.known]
        ends = []
        for sign in (1, -1):
            found = milp(
                sign * goal,
                constraints=LinearConstraint(rows, values, values),
                integrality=np.ones(len(goal)),
                bounds=Bounds(0, 10_000),
            )
            assert found.success
            ends.append(round(sign * found.fun))
        return ends[0] == ends[1]


counts = st.one_of(st.integers(0, 6), st.integers(5, 60), st.integers(30, 90))
tables = st.integers(2, 3).flatmap(
    lambda n: st.lists(counts, min_size=8 * n, max_size=8 * n).map(lambda flat: np.array(flat).reshape(n, 2, 4))
)


@pytest.mark.requirement("R-09")
@given(tables.filter(lambda cells: (cells.sum(axis=(1, 2)) > 0).all()))
@settings(max_examples=100, deadline=None)
def test_no_small_count_inside_or_outside_the_window_can_be_recomputed(cells: np.ndarray):
    rates = publish(fairness_of(cells))
    reader = Reader(cells, rates, publish_calibration(calibration_of(cells), rates))
    for number in range(len(cells)):
        for where in (NEAR, FAR):
            for kinds in (WITH, WITHOUT):
                goal = reader.mask([number], where, kinds)
                assert goal @ cells.ravel() >= 5 or not reader.is_found(goal)
