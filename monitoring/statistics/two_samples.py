"""Do two samples differ? Tests of one feature that hold for the numbers at hand, and what many of them together may say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from monitoring.statistics.exact_test import exact_p_value

Vector = NDArray[np.float64]

MAX_LEVELS = 10
"""A feature with this many different values or fewer is compared level by level."""

MIN_EXPECTED = 5.0
"""Levels expected among fewer current people than this are joined before they are compared."""


def adjust_p_values(p_values: Vector) -> Vector:
    """Give Benjamini and Hochberg's adjusted p-values: reject those at or below the wanted false discovery rate.

    Examples
    --------
    >>> adjust_p_values(np.array([0.01, 0.04, 0.03, 0.5])).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    if not len(p_values):
        return p_values
    order = np.argsort(p_values)
    raw = p_values[order] * len(p_values) / np.arange(1, len(p_values) + 1)
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return adjusted


def simes(p_values: Vector) -> float:
    """Give one p-value for *none of these differs*: the least of Benjamini and Hochberg's adjusted ones; 1 where nothing was asked.

    Notes
    -----
    Simes, Biometrika 73 (1986). It is at or below a level exactly where the step-up at that level names at least one.

    Examples
    --------
    >>> simes(np.array([0.01, 0.04, 0.03, 0.5])), simes(np.array([]))
    (0.04, 1.0)
    """
    return float(adjust_p_values(p_values).min()) if len(p_values) else 1.0


def compare_values(a: Vector, b: Vector) -> tuple[str, float, float]:
    """Choose the test by the number of different values; give its name, the distance and the p-value."""
    levels, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    if len(levels) == 1:
        return "none", 0.0, 1.0
    if len(levels) > MAX_LEVELS:
        return "ks", *kolmogorov_smirnov(a, b)
    counts = np.stack([np.bincount(codes[: len(a)], minlength=len(levels)), np.bincount(codes[len(a) :], minlength=len(levels))])
    distance = float(np.abs(counts[0] / len(a) - counts[1] / len(b)).sum() / 2)
    if len(levels) == 2:
        return "fisher", distance, two_by_two(*counts[0], *counts[1])
    return "levels", distance, compare_levels(counts)


def kolmogorov_smirnov(a: Vector, b: Vector) -> tuple[float, float]:
    """Give the greatest distance of two distribution functions and its two-sided p-value; ties make it conservative.

    Notes
    -----
    The limiting distribution at the effective number n·m/(n + m), which is conservative for small samples too.
    """
    a, b = np.sort(a), np.sort(b)
    both = np.concatenate([a, b])
    gap = np.searchsorted(a, both, side="right") / len(a) - np.searchsorted(b, both, side="right") / len(b)
    distance = float(np.abs(gap).max())
    return distance, float(stats.kstwobign.sf(distance * np.sqrt(len(a) * len(b) / (len(a) + len(b)))))


def compare_levels(counts: NDArray[np.int64]) -> float:
    """Give the p-value of Pearson's chi-squared for levels in the two samples, shape (2, n_levels), rare levels joined.

    Neighbouring levels are joined until each is expected `MIN_EXPECTED` times in the smaller sample, where the limit distribution can be
    trusted.
    """
    joined = _join_rare(counts)
    if joined.shape[1] == 2:
        return two_by_two(*joined[0], *joined[1])
    if joined.shape[1] < 2:
        return 1.0
    return float(stats.chi2_contingency(joined, correction=False).pvalue)


def _join_rare(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    share = counts.sum(axis=1).min() / counts.sum()
    columns: list[NDArray[np.int64]] = []
    waiting = np.zeros(2, dtype=np.int64)
    for column in counts.T:
        waiting = waiting + column
        if waiting.sum() * share >= MIN_EXPECTED:
            columns.append(waiting)
            waiting = np.zeros(2, dtype=np.int64)
    if columns:
        columns[-1] = columns[-1] + waiting
    return np.array(columns or [waiting]).T


def two_by_two(yes_a: int, no_a: int, yes_b: int, no_b: int) -> float:
    """Give Fisher's exact two-sided p-value for two proportions."""
    return exact_p_value(int(yes_a), int(yes_a + no_a), int(yes_b), int(yes_b + no_b))
