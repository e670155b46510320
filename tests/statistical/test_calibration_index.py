"""The calibration index is near its planted truth, and its interval holds it about as often as it says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from models.intervals import basic_interval
from models.reliability import calibration_index_draws, estimated_calibration_index
from models.resampling import person_weights


def planted(n: int, *, slope: float, shift: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, served probability and true probability."""
    random = np.random.default_rng(seed)
    z = random.normal(-1.5, 1.2, n)
    truth = expit(slope * z + shift)
    return (random.random(n) < truth).astype(np.float64), expit(z), truth


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.6, 0.0), (1.0, 0.5), (1.6, -0.4)])
def test_the_index_finds_the_planted_distance(slope: float, shift: float) -> None:
    label, probability, truth = planted(60_000, slope=slope, shift=shift, seed=4)
    expected = 100 * float(np.mean((probability - truth) ** 2))
    assert abs(estimated_calibration_index(label, probability) - expected) < 0.03 + 0.05 * expected


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.6, 0.0), (1.0, 0.5)])
def test_its_interval_covers_at_least_four_in_five(slope: float, shift: float) -> None:
    _, probability, truth = planted(200_000, slope=slope, shift=shift, seed=1)
    expected = 100 * float(np.mean((probability - truth) ** 2))
    covered = 0
    for seed in range(30):
        label, served, _ = planted(700, slope=slope, shift=shift, seed=seed)
        blocks = person_weights(np.arange(700, dtype=np.int32), seed=seed, n_resamples=64)
        draws = np.concatenate([calibration_index_draws(label, served, weights) for weights in blocks])
        index = basic_interval(estimated_calibration_index(label, served), draws)
        covered += index.low <= expected <= index.high
    # 24 of 30 would be an 80 % interval: 95 % ones reach that with a probability above 0.999.
    assert covered >= 24


def test_a_basic_interval_holds_its_estimate_and_never_reaches_below_nothing() -> None:
    found = basic_interval(0.006, np.linspace(0.008, 0.014, 100))
    assert (found.low, found.high) == (0.0, 0.006)
    wide = basic_interval(0.5, np.linspace(0.4, 0.8, 101))
    assert wide.low < 0.25
    assert wide.high > 0.55
    assert np.isnan(basic_interval(0.5, np.full(10, np.nan)).high)
