"""How true the probabilities are in each group: spread, level, and just where it is decided who is proposed.

A model can be true on average and wrong at the cut-off, and true there for all but wrong for one group. Only people whose outcome is
known count. Intervals are made for ten outcomes as for a thousand; `calibration_disclosure` beside it says which may leave.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import norm

from models.newton import fit_line
from models.window import window_around
from monitoring.fairness.groups import Gap, Grouping
from monitoring.statistics.intervals import proportion

Vector = NDArray[np.float64]

NO_FIGURE = Gap(None, None, None)

_FARTHEST = 30.0
"""A slope this many standard deviations of the log-odds from nothing tells all ones from all zeros: there is no slope to give."""

_CLIP = 1e-9


@dataclass(frozen=True)
class GroupCalibration:
    """Calibration of one group.

    Parameters
    ----------
    group
        The group's value; None for everybody.
    n_with, n_without
        People with and without the outcome.
    n_near_with, n_near_without
        The same among those in the window around the cut-off.
    slope
        Of the outcome on the model's log-odds; neutral value 1, below it the probabilities are too extreme.
    intercept
        What has to be added to the log-odds; neutral value 0, above it the model says too little.
    near
        Mean probability minus observed rate in the window; neutral value 0.
    """

    group: str | None
    n_with: int
    n_without: int
    n_near_with: int
    n_near_without: int
    slope: Gap
    intercept: Gap
    near: Gap


@dataclass(frozen=True)
class CalibrationTable:
    """Every group of one attribute, everybody, and the lowest and highest probability of the window."""

    attribute: str
    window: tuple[float, float]
    groups: tuple[GroupCalibration, ...]
    everybody: GroupCalibration


def measure_calibration(label: ArrayLike, proposed: ArrayLike, probability: ArrayLike, grouping: Grouping) -> CalibrationTable:
    """Measure slope, intercept and calibration around the cut-off of every group.

    Parameters
    ----------
    label
        1 where the outcome came true, 0 where it did not, NaN where it has not matured; shape (n_people,).
    proposed
        Whether the person was proposed, shape (n_people,): their share places the cut-off in the ranking.
    probability
        Served probability, shape (n_people,), not empty.
    grouping
        Of the same people.

    Notes
    -----
    The window is the same probabilities for every group: the fifth of all people ranked nearest to the cut-off.
    """
    label, probability = np.asarray(label, dtype=np.float64), np.asarray(probability, dtype=np.float64)
    window = window_around(probability, share=float(np.asarray(proposed, dtype=np.float64).mean()))
    known = ~np.isnan(label)
    y, p, codes = label[known], probability[known], grouping.codes[known]
    groups = tuple(_measure(name, y[codes == n], p[codes == n], window) for n, name in enumerate(grouping.names))
    return CalibrationTable(" × ".join(grouping.attributes), window, groups, _measure(None, y, p, window))


def _measure(group: str | None, y: Vector, p: Vector, window: tuple[float, float]) -> GroupCalibration:
    near = (p >= window[0]) & (p <= window[1])
    n_with, n_near_with = int(y.sum()), int(y[near].sum())
    return GroupCalibration(
        group=group,
        n_with=n_with,
        n_without=len(y) - n_with,
        n_near_with=n_near_with,
        n_near_without=int(near.sum()) - n_near_with,
        slope=slope_interval(y, p),
        intercept=intercept_interval(y, p),
        near=difference_interval(y[near], p[near]),
    )


def difference_interval(y: Vector, p: Vector, *, confidence: float = 0.95) -> Gap:
    """Give mean probability minus observed rate, with exact limits of the rate: unequal chances vary less than equal ones do.

    >>> difference_interval(np.array([1.0, 0.0]), np.array([0.7, 0.5])).point.__round__(3)
    0.1
    """
    if not len(y):
        return NO_FIGURE
    observed, mean = proportion(int(y.sum()), len(y), confidence=confidence), float(p.mean())
    return Gap(mean - float(observed.point), mean - float(observed.high), mean - float(observed.low))


def intercept_interval(y: Vector, p: Vector, *, confidence: float = 0.95) -> Gap:
    """Give what has to be added to the log-odds for as many outcomes as there were, and for the exact limits of their rate.

    Notes
    -----
    The maximum likelihood estimate with the slope held at 1 makes the mean probability equal the observed rate. So the limits are where
    it equals Clopper and Pearson's limits of that rate. They cover at least as often as they say, since the number of outcomes of
    people with unequal chances is less spread than that of people with equal ones (Hoeffding 1956).

    Examples
    --------
    >>> gap = intercept_interval(np.repeat([1.0, 0.0], [30, 70]), np.full(100, 0.2))
    >>> f"{gap.point:.2f} ({gap.low:.2f} to {gap.high:.2f})"
    '0.54 (0.08 to 0.98)'
    """
    if not 0 < y.sum() < len(y):
        return NO_FIGURE
    z = _log_odds(p)
    observed = proportion(int(y.sum()), len(y), confidence=confidence)
    return Gap(*(_level_for(z, float(rate)) for rate in observed))


def slope_interval(y: Vector, p: Vector, *, confidence: float = 0.95) -> Gap:
    """Give the slope of the outcome on the log-odds, with the slopes that a score test does not reject as its limits.

    An end that no slope is rejected at is infinite. There is no figure where the log-odds are all one, or tell all ones from all zeros.

    Notes
    -----
    Rao's efficient score with the intercept fitted anew for every slope. With ten outcomes it covers 94 to 96 %; the likelihood ratio,
    which is more common, 92 to 95 %.
    """
    if not 0 < y.sum() < len(y):
        return NO_FIGURE
    z = _log_odds(p)
    spread = float(z.std())
    if spread < 1e-9:
        return NO_FIGURE
    u = (z - z.mean()) / spread
    best = fit_line(u, y)[0]
    if abs(best) > _FARTHEST:
        return NO_FIGURE
    level = float(norm.ppf((1 + confidence) / 2))
    low, high = (_where_rejected(u, y, best, sign, level) for sign in (-1.0, +1.0))
    return Gap(best / spread, low / spread, high / spread)


def _log_odds(p: Vector) -> Vector:
    odds: Vector = logit(np.clip(p, _CLIP, 1 - _CLIP))
    return odds


def _level_for(z: Vector, rate: float) -> float:
    """Solve for what, added to the log-odds, makes their mean probability this rate."""
    reach = float(np.abs(z).max()) + abs(float(logit(rate))) + 1.0
    return float(brentq(lambda level: float(expit(z + level).mean()) - rate, -reach, reach, xtol=1e-10))


def _where_rejected(u: Vector, y: Vector, best: float, sign: float, level: float) -> float:
    """Step away from the best slope until the score test rejects, and find where it began to."""
    near, step = best, sign * 0.25
    while abs(far := best + step) <= 2 * _FARTHEST:
        if abs(_score(far, u, y)) > level:
            return float(brentq(lambda slope: abs(_score(slope, u, y)) - level, near, far, xtol=1e-8))
        near, step = far, step * 2
    return sign * float("inf")


def _score(slope: float, u: Vector, y: Vector) -> float:
    """Standardised efficient score of a slope; positive where the slope is too low."""
    p = expit(slope * u + _level_for(slope * u, float(y.mean())))
    w = p * (1 - p)
    information = float((w * u**2).sum() - (w * u).sum() ** 2 / w.sum())
    return float((u * (y - p)).sum() / np.sqrt(max(information, 1e-12)))
