"""Does a group stand otherwise to everybody else than in earlier months? An exact test, for ten people as for ten thousand.

How many are proposed changes with capacity from month to month, so that differences in percentage points change although nobody is treated
otherwise. What is asked is whether the odds ratio of the group to the rest is another one than before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve
from scipy.special import gammaln

from monitoring.statistics.clusters import widened_p_value

Vector = NDArray[np.float64]

_TIE = 1 + 1e-7
"""Two months as likely as this of each other are equally likely: the rest is rounding."""

_STEPS = 40
_WIDEST = 40.0
"""Logarithm of the widest odds ratio looked for."""


@dataclass(frozen=True)
class Fourfold:
    """How many of how many in a group, and among everybody else."""

    k: int
    n: int
    rest_k: int
    rest_n: int

    def __post_init__(self) -> None:
        if not (0 <= self.k <= self.n and 0 <= self.rest_k <= self.rest_n):
            raise ValueError("expected counts with 0 <= k <= n")


def changed_odds_p_value(now: Fourfold, earlier: Sequence[Fourfold], *, cohorts: int = 1) -> float:
    """Give the chance of as unlikely a month, had the group always had one odds ratio to everybody else.

    Parameters
    ----------
    cohorts
        How many months' worth of different people the earlier months have; 1 where all may be of the same.

    Returns
    -------
    Two-sided p-value; 1 where nothing can be compared. It claims no more than its level, however few people there are, also where all
    earlier months are of the same people and this one is of others: twelve months of one school year are one school year.

    Notes
    -----
    Zelen, Biometrika 58 (1971), for one month against several: given how many there are in all, in each month and in the group over all
    months, the group's number now has a distribution without any unknown. The shares of the other months may differ as they like. That
    takes people as others every month. Where they are not, the normal deviate is shrunk: by the standard error of now less all earlier
    months, by that of now less so many of them as there are cohorts.

    Examples
    --------
    >>> before = [Fourfold(20, 100, 60, 300), Fourfold(10, 100, 30, 300)]
    >>> round(changed_odds_p_value(Fourfold(30, 100, 90, 300), before), 3), changed_odds_p_value(Fourfold(45, 100, 45, 300), before) < 0.001
    (1.0, True)
    """
    months = [_Month.of(table) for table in (now, *earlier)]
    total = now.k + sum(table.k for table in earlier)
    if not earlier or not months[0].is_open or not any(month.is_open for month in months[1:]):
        return 1.0
    odds = _common_odds(months, total)
    before = np.ones(1)
    for month in months[1:]:
        before = np.maximum(_convolve(before, month.chances(odds)), 0.0)
    own, first = months[0].chances(odds), sum(month.least for month in months[1:])
    place = total - first - (months[0].least + np.arange(len(own)))
    can_be = (place >= 0) & (place < len(before))
    chance = np.where(can_be, own * before[np.clip(place, 0, len(before) - 1)], 0.0)
    seen = chance[now.k - months[0].least]
    alone = min(1.0, float(chance[chance <= seen * _TIE].sum() / chance.sum()))
    return widened_p_value(alone, _repeated(now, earlier, cohorts))


def _repeated(now: Fourfold, earlier: Sequence[Fourfold], cohorts: int) -> float:
    """Give the variance of a month less so many earlier months, by that of a month less all of them; of log odds ratios."""
    told = sum(1 / _variance(table) for table in earlier)
    times = max(len(earlier) / cohorts, 1.0)
    return (_variance(now) + times / told) / (_variance(now) + 1 / told)


def _variance(table: Fourfold) -> float:
    """Give Woolf's variance of the log odds ratio, half a person more in each cell so that none is empty."""
    cells = (table.k, table.n - table.k, table.rest_k, table.rest_n - table.rest_k)
    return sum(1 / (cell + 0.5) for cell in cells)


@dataclass(frozen=True, eq=False)
class _Month:
    """One month's possible numbers in the group, from `least` on, with the logarithm of the ways to each."""

    least: int
    log_ways: Vector

    @classmethod
    def of(cls, table: Fourfold) -> _Month:
        both = table.k + table.rest_k
        least, most = max(0, both - table.rest_n), min(table.n, both)
        k = np.arange(least, most + 1, dtype=np.float64)
        return cls(least, _log_ways(table.n, k) + _log_ways(table.rest_n, both - k))

    @property
    def is_open(self) -> bool:
        """Whether the month could have gone otherwise."""
        return len(self.log_ways) > 1

    def chances(self, log_odds: float) -> Vector:
        """Give the distribution of the group's number at an odds ratio."""
        size = self.log_ways + log_odds * np.arange(len(self.log_ways))
        weight = np.exp(size - size.max())
        return np.asarray(weight / weight.sum())

    def mean(self, log_odds: float) -> float:
        return self.least + float(self.chances(log_odds) @ np.arange(len(self.log_ways)))


def _common_odds(months: Sequence[_Month], total: int) -> float:
    """Find the odds ratio at which the total is expected. The test does not hang on it, but its arithmetic is sound around it."""
    low, high = -_WIDEST, _WIDEST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if sum(month.mean(middle) for month in months) > total else (middle, high)
    return (low + high) / 2


def _convolve(a: Vector, b: Vector) -> Vector:
    return np.asarray(np.convolve(a, b) if len(a) * len(b) < 1_000_000 else fftconvolve(a, b))


def _log_ways(n: int, k: Vector) -> Vector:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
