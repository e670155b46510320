"""How right the model ought to be before anyone knows: figures with limits from its own probabilities, until outcomes mature.

All of them hold as far as the model is calibrated. They say what chance leaves open, not what drift may have spoilt; the report
therefore sets them beside what came, as soon as something has (`monitoring.performance.periods`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

Vector = NDArray[np.float64]

_BLOCK = 256
"""People who are added one at a time; larger numbers are put together from blocks."""

_EDGE = 1e-9
"""Sums of many small chances are not exact."""


EXPECTED_FIGURES: Mapping[str, str] = {
    "with_outcome": "sum of the probabilities; limits from Poisson's binomial distribution",
    "ppv": "sum of the probabilities of those proposed / proposed; limits from the same distribution",
    "tpr": "sum of the probabilities of those proposed / sum of all; limits of the share of two independent numbers of that distribution",
    "net_benefit": "found less odds of the threshold times approached in vain, per person, with the expected number found",
}
"""What is expected of one screening -> how it is made."""


@dataclass(frozen=True)
class Estimate:
    """A point with the limits that hold it 95 times in 100."""

    point: float
    low: float
    high: float


@dataclass(frozen=True)
class Expected:
    """What the model expects of the people of one screening; None where nobody is to be counted.

    Parameters
    ----------
    with_outcome
        How many of all will have the outcome; the limits are whole people.
    ppv, tpr
        As `monitoring.fairness.groups.METRICS` has them, of the proposed and of those with the outcome.
    net_benefit
        As `models.metrics.net_benefit` has it, of those from the threshold on.
    """

    with_outcome: Estimate | None
    ppv: Estimate | None
    tpr: Estimate | None
    net_benefit: Estimate | None


def expected_figures(probability: Vector, proposed: NDArray[np.bool_], above: NDArray[np.bool_], *, threshold: float | None) -> Expected:
    """Estimate the report's figures before anyone knows.

    Parameters
    ----------
    probability
        Served probabilities, shape (n_people,).
    proposed, above
        Whether the person was proposed, and whether the probability reached the threshold; shape (n_people,).
    threshold
        None where it is not known: then no net benefit.
    """
    if not len(probability):
        return Expected(None, None, None, None)
    return Expected(
        with_outcome=expected_number(probability),
        ppv=expected_ppv(probability[proposed]) if proposed.any() else None,
        tpr=expected_tpr(probability[proposed], probability[~proposed]),
        net_benefit=None if threshold is None else expected_net_benefit(probability[above], n_people=len(probability), threshold=threshold),
    )


def expected_number(probability: Vector, *, confidence: float = 0.95) -> Estimate:
    """Estimate how many of some people will have the outcome.

    Parameters
    ----------
    probability
        Served probabilities, shape (n_people,).

    Notes
    -----
    The sum of the probabilities, with exact quantiles of the number of outcomes among people of these probabilities (Poisson's binomial
    distribution).

    Examples
    --------
    >>> expected_number(np.full(100, 0.5))
    Estimate(point=50.0, low=40.0, high=60.0)
    """
    tail = (1 - confidence) / 2
    cumulative = np.cumsum(outcome_count_distribution(probability))
    low, high = (min(int(np.searchsorted(cumulative, level - 1e-12)), len(probability)) for level in (tail, 1 - tail))
    return Estimate(float(probability.sum()), float(low), float(high))


def expected_ppv(probability: Vector, *, confidence: float = 0.95) -> Estimate:
    """Estimate which share of the people proposed will have the outcome.

    Parameters
    ----------
    probability
        Served probabilities of the people proposed, shape (n_people,), not empty.

    Examples
    --------
    >>> expected_ppv(np.full(100, 0.5))
    Estimate(point=0.5, low=0.4, high=0.6)
    """
    found, n = expected_number(probability, confidence=confidence), len(probability)
    return Estimate(float(probability.mean()), found.low / n, found.high / n)


def expected_net_benefit(above: Vector, *, n_people: int, threshold: float, confidence: float = 0.95) -> Estimate:
    """Estimate the net benefit of approaching everybody from a threshold on; neutral value 0.

    Parameters
    ----------
    above
        Served probabilities of the people from the threshold on.
    n_people
        Everybody screened.

    Notes
    -----
    Of a known number of people approached, the net benefit is a straight line of how many of them have the outcome: so are its limits.

    Examples
    --------
    >>> expected_net_benefit(np.full(100, 0.5), n_people=1000, threshold=0.2)
    Estimate(point=0.0375, low=0.025, high=0.05)
    """
    found, odds = expected_number(above, confidence=confidence), threshold / (1 - threshold)
    return Estimate(*((k - (len(above) - k) * odds) / n_people for k in (found.point, found.low, found.high)))


def expected_tpr(proposed: Vector, left: Vector, *, confidence: float = 0.95) -> Estimate | None:
    """Estimate which share of the people with the outcome was proposed; None where there can be none.

    Parameters
    ----------
    proposed, left
        Served probabilities of those proposed and of all others.

    Notes
    -----
    The expected number found over the expected number of all (calibration-based performance estimation), with exact quantiles of the
    share: both numbers have Poisson's binomial distribution and are independent. That nobody has the outcome counts as a share of 0.

    Examples
    --------
    >>> expected_tpr(np.full(50, 0.5), np.full(250, 0.1))
    Estimate(point=0.5, low=0.3877, high=0.6223)
    """
    expected = float(proposed.sum() + left.sum())
    if expected <= 0:
        return None
    found, missed = outcome_count_distribution(proposed), outcome_count_distribution(left)
    at_least = np.append(np.cumsum(missed[::-1])[::-1], 0.0)
    tail = (1 - confidence) / 2
    low, high = (_quantile_of_share(found, at_least, level) for level in (tail, 1 - tail))
    return Estimate(float(proposed.sum()) / expected, low[0], high[1])


def _quantile_of_share(found: Vector, missed_at_least: Vector, level: float) -> tuple[float, float]:
    """Find between which two shares of four digits the smallest one lies that X / (X + Y) does not exceed with this probability."""
    steps = 10_000
    least, most = 0, steps
    while most - least > 1:
        middle = (least + most) // 2
        if _share_at_most(middle / steps, found, missed_at_least) >= level - 1e-12:
            most = middle
        else:
            least = middle
    return least / steps, most / steps


def _share_at_most(share: float, found: Vector, missed_at_least: Vector) -> float:
    x = np.arange(len(found), dtype=np.float64)
    if share <= 0:
        return float(found[0])
    needed = np.ceil(x * (1 - share) / share - _EDGE)
    place = np.minimum(needed, len(missed_at_least) - 1).astype(np.int64)
    return float((found * missed_at_least[place]).sum())


def outcome_count_distribution(probability: Vector) -> Vector:
    """Give the probability of 0, 1, …, n outcomes among n people.

    Notes
    -----
    People are added one at a time in blocks, and the blocks folded together by Fourier's transform: to 1e-12 the same as one at a time.

    Examples
    --------
    >>> outcome_count_distribution(np.array([0.5, 0.2])).round(3).tolist()
    [0.4, 0.5, 0.1]
    """
    parts = [_one_at_a_time(probability[start : start + _BLOCK]) for start in range(0, max(len(probability), 1), _BLOCK)]
    while len(parts) > 1:
        pairs = [parts[place : place + 2] for place in range(0, len(parts), 2)]
        parts = [np.maximum(fftconvolve(*pair), 0.0) if len(pair) == 2 else pair[0] for pair in pairs]
    distribution: Vector = parts[0] / parts[0].sum()
    return distribution


def _one_at_a_time(probability: Vector) -> Vector:
    distribution = np.zeros(len(probability) + 1)
    distribution[0] = 1.0
    for n_before, p in enumerate(probability):
        came = distribution[: n_before + 1] * p
        distribution[: n_before + 1] -= came
        distribution[1 : n_before + 2] += came
    return distribution
