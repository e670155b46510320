"""Limits of figures on performance hold for forty people as for six hundred: what comes of a calibrated model, and the truth."""

import numpy as np
import pytest

from models import metrics
from monitoring.performance.expected import Estimate, expected_figures, outcome_count_distribution
from monitoring.performance.matured import auc_interval, matured_figures

THRESHOLD = 0.4
TIMES = 300
LEAST = 0.93
"""Of nominal 95 %; three standard errors of so many draws below it."""


def screened(n: int, seed: int):
    random = np.random.default_rng(seed)
    probability = random.beta(1.5, 5, n)
    proposed = probability >= np.sort(probability)[-max(n // 8, 6)]
    return random, probability, proposed, probability >= THRESHOLD


def holds(found: Estimate, value: float) -> bool:
    return found.low - 1e-9 <= value <= found.high + 1e-9


@pytest.mark.parametrize("n", [40, 150, 600])
def test_label_free_limits_hold_what_comes_of_a_calibrated_model(n: int):
    random, probability, proposed, above = screened(n, seed=n)
    expected = expected_figures(probability, proposed, above, threshold=THRESHOLD)
    held = np.zeros(4)
    for _ in range(TIMES):
        label = (random.uniform(size=n) < probability).astype(float)
        came = (
            label.sum(),
            metrics_of(label, proposed),
            label[proposed].sum() / max(label.sum(), 1),
            metrics.net_benefit(label, probability, threshold=THRESHOLD),
        )
        held += [
            holds(one, value)
            for one, value in zip((expected.with_outcome, expected.ppv, expected.tpr, expected.net_benefit), came, strict=True)
        ]
    assert (held / TIMES >= LEAST).all(), held / TIMES


def metrics_of(label: np.ndarray, proposed: np.ndarray) -> float:
    return float(label[proposed].mean())


def test_and_do_not_hold_what_comes_of_one_that_says_far_too_little():
    """The label-free figures can't see that; the comparison with what came does."""
    random, probability, proposed, above = screened(600, seed=3)
    expected = expected_figures(probability, proposed, above, threshold=THRESHOLD)
    label = (random.uniform(size=600) < np.minimum(1.6 * probability, 1)).astype(float)
    assert not holds(expected.with_outcome, label.sum())
    assert not holds(expected.ppv, label[proposed].mean())


@pytest.mark.parametrize("n", [40, 150, 600])
def test_limits_of_what_came_hold_the_truth(n: int):
    random, probability, proposed, above = screened(n, seed=n + 1)
    expected = expected_figures(probability, proposed, above, threshold=THRESHOLD)
    everybody = np.r_[probability, probability]
    truth = {
        "ppv": expected.ppv.point,
        "base_rate": expected.with_outcome.point / n,
        "calibration": 0.0,
        "calibration_slope": 1.0,
        "calibration_intercept": 0.0,
        "net_benefit": expected.net_benefit.point,
        "auc": metrics.auc(np.repeat([1.0, 0.0], n), everybody, np.r_[probability, 1 - probability]),
    }
    asked, held = dict.fromkeys(truth, 0), dict.fromkeys(truth, 0)
    for _ in range(TIMES):
        label = (random.uniform(size=n) < probability).astype(float)
        found = matured_figures(label, proposed, probability, above, threshold=THRESHOLD)
        for name, value in truth.items():
            if found[name].point is not None:
                asked[name] += 1
                held[name] += bool(found[name].low <= value <= found[name].high)
    told = {name: held[name] / asked[name] for name in truth if asked[name] >= 100}
    assert {"base_rate", "calibration"} <= set(told)
    assert all(share >= LEAST for share in told.values()), told


def test_an_area_of_one_has_a_lower_limit():
    found = auc_interval(np.repeat([1.0, 0.0], 12), np.linspace(1, 0, 24))
    assert found.point == found.high == 1.0
    assert 0.7 < found.low < 0.9


def test_fewer_than_ten_with_the_outcome_have_no_calibration_and_no_area():
    label = np.repeat([1.0, 0.0], [9, 200])
    found = matured_figures(label, np.arange(209) < 30, np.linspace(0.9, 0.05, 209), np.arange(209) < 20, threshold=THRESHOLD)
    assert found["auc"].point is found["calibration_slope"].point is found["tpr"].point is None
    assert found["ppv"].point == pytest.approx(9 / 30)


@pytest.mark.parametrize("n", [0, 1, 255, 256, 257, 1500])
def test_blocks_give_the_distribution_that_one_at_a_time_gives(n: int):
    probability = np.random.default_rng(n).beta(1, 3, n)
    plain = np.ones(1)
    for p in probability:
        plain = np.append(plain * (1 - p), 0.0) + np.append(0.0, plain * p)
    assert np.abs(outcome_count_distribution(probability) - plain).max() < 1e-12
