"""Where probabilities go wrong: the Brier score in its parts, and the distance from a smooth calibration curve.

Two curves of what came against what was said, each for what it does well. The isotonic one makes the Brier score fall apart exactly,
without a choice of bins. It follows every wiggle of the sample, though, so a distance from it would call noise miscalibration; the
calibration index therefore measures from a smooth one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.isotonic import isotonic_regression

from models.newton_draws import fit_draws

Vector = NDArray[np.float64]

_EDGE = 1e-15
KNOTS = (0.05, 0.35, 0.65, 0.95)
"""Quantiles of the log-odds that a smooth curve bends at: Harrell's places for four knots."""


@dataclass(frozen=True)
class BrierParts:
    """``brier = reliability - resolution + uncertainty``, exactly.

    Attributes
    ----------
    reliability
        What recalibrating could save; 0 is perfect.
    resolution
        How far the recalibrated rates lie apart; more is better.
    uncertainty
        p(1 − p) at prevalence p: what nobody can save.
    """

    reliability: float
    resolution: float
    uncertainty: float


def brier_parts(label: Vector, probability: Vector, weight: Vector | None = None) -> BrierParts:
    """Take the Brier score apart into reliability, resolution and uncertainty.

    Notes
    -----
    The CORP decomposition of Dimitriadis, Gneiting and Jordan (2021, PNAS 118(8)): the Brier scores of the probabilities, of their isotonic
    recalibration and of the prevalence. No bins to choose, never negative parts, and the sum is exact.

    Examples
    --------
    >>> parts = brier_parts(np.array([0.0, 1, 0, 1]), np.array([0.25, 0.25, 0.75, 0.75]))
    >>> (parts.reliability, parts.resolution, parts.uncertainty)
    (0.0625, 0.0, 0.25)
    """
    w = np.ones(len(label)) if weight is None else weight
    if w.sum() <= 0:
        return BrierParts(float("nan"), float("nan"), float("nan"))
    rate = float(np.average(label, weights=w))
    served = float(np.average((probability - label) ** 2, weights=w))
    recalibrated = float(np.average((isotonic_curve(label, probability, w) - label) ** 2, weights=w))
    uncertainty = rate * (1 - rate)
    return BrierParts(max(0.0, served - recalibrated), max(0.0, uncertainty - recalibrated), uncertainty)


def isotonic_curve(label: Vector, probability: Vector, weight: Vector) -> Vector:
    """Give each row the rate of the isotonic calibration curve at its probability, shape (n_rows,); equal ones get equal rates."""
    levels, place = np.unique(probability, return_inverse=True)
    total = np.bincount(place, weights=weight, minlength=len(levels))
    ones = np.bincount(place, weights=weight * label, minlength=len(levels))
    rates = np.zeros(len(levels))
    seen = total > 0
    rates[seen] = isotonic_regression(ones[seen] / total[seen], sample_weight=total[seen])
    return np.asarray(rates[place])


def estimated_calibration_index(label: Vector, probability: Vector, weight: Vector | None = None) -> float:
    """Mean squared distance of probabilities from the smooth calibration curve, times 100. Neutral value 0; 100 is as wrong as can be.

    Notes
    -----
    The estimated calibration index of Van Hoorde et al. (2015, J. Biomed. Inform. 54). Their curve is a loess; this one is a logistic
    regression on a restricted cubic spline of the log-odds (four knots), the other curve of their field, which takes weights.
    """
    w = np.ones((1, len(label))) if weight is None else weight[None, :]
    return float(calibration_index_draws(label, probability, w)[0])


def calibration_index_draws(label: Vector, probability: Vector, weights: Vector) -> Vector:
    """Give the calibration index for each row of weights, shape (n_draws,); NaN where a draw holds one outcome only."""
    curves = expit(curve_draws(label, probability, weights))
    total = weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(100 * (weights * (curves - probability) ** 2).sum(axis=1) / total)


def curve_draws(label: Vector, probability: Vector, weights: Vector, *, at: Vector | None = None) -> Vector:
    """Log-odds of the smooth calibration curve for each row of weights, shape (n_draws, n_rows or len(at)).

    Parameters
    ----------
    at
        Probabilities to read the curve at; the rows' own where None. Knots are those of the rows in any case.
    """
    z = log_odds(probability)
    basis = _Spline.of(z)
    design = basis.columns(z)
    beta = fit_draws(design, label, weights)
    return np.asarray(beta @ (design if at is None else basis.columns(log_odds(at))).T)


def log_odds(probability: Vector) -> Vector:
    """Log-odds, finite for any probability."""
    p = np.clip(probability, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Spline:
    """Restricted cubic spline: cubic between knots, straight beyond them; a line where there are too few distinct values to bend."""

    centre: float
    spread: float
    knots: Vector

    @classmethod
    def of(cls, z: Vector) -> _Spline:
        spread = float(z.std())
        if spread <= 1e-12 * max(1.0, abs(float(z.mean()))):
            return cls(float(z.mean()), 0.0, np.empty(0))
        centre = float(z.mean())
        knots = np.unique(np.quantile((z - centre) / spread, KNOTS))
        apart = len(knots) >= 3 and float(np.diff(knots).min()) > 1e-6
        return cls(centre, spread, knots if apart else np.empty(0))

    def columns(self, z: Vector) -> Vector:
        if self.spread == 0.0:
            return np.ones((len(z), 1))
        x = (z - self.centre) / self.spread
        return np.column_stack([np.ones(len(x)), x, *self._bends(x)])

    def _bends(self, x: Vector) -> list[Vector]:
        if len(self.knots) == 0:
            return []
        *inner, before, last = self.knots

        def cube(knot: float) -> Vector:
            return np.asarray(np.maximum(x - knot, 0.0) ** 3)

        scale = (last - self.knots[0]) ** 2
        return [
            (cube(knot) - cube(before) * (last - knot) / (last - before) + cube(last) * (before - knot) / (last - before)) / scale
            for knot in inner
        ]
