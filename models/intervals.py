"""Intervals around metrics: a bootstrap over people, since one person's rows are not independent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.metrics import Metric, Vector

_EDGE = 1e-12
"""From 0 or 1: sums of shares are not exact."""


@dataclass(frozen=True)
class Interval:
    """An estimate with the interval that holds it at the given level; NaN where it can't be known."""

    estimate: float
    low: float
    high: float
    level: float = 0.95

    def __str__(self) -> str:
        """Three decimals, for tables."""
        return f"{self.estimate:.3f} [{self.low:.3f}, {self.high:.3f}]"

    def to_json(self) -> dict[str, float | None]:
        """Estimate and bounds for a report; what can't be known is null."""
        return {name: _known(value) for name, value in (("estimate", self.estimate), ("low", self.low), ("high", self.high))}


def with_interval(
    metric: Metric,
    label: Vector,
    score: Vector,
    *,
    groups: NDArray[Any] | None = None,
    seed: int,
    n_resamples: int = 500,
    level: float = 0.95,
) -> Interval:
    """Give a metric its percentile interval from a bootstrap that draws people, not rows.

    Parameters
    ----------
    metric
        ``(label, score, weight) -> float``; bind further arguments with `functools.partial`.
    groups
        One value per row; rows with the same value are one person and are drawn together. None: every row is a person.

    Notes
    -----
    Resamples with one class only give NaN and are left out; when more than one in twenty does, the bounds are NaN: the data can't say.
    """
    draws = [metric(label, score, weight) for weight in _weights(len(label), groups, seed, n_resamples)]
    return percentile_interval(metric(label, score, None), np.array(draws), level=level)


def _weights(n_rows: int, groups: NDArray[Any] | None, seed: int, n_resamples: int) -> Iterator[Vector]:
    random = np.random.default_rng(seed)
    codes = np.arange(n_rows) if groups is None else np.unique(groups, return_inverse=True)[1]
    n_groups = int(codes.max()) + 1 if n_rows else 0
    for _ in range(n_resamples):
        drawn = np.bincount(random.integers(0, n_groups, n_groups), minlength=n_groups)
        yield drawn[codes].astype(np.float64)


def percentile_interval(estimate: float, draws: Vector, *, level: float = 0.95) -> Interval:
    """Give an estimate the percentile interval of its draws; NaN bounds when more than one draw in twenty can't be computed."""
    known = draws[np.isfinite(draws)]
    if len(known) < 0.95 * len(draws) or len(known) == 0:
        return Interval(estimate, float("nan"), float("nan"), level)
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(estimate, float(low), float(high), level)


def basic_interval(estimate: float, draws: Vector, *, lowest: float = 0.0, level: float = 0.95) -> Interval:
    """Give a figure that noise can only raise the interval that takes as much away again; NaN bounds as in `percentile_interval`.

    Notes
    -----
    The basic bootstrap interval ``2 estimate - quantiles`` (Davison and Hinkley 1997, 5.2). A distance that can't be negative is larger in
    resamples than in the sample, and larger in the sample than in truth, so a percentile interval may lie above its own estimate. Where the
    estimate itself is mostly noise the basic one lies below it, and is then widened to hold it.
    """
    found = percentile_interval(estimate, draws, level=level)
    low, high = max(lowest, 2 * estimate - found.high), max(estimate, 2 * estimate - found.low)
    return Interval(estimate, low, high, level) if np.isfinite([found.low, found.high]).all() else found


def with_exact_edge(interval: Interval, *, n_people: float) -> Interval:
    """Give a share of nobody, or of everybody, the exact bound that resampling can't: it draws the same people, all of one kind.

    Parameters
    ----------
    n_people
        People that the share is of.

    Notes
    -----
    Clopper and Pearson 1934: of n people who all had it, the true share is at least (α / 2) to the power of 1 / n.

    Examples
    --------
    >>> print(with_exact_edge(Interval(1.0, 1.0, 1.0), n_people=9), with_exact_edge(Interval(0.0, 0.0, 0.0), n_people=9))
    1.000 [0.664, 1.000] 0.000 [0.000, 0.336]
    """
    if n_people <= 0 or not np.isfinite([interval.low, interval.high]).all():
        return interval
    reach = ((1 - interval.level) / 2) ** (1 / n_people)
    if interval.estimate >= 1 - _EDGE:
        return Interval(interval.estimate, min(interval.low, reach), interval.high, interval.level)
    if interval.estimate <= _EDGE:
        return Interval(interval.estimate, interval.low, max(interval.high, 1 - reach), interval.level)
    return interval


def interval_from(content: Mapping[str, float | None]) -> Interval:
    """Read what `Interval.to_json` wrote.

    >>> interval_from(Interval(0.5, 0.4, float("nan")).to_json())
    Interval(estimate=0.5, low=0.4, high=nan, level=0.95)
    """
    estimate, low, high = (float("nan") if content[part] is None else float(content[part] or 0.0) for part in ("estimate", "low", "high"))
    return Interval(estimate, low, high)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
