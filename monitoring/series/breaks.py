"""Breaks of a monthly series: from which month on a published figure grows at another rate.

A register's counts go up and down with the school year, and one month's growth tells of the next one's. A break is therefore judged on
growth from month to month, the usual growth of each calendar month taken out, and against simulated series without a break that swing
and remember as much as this one does. Usual defaults take both for breaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

SHORTEST = 12
"""Months on either side of a break: less than a year can't be told from a season."""

N_SIMULATED = 999
_MOST_MEMORY = 0.9
_ROUNDS = 10


@dataclass(frozen=True)
class Break:
    """A month from which on a series grows otherwise.

    Attributes
    ----------
    month
        First month of the new growth.
    before, after
        Growth a year before and after, as shares: 0.02 is two per cent a year.
    p_value
        Chance of as clear a break somewhere in a series that has none.
    """

    month: date
    before: float
    after: float
    p_value: float


def find_breaks(
    months: Sequence[date], values: Vector, *, seed: int, level: float = 0.05, n_simulated: int = N_SIMULATED
) -> tuple[Break, ...]:
    """Find from which months on a series grows at another rate.

    Parameters
    ----------
    months
        First days of consecutive months, shape (n_months,).
    values
        Counts, above 0, shape (n_months,).
    level
        Chance of finding any break in a series that has none.

    Raises
    ------
    ValueError
        When a month is missing or stands twice, or a value is not above 0.

    Notes
    -----
    Breaks are found one at a time, the clearest first, and then before and after it (Bai 1997). Each is tested by the largest F over all
    months of the stretch (Andrews 1993); its distribution is simulated from first-order autoregressive growth fitted without a break, which
    keeps the level where tables for long series do not. The usual growth of each calendar month is taken out anew after each round.

    Examples
    --------
    >>> months = [date(2010 + n // 12, n % 12 + 1, 1) for n in range(120)]
    >>> growth = np.where(np.arange(119) < 60, 0.0, 0.02) + np.random.default_rng(1).normal(0, 0.005, 119)
    >>> found = find_breaks(months, 1_000 * np.exp(np.r_[0, growth.cumsum()]), seed=1)
    >>> [one.month.isoformat() for one in found]
    ['2015-02-01']
    """
    _check(months, values)
    if len(months) <= 2 * SHORTEST:
        return ()
    growth, calendar = np.diff(np.log(values)), np.array([month.month for month in months[1:]])
    random = np.random.default_rng(seed)
    cuts: list[int] = []
    found: list[tuple[int, float]] = []
    for _ in range(_ROUNDS):
        rest = growth - _usual(growth - _by_stretch(growth, cuts), calendar)
        found = _search(rest, calendar, 0, len(rest), level=level, n_simulated=n_simulated, random=random)
        if [place for place, _ in found] == cuts:
            break
        cuts = [place for place, _ in found]
    ends = [0, *cuts, len(growth)]
    yearly = [float(np.expm1(12 * rest[start:end].mean())) for start, end in pairwise(ends)]
    return tuple(Break(months[place + 1], yearly[n], yearly[n + 1], p_value) for n, (place, p_value) in enumerate(found))


def _check(months: Sequence[date], values: Vector) -> None:
    numbers = np.array([12 * month.year + month.month for month in months])
    if len(months) != len(values) or (np.diff(numbers) != 1).any():
        raise ValueError("expected one value for each of a row of consecutive months")
    if not (np.isfinite(values) & (values > 0)).all():
        raise ValueError("expected values above 0: growth from or to nothing has no rate")


def _by_stretch(growth: Vector, cuts: Sequence[int]) -> Vector:
    """Mean growth of the stretch that each month lies in."""
    return np.concatenate([np.full(len(part), part.mean()) for part in np.split(growth, cuts)])


def _usual(growth: Vector, calendar: NDArray[np.int64]) -> Vector:
    """Usual growth of each row's calendar month beside the others', shape as `growth`; medians, so that one odd year does not count."""
    usual = np.zeros_like(growth)
    for month in np.unique(calendar):
        usual[..., calendar == month] = np.median(growth[..., calendar == month], axis=-1, keepdims=True)
    return np.asarray(usual - usual.mean(axis=-1, keepdims=True))


def _search(
    rest: Vector, calendar: NDArray[np.int64], start: int, end: int, *, level: float, n_simulated: int, random: np.random.Generator
) -> list[tuple[int, float]]:
    """Find the breaks of one stretch, in order of time, with their p-values."""
    stretch = rest[start:end]
    if len(stretch) < 2 * SHORTEST:
        return []
    sizes = _f_by_place(stretch)
    place = int(np.argmax(sizes))
    simulated = _largest_without_break(stretch, calendar[start:end], n_simulated=n_simulated, random=random)
    p_value = float((np.sum(simulated >= sizes[place]) + 1) / (len(simulated) + 1))
    if p_value > level:
        return []
    cut = start + SHORTEST + place
    before = _search(rest, calendar, start, cut, level=level, n_simulated=n_simulated, random=random)
    after = _search(rest, calendar, cut, end, level=level, n_simulated=n_simulated, random=random)
    return [*before, (cut, p_value), *after]


def _f_by_place(growth: Vector) -> Vector:
    """F of a break at each place that leaves `SHORTEST` months on either side, shape (..., n - 2 * SHORTEST + 1)."""
    n = growth.shape[-1]
    centred = growth - growth.mean(axis=-1, keepdims=True)
    n_before = np.arange(SHORTEST, n - SHORTEST + 1)
    sums = centred.cumsum(axis=-1)[..., n_before - 1]
    explained = sums**2 * n / (n_before * (n - n_before))
    left = (centred**2).sum(axis=-1, keepdims=True) - explained
    return np.asarray((n - 2) * explained / np.maximum(left, np.finfo(float).tiny))


def _largest_without_break(growth: Vector, calendar: NDArray[np.int64], *, n_simulated: int, random: np.random.Generator) -> Vector:
    """Largest F of simulated stretches like this one, but without a break; the usual growth of each month is taken out of them too."""
    memory = _memory(growth)
    noise = random.normal(size=(n_simulated, len(growth)))
    series = np.empty_like(noise)
    series[:, 0] = noise[:, 0] / np.sqrt(1 - memory**2)
    for place in range(1, len(growth)):
        series[:, place] = memory * series[:, place - 1] + noise[:, place]
    return np.asarray(_f_by_place(series - _usual(series, calendar)).max(axis=-1))


def _memory(growth: Vector) -> float:
    """Share of a month's growth that the next month repeats, corrected for how short the series is (Kendall 1954)."""
    centred = growth - growth.mean()
    plain = float(centred[1:] @ centred[:-1] / (centred @ centred))
    return float(np.clip(plain + (1 + 3 * plain) / len(growth), -_MOST_MEMORY, _MOST_MEMORY))
