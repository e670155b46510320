"""All calibration figures of one score on the same resampled people, at once; each draw equals the figure of `models.metrics`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from models import metrics
from models.intervals import Interval, basic_interval, percentile_interval
from models.newton_draws import fit_draws
from models.reliability import brier_parts, calibration_index_draws, estimated_calibration_index, log_odds

Vector: TypeAlias = NDArray[np.float64]

CALIBRATION_FIGURES = (
    "calibration_difference",
    "observed_expected",
    "calibration_slope",
    "calibration_intercept",
    "calibration_index",
    "brier",
    "brier_reliability",
    "brier_resolution",
)
"""``calibration_difference`` is mean probability minus observed rate, as R-12 judges it; the rest are named in `models.metrics` and
`models.reliability`."""


def calibration_intervals(label: Vector, probability: Vector, blocks: Iterable[Vector]) -> dict[str, Interval]:
    """Measure calibration on the rows, with intervals from draws.

    Parameters
    ----------
    blocks
        Row weights of resampled people, shape (n_draws, n_rows) each, as `models.resampling.person_weights` yields them.

    Notes
    -----
    Figures that noise can only raise have basic intervals, the others percentile ones. Where a model is perfectly calibrated, the lower
    bound of the reliability still lies a little above 0 in many samples, since an isotonic curve finds something to mend anywhere:
    whether a model is calibrated is for the calibration index to say.
    """
    parts = [calibration_draws(label, probability, weights) for weights in blocks]
    estimates = calibration_figures(label, probability)
    return {name: _interval(name, estimates[name], np.concatenate([part[name] for part in parts])) for name in CALIBRATION_FIGURES}


RAISED_BY_NOISE = ("calibration_index", "brier_reliability", "brier_resolution")


def _interval(name: str, estimate: float, draws: Vector) -> Interval:
    return (basic_interval if name in RAISED_BY_NOISE else percentile_interval)(estimate, draws)


def calibration_figures(label: Vector, probability: Vector) -> dict[str, float]:
    """Measure calibration on the rows alone."""
    parts = brier_parts(label, probability)
    return {
        "calibration_difference": float(probability.mean() - label.mean()),
        "observed_expected": metrics.observed_expected(label, probability),
        "calibration_slope": metrics.calibration_slope(label, probability),
        "calibration_intercept": metrics.calibration_intercept(label, probability),
        "calibration_index": estimated_calibration_index(label, probability),
        "brier": metrics.brier(label, probability),
        "brier_reliability": parts.reliability,
        "brier_resolution": parts.resolution,
    }


def calibration_draws(label: Vector, probability: Vector, weights: Vector) -> Mapping[str, Vector]:
    """Give every calibration figure for each row of weights, shape (n_draws,) each; NaN where a draw can't say."""
    z = log_odds(probability)
    total, expected = weights.sum(axis=1), weights @ probability
    with np.errstate(invalid="ignore", divide="ignore"):
        rate, mean = (weights @ label) / total, expected / total
        squared = (weights @ (probability - label) ** 2) / total
        parts = [brier_parts(label, probability, draw) for draw in weights]
        return {
            "calibration_difference": mean - rate,
            "observed_expected": np.where(expected > 0, rate / mean, np.nan),
            "calibration_slope": _slopes(z, label, weights),
            "calibration_intercept": fit_draws(np.ones((len(z), 1)), label, weights, offset=z)[:, 0],
            "calibration_index": calibration_index_draws(label, probability, weights),
            "brier": squared,
            "brier_reliability": np.array([part.reliability for part in parts]),
            "brier_resolution": np.array([part.resolution for part in parts]),
        }


def _slopes(z: Vector, label: Vector, weights: Vector) -> Vector:
    """Slope of each draw; where all rows have the same log-odds it can't be known and is 1, as in `models.newton.fit_line`."""
    spread = float(z.std())
    if spread <= 1e-12 * max(1.0, abs(float(z.mean()))):
        return np.ones(len(weights))
    design = np.column_stack([(z - z.mean()) / spread, np.ones(len(z))])
    return np.asarray(fit_draws(design, label, weights)[:, 0] / spread)
