"""How right the model is: an estimate without outcomes until they mature, and the real figures when they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models import metrics
from monitoring.fairness import MIN_OF_EACH

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A point with the limits that hold it 95 times in 100."""

    point: float
    low: float
    high: float


def expected_ppv(probability: Vector, *, confidence: float = 0.95) -> Estimate:
    """Estimate which share of the people proposed will have the outcome, before anyone knows.

    Parameters
    ----------
    probability
        Served probabilities of the people proposed, shape (n_people,), not empty.

    Notes
    -----
    The mean probability, with exact quantiles of the number of outcomes among people of these probabilities (Poisson's binomial
    distribution). It holds as far as the model is calibrated: it says what chance leaves open, not what drift may have spoilt.

    Examples
    --------
    >>> expected_ppv(np.full(100, 0.5))
    Estimate(point=0.5, low=0.4, high=0.6)
    """
    tail = (1 - confidence) / 2
    cumulative = np.cumsum(outcome_count_distribution(probability))
    n_people = len(probability)
    low, high = (int(np.searchsorted(cumulative, level - 1e-12)) for level in (tail, 1 - tail))
    return Estimate(float(probability.mean()), low / n_people, high / n_people)


def outcome_count_distribution(probability: Vector) -> Vector:
    """Give the probability of 0, 1, …, n outcomes among n people, adding one person at a time.

    Examples
    --------
    >>> outcome_count_distribution(np.array([0.5, 0.2])).round(3).tolist()
    [0.4, 0.5, 0.1]
    """
    distribution = np.zeros(len(probability) + 1)
    distribution[0] = 1.0
    for n_before, p in enumerate(probability):
        came = distribution[: n_before + 1] * p
        distribution[: n_before + 1] -= came
        distribution[1 : n_before + 2] += came
    return distribution


def matured_figures(label: Vector, probability: Vector, *, threshold: float) -> Mapping[str, float] | None:
    """Give figures on people whose outcome is known, names as in `models.metrics`; None with too few of either kind to say anything.

    Parameters
    ----------
    label
        1, 0 or NaN where not matured.
    threshold
        Probability from which someone should be assessed; net benefit is read there.
    """
    known = ~np.isnan(label)
    y, p = label[known], probability[known]
    if min(int((y == 1).sum()), int((y == 0).sum())) < MIN_OF_EACH:
        return None
    return {
        "auc": metrics.auc(y, p),
        "average_precision": metrics.average_precision(y, p),
        "brier": metrics.brier(y, p),
        "calibration_slope": metrics.calibration_slope(y, p),
        "calibration_intercept": metrics.calibration_intercept(y, p),
        "net_benefit": metrics.net_benefit(y, p, threshold=threshold),
    }
