"""Has what the model reads changed? Tests that ask how many people there are, and how many questions were put.

Each feature is asked two things: do the known values differ, and is it unknown more or less often. Both are exact or conservative for the
numbers at hand, the two are joined by Bonferroni, and Benjamini and Hochberg's step-up over all features names the ones that differ.
With no drift anywhere, naming one by mistake has probability at most 5 % for the whole data set (Simes), whether 60 people came or
60,000. Among very many people everything differs a little, so a difference must also be large enough to matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Matrix = NDArray[np.float32] | NDArray[np.float64]
Vector = NDArray[np.float64]

MAX_LEVELS = 10
"""A feature with this many different values or fewer is compared level by level."""

MIN_EXPECTED = 5.0
"""Levels expected among fewer current people than this are joined before they are compared."""

MATERIAL = 0.1
"""Least distance of two distributions that matters: a tenth of the people would have to move."""


@dataclass(frozen=True)
class FeatureDrift:
    """How one feature differs.

    Parameters
    ----------
    name, sector
        The feature, and the sector that its indicator belongs to.
    test
        ``ks`` (many values), ``levels`` (few), ``fisher`` (two), ``none`` (nothing to compare).
    distance
        Kolmogorov-Smirnov distance or total variation between the known values, in [0, 1]; NaN without known values on both sides.
    missing_reference, missing_current
        Share of people for whom it is unknown.
    n_telling
        Current people whose value is not the commonest one; what a share or distance would speak about.
    p_value
        Of distribution and missingness together.
    q_value
        The same after Benjamini and Hochberg over all features of the run.
    has_drifted
        Named by the step-up and large enough to matter.
    """

    name: str
    sector: str
    test: str
    distance: float
    missing_reference: float
    missing_current: float
    n_telling: int
    p_value: float
    q_value: float
    has_drifted: bool


@dataclass(frozen=True)
class Drift:
    """All features of one run. `has_drifted` is the verdict on the data set: at least one feature is named."""

    features: tuple[FeatureDrift, ...]
    n_reference: int
    n_current: int
    level: float

    @property
    def drifted(self) -> tuple[FeatureDrift, ...]:
        """The features named, most surely drifted first."""
        return tuple(sorted((f for f in self.features if f.has_drifted), key=lambda f: (f.p_value, -_size(f), f.name)))

    @property
    def has_drifted(self) -> bool:
        """Whether the data set is said to have drifted."""
        return bool(self.drifted)

    @property
    def drifted_sectors(self) -> tuple[str, ...]:
        """Sectors of the features named."""
        return tuple(sorted({f.sector for f in self.drifted}))


def measure_drift(
    reference: Matrix,
    current: Matrix,
    names: Sequence[str],
    *,
    sectors: Mapping[str, str],
    level: float = 0.05,
    material: float = MATERIAL,
) -> Drift:
    """Compare two float matrices column by column; NaN is unknown.

    Parameters
    ----------
    reference, current
        Shapes (n_reference, n_features) and (n_current, n_features), the same columns in the same order.
    sectors
        Feature -> sector.
    level
        Greatest probability of naming any feature when nothing has drifted.

    Notes
    -----
    Benjamini & Hochberg, JRSS B 57 (1995); Simes, Biometrika 73 (1986). Both hold for features that are positively dependent, as those of
    one population are.
    """
    if reference.shape[1] != len(names) or current.shape[1] != len(names):
        raise ValueError("expected one name per column of both matrices")
    compared = [_compare(reference[:, j].astype(float), current[:, j].astype(float)) for j in range(len(names))]
    q_values = adjust_p_values(np.array([one.p_value for one in compared]))
    features = tuple(
        FeatureDrift(
            name=name,
            sector=sectors[name],
            test=one.test,
            distance=one.distance,
            missing_reference=one.missing_reference,
            missing_current=one.missing_current,
            n_telling=one.n_telling,
            p_value=one.p_value,
            q_value=float(q),
            has_drifted=bool(q <= level and _size(one) >= material),
        )
        for name, one, q in zip(names, compared, q_values, strict=True)
    )
    return Drift(features, len(reference), len(current), level)


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


@dataclass(frozen=True)
class _Comparison:
    test: str
    distance: float
    missing_reference: float
    missing_current: float
    n_telling: int
    p_value: float


def _size(one: FeatureDrift | _Comparison) -> float:
    return float(np.nanmax([one.distance, abs(one.missing_current - one.missing_reference), 0.0]))


def _compare(reference: Vector, current: Vector) -> _Comparison:
    a, b = reference[~np.isnan(reference)], current[~np.isnan(current)]
    missing_a, missing_b = len(reference) - len(a), len(current) - len(b)
    test, distance, p_values = "none", float("nan"), []
    if len(a) and len(b):
        test, distance, p_value = compare_values(a, b)
        p_values += [] if test == "none" else [p_value]
    if 0 < missing_a + missing_b < len(reference) + len(current):
        p_values.append(two_by_two(missing_a, len(a), missing_b, len(b)))
    return _Comparison(
        test=test,
        distance=distance,
        missing_reference=missing_a / len(reference) if len(reference) else float("nan"),
        missing_current=missing_b / len(current) if len(current) else float("nan"),
        n_telling=_n_telling(b),
        p_value=min(1.0, len(p_values) * min(p_values)) if p_values else 1.0,
    )


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
    return float(stats.fisher_exact([[int(yes_a), int(no_a)], [int(yes_b), int(no_b)]]).pvalue)


def _n_telling(values: Vector) -> int:
    return len(values) - int(np.unique(values, return_counts=True)[1].max()) if len(values) else 0
