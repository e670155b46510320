"""Every rung, on random small data with gaps: reasons add up to the served log-odds, and rows do not depend on their company."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from models.calibration import PlattCalibrator
from models.explanation import explain
from models.rungs.ladder import LADDER, RungClass
from models.rungs.rung import FitSettings, Rung

NAMES = ("a.last@ever", "b.sum@365d", "c.count@90d", "area.last@ever")
SETTINGS = FitSettings(
    seed=3,
    directions={"b.sum@365d": 1},
    boosted={"num_boost_round": 8, "num_leaves": 4, "min_data_in_leaf": 5, "min_data_in_bin": 1, "min_sum_hessian_in_leaf": 0.0},
    rules={"b": "b.sum@365d >= 1", "b_much": "b.sum@365d > 5", "a": "a.last@ever <= 0"},
    area_feature="area.last@ever",
)

cells = st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6, width=32), st.sampled_from([0.0, 1.0, 301.0]))
matrices = st.integers(6, 40).flatmap(lambda n: hnp.arrays(np.float32, (n, len(NAMES)), elements=cells, fill=st.nothing()))


def fitted(rung_class: RungClass, matrix: np.ndarray, seed: int) -> Rung:
    label = np.random.default_rng(seed).integers(0, 2, len(matrix)).astype(np.float64)
    label[:2] = (0.0, 1.0)
    return rung_class.fit(matrix, label, feature_names=NAMES, settings=SETTINGS)


@pytest.mark.requirement("R-19")
@pytest.mark.parametrize("rung_class", LADDER, ids=lambda rung: rung.name)
@settings(max_examples=25, deadline=None)
@given(matrix=matrices, seed=st.integers(0, 99), a=st.floats(0.05, 20), b=st.floats(-5, 5))
def test_contributions_add_up_to_the_served_log_odds(rung_class: RungClass, matrix: np.ndarray, seed: int, a: float, b: float) -> None:
    rung = fitted(rung_class, matrix, seed)
    own_gap = rung.base_log_odds + rung.contributions(matrix).sum(axis=1) - rung.log_odds(matrix)
    assert np.abs(own_gap).max() < 1e-9
    calibrator = PlattCalibrator(a, b)
    explained = explain(rung, calibrator, matrix)
    assert np.abs(explained.base + explained.phi.sum(axis=1) - calibrator.log_odds(rung.log_odds(matrix))).max() < 1e-9


@pytest.mark.requirement("R-14")
@pytest.mark.parametrize("rung_class", LADDER, ids=lambda rung: rung.name)
@settings(max_examples=10, deadline=None)
@given(matrix=matrices, seed=st.integers(0, 99))
def test_a_row_scores_the_same_alone_and_in_company(rung_class: RungClass, matrix: np.ndarray, seed: int) -> None:
    rung = fitted(rung_class, matrix, seed)
    together, phi = rung.log_odds(matrix), rung.contributions(matrix)
    for row in (0, len(matrix) // 2, len(matrix) - 1):
        alone = matrix[row : row + 1]
        assert rung.log_odds(alone)[0] == together[row]
        assert np.array_equal(rung.contributions(alone)[0], phi[row])
