"""Calibrators keep the order, and contributions follow them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from features.errors import DataError, ModelError
from models.calibration import IdentityCalibrator, PlattCalibrator, load_calibrator
from models.explanation import Contributions, rescale
from models.newton import fit_line


class Curved:
    """A calibrator that is no line: g(z) = z + tanh(z)."""

    name = "curved"

    def log_odds(self, z: np.ndarray) -> np.ndarray:
        return z + np.tanh(z)

    def slope(self, z: np.ndarray) -> np.ndarray:
        return 2 - np.tanh(z) ** 2

    def to_json(self) -> dict[str, str]:
        return {"calibrator": self.name}


@pytest.mark.parametrize("calibrator", [IdentityCalibrator(), PlattCalibrator(0.7, -0.2)])
def test_calibrators_survive_the_round_trip(calibrator: PlattCalibrator | IdentityCalibrator) -> None:
    assert load_calibrator(calibrator.to_json()) == calibrator


def test_an_unknown_calibrator_is_refused() -> None:
    with pytest.raises(ModelError, match="TID510"):
        load_calibrator({"calibrator": "isotonic"})


def test_a_ranking_that_turns_around_is_refused() -> None:
    random = np.random.default_rng(1)
    z = random.normal(size=2_000)
    label = (random.random(2_000) < expit(-z)).astype(float)
    with pytest.raises(ModelError, match=r"TID506.*does not carry forward"):
        PlattCalibrator.fit(z, label)


@pytest.mark.parametrize("a", [0.0, -1.0, float("nan"), float("inf")])
def test_a_slope_that_is_not_above_zero_is_refused(a: float) -> None:
    with pytest.raises(ModelError, match="TID506"):
        PlattCalibrator(a, 0.0)


def test_a_period_with_one_outcome_only_is_refused() -> None:
    with pytest.raises(DataError, match="TID403"):
        PlattCalibrator.fit(np.zeros(10), np.zeros(10))


def test_a_constant_score_moves_to_the_observed_rate() -> None:
    slope, intercept = fit_line(np.full(100, 2.0), np.repeat([0.0, 1.0], [75, 25]))
    assert (slope, expit(2.0 + intercept)) == (1.0, pytest.approx(0.25))


def test_perfectly_separated_scores_still_end() -> None:
    fitted = PlattCalibrator.fit(np.linspace(-1, 1, 100), (np.linspace(-1, 1, 100) > 0).astype(float))
    assert 1.0 < fitted.slope_a < 1_000


def test_the_same_predictions_give_the_same_line_bit_for_bit() -> None:
    random = np.random.default_rng(2)
    z, label = random.normal(size=500), (random.random(500) < 0.4).astype(float)
    assert PlattCalibrator.fit(z, label) == PlattCalibrator.fit(z.copy(), label.copy())


@pytest.mark.requirement("R-19")
def test_contributions_follow_a_curved_calibrator_and_its_slope_at_the_base() -> None:
    random = np.random.default_rng(3)
    phi = random.normal(size=(200, 5))
    phi[0], phi[1] = 0.0, [1.0, -1.0, 0.5, -0.5, 0.0]
    z0 = 0.3
    z = z0 + phi.sum(axis=1)
    served = rescale(phi, z, z0, Curved())
    base = Curved().log_odds(np.array([z0]))[0]
    assert np.abs(base + served.sum(axis=1) - Curved().log_odds(z)).max() < 1e-9
    assert served[1] == pytest.approx(phi[1] * Curved().slope(np.array([z0]))[0], rel=1e-6)
    assert (np.sign(served) == np.sign(phi)).all()


def test_an_explanation_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(ModelError, match="TID509"):
        Contributions(("a.last",), np.array([[1.0]]), 0.0, np.array([1.0 + 1e-8]))
    with pytest.raises(ModelError, match="TID509"):
        Contributions(("a.last",), np.array([[np.nan]]), 0.0, np.array([1.0]))
    with pytest.raises(ModelError, match="TID509"):
        Contributions(("a.last", "b.last"), np.array([[1.0]]), 0.0, np.array([1.0]))
