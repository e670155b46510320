"""How right the model was, once outcomes are known: figures with limits that hold for ten people with the outcome as for a thousand.

Counts are full here; `monitoring.performance.period_disclosure` says which figures may leave.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from models import metrics
from monitoring.fairness.group_calibration import NO_FIGURE, difference_interval, intercept_interval, slope_interval
from monitoring.fairness.groups import TOO_SMALL, Gap
from monitoring.statistics.intervals import proportion

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]

FIGURES: Mapping[str, str] = {
    "ppv": "proposed with the outcome / proposed, outcome known; Clopper and Pearson's limits",
    "base_rate": "with the outcome / outcome known; Clopper and Pearson's limits",
    "tpr": "proposed with the outcome / with the outcome; Clopper and Pearson's limits",
    "calibration": "mean probability less the rate of outcomes; limits from exact limits of the rate",
    "calibration_slope": "outcome on the model's log-odds; limits from a score test",
    "calibration_intercept": "what has to be added to the log-odds; limits from exact limits of the rate",
    "net_benefit": "found less odds of the threshold times approached in vain, per person; exact given how many were approached",
    "auc": "area under the ROC curve; limits from a score test with Hanley and McNeil's variance (Newcombe 2006)",
}
"""What is told of one screening -> how it is made."""


def matured_figures(label: Vector, proposed: Flags, probability: Vector, above: Flags, *, threshold: float | None) -> dict[str, Gap]:
    """Give figures on people whose outcome is known; `NO_FIGURE` where there are too few for one.

    Parameters
    ----------
    label
        1, 0 or NaN where not matured; shape (n_people,).
    proposed, probability, above
        What was shown then: whether the person was proposed, the served probability, and whether it reached the threshold.
    threshold
        Probability from which someone should be assessed; None where it is not known any more: then no net benefit.
    """
    known = ~np.isnan(label)
    y, p, is_proposed, is_above = label[known], probability[known], proposed[known], above[known]
    n_with = int(y.sum())
    enough = TOO_SMALL <= n_with <= len(y) - TOO_SMALL
    return {
        "ppv": share_interval(int(y[is_proposed].sum()), int(is_proposed.sum())),
        "base_rate": share_interval(n_with, len(y)),
        "tpr": share_interval(int(y[is_proposed].sum()), n_with),
        "calibration": difference_interval(y, p) if len(y) >= TOO_SMALL else NO_FIGURE,
        "calibration_slope": slope_interval(y, p) if enough else NO_FIGURE,
        "calibration_intercept": intercept_interval(y, p) if enough else NO_FIGURE,
        "net_benefit": NO_FIGURE if threshold is None else net_benefit_interval(y, is_above, threshold=threshold),
        "auc": auc_interval(y, p) if enough else NO_FIGURE,
    }


def share_interval(k: int, n: int) -> Gap:
    """Give k / n with exact limits; no figure of fewer than ten people."""
    return Gap(*(float(value) for value in proportion(k, n))) if n >= TOO_SMALL else NO_FIGURE


def net_benefit_interval(y: Vector, above: Flags, *, threshold: float, confidence: float = 0.95) -> Gap:
    """Give the net benefit of approaching everybody from a threshold on; neutral value 0.

    Parameters
    ----------
    y
        Outcomes 0/1, shape (n_people,).
    above
        Whether the person's probability reached the threshold.

    Notes
    -----
    Given how many were approached, which the model decides and not chance, it is a straight line of the share of them with the outcome.
    So its limits come from Clopper and Pearson's limits of that share, and cover at least as often as those do.

    Examples
    --------
    >>> found = net_benefit_interval(np.repeat([1.0, 0.0], [30, 170]), np.repeat([True, False], [50, 150]), threshold=0.2)
    >>> f"{found.point:.3f} ({found.low:.3f} to {found.high:.3f})"
    '0.125 (0.079 to 0.167)'
    """
    n_above = int(above.sum())
    if n_above < TOO_SMALL:
        return NO_FIGURE
    odds = threshold / (1 - threshold)
    shares = proportion(int(y[above].sum()), n_above, confidence=confidence)
    return Gap(*(n_above / len(y) * (float(share) - (1 - float(share)) * odds) for share in shares))


def auc_interval(y: Vector, p: Vector, *, confidence: float = 0.95) -> Gap:
    """Give the area under the ROC curve with the areas that a score test does not reject; neutral value 0.5.

    Notes
    -----
    Newcombe, Statistics in Medicine 25 (2006) 559-573, method 5: Hanley and McNeil's variance at the area that is asked about, with the
    mean of both numbers of people in place of each less one. It has limits also where all are told apart.

    Examples
    --------
    >>> found = auc_interval(np.repeat([1.0, 0.0], 20), np.repeat([0.9, 0.1], 20))
    >>> f"{found.point:.2f} ({found.low:.2f} to {found.high:.2f})"
    '1.00 (0.90 to 1.00)'
    """
    n_with, n_without = int(y.sum()), int(len(y) - y.sum())
    if not n_with or not n_without:
        return NO_FIGURE
    point, level = metrics.auc(y, p), float(norm.ppf((1 + confidence) / 2))

    def distance(area: float) -> float:
        spread = np.sqrt(_auc_variance(area, n_with, n_without))
        return float(abs(area - point) - level * spread)

    edge = 1e-9
    low = float(brentq(distance, edge, point - edge)) if point > 2 * edge and distance(edge) > 0 else 0.0
    high = float(brentq(distance, point + edge, 1 - edge)) if point < 1 - 2 * edge and distance(1 - edge) > 0 else 1.0
    return Gap(point, low, high)


def _auc_variance(area: float, n_with: int, n_without: int) -> float:
    rest = (n_with + n_without) / 2 - 1
    both = 1 + rest * (1 - area) / (2 - area) + rest * area / (1 + area)
    return area * (1 - area) * both / (n_with * n_without)
