"""Limits that widen where a few people made many of the decisions: their habits count for more than their decisions do.

Ten decisions of one reviewer tell less of what reviewers decide than one decision of each of ten. How much less is estimated from how far
the clusters lie apart, and the exact limits of `monitoring.statistics.intervals` are taken of as many fewer people (Korn & Graubard, Survey
Methodology 24 (1998) 193-201), never of more. Worst coverage of nominal 95 % with 5 to 12 reviewers of equal and of unequal workload,
25 to 150 reviews and 5 to 75 positives on average, of shares that a report would tell:

=============================================== ======== ===========
limits                                          a share  difference
=============================================== ======== ===========
as if independent                               35.8 %   68.7 %
bootstrap of reviewers, percentiles             77.3 %   not asked
bootstrap of reviewers, BCa                     78.3 %   not asked
as here, variance without correction, not coarse 91.3 %  not asked
as here, not coarse                             95.6 %   96.8 %
here                                            98.4 %   99.6 %
=============================================== ======== ===========

The last two rows differ by what a reader may not be told: how far reviewers lie apart is told in three steps (`OWN_SHARES`), and rounded.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from monitoring.statistics.intervals import Interval, proportion

Vector = NDArray[np.float64]

MIN_CLUSTERS = 5
"""Fewer say nothing of others like them, and limits from fewer would tell of one of them."""

MIN_WORTH = 3.0
"""Clusters of equal size that they must be worth: where one has nearly all, the others say too little of how clusters differ."""

MIN_DECIDED, MIN_SIZE = 30, 3.0
"""Decisions of all clusters, and of the cluster where the mean decision is: of fewer, limits would tell what some decided."""

OWN_SHARES = np.array([0.05, 0.2, 1.0])
"""Share of the variation that lies between clusters, as far as it is told: the least of these that is not under the measured one.

At 1 each cluster counts as one, as if it always did the same. Finer steps would let a reader solve for what one cluster did.
"""

UNMEASURED = 1
"""Place in `OWN_SHARES` of clusters that all did the same, and the first one told where there is little to measure by."""

MIN_OF_EACH = 2.0
"""Yes and no that a cluster must have on average for the first step: of fewer it would tell that nobody said yes twice."""

LADDER = np.array([1.0, *(step * 2.0**power for power in range(40) for step in (1.5, 2.0))])
"""What a widening is rounded up to: in full it tells how evenly decisions lie, and of a later step how evenly an earlier one's yes did."""


class Clustered(NamedTuple):
    """A share with who decided what; leading axes are of several shares at once.

    Parameters
    ----------
    yes, of
        How many of how many in each cluster, shape (..., n_clusters).
    n_yes, n_of
        The same of everybody that the share is of, in a cluster or in none; shape (...).
    """

    yes: Vector
    of: Vector
    n_yes: Vector
    n_of: Vector

    @property
    def in_clusters(self) -> Vector:
        """How many are in any cluster."""
        return np.asarray(self.of.sum(axis=-1))

    @property
    def worth(self) -> Vector:
        """How many clusters of equal size these are worth."""
        return np.asarray(self.in_clusters**2 / (self.of**2).sum(axis=-1))


def clustered(yes: ArrayLike, of: ArrayLike, *, n_yes: ArrayLike | None = None, n_of: ArrayLike | None = None) -> Clustered:
    """Put counts by cluster together; without further numbers everybody is in a cluster."""
    yes, of = np.asarray(yes, dtype=float), np.asarray(of, dtype=float)
    if np.any((yes < 0) | (yes > of)):
        raise ValueError("expected counts with 0 <= yes <= of")
    whole = (yes.sum(axis=-1) if n_yes is None else n_yes, of.sum(axis=-1) if n_of is None else n_of)
    return Clustered(yes, of, *(np.asarray(value, dtype=float) for value in whole))


def widening(*sides: Clustered) -> Vector:
    """Say how many people weigh as one in the limits of a share, or of the difference of two.

    Parameters
    ----------
    sides
        One share, or two with the same clusters in the same order: who judges both groups strictly makes no difference between them.

    Returns
    -------
    A step of `LADDER`; NaN where a side has under `MIN_CLUSTERS` clusters, they are worth under `MIN_WORTH`, or decided too little.

    Notes
    -----
    The variance between clusters, each divided by 1 less its part of all (Bell & McCaffrey, Survey Methodology 28 (2002) 169-181), by that
    of independent people, as the least step of `OWN_SHARES` that gives as much; times the square of Student's t by the normal quantile,
    with the clusters' worth less 1 degrees of freedom. With the numbers of decisions it tells that step and nothing more. Only what
    clusters decided varies between them: somebody in no cluster counts as one person.

    Examples
    --------
    >>> alike, apart = clustered([5, 5, 5, 5, 5, 5], [10] * 6), clustered([1, 9, 2, 8, 5, 5], [10] * 6)
    >>> float(widening(alike)), float(widening(apart))
    (3.0, 24.0)
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        enough = np.all([_says_of_others(side) for side in sides], axis=0)
        parts = [_variance(side.yes.sum(axis=-1), side.in_clusters) * (side.in_clusters / side.n_of) ** 2 for side in sides]
        by_chance, of_everybody = np.sum(parts, axis=0), np.sum([_variance(side.n_yes, side.n_of) for side in sides], axis=0)
        decided = _widening_of_decided(sides, by_chance, enough)
        found = np.where(of_everybody > 0, 1 + by_chance / of_everybody * (decided - 1), decided)
    # A hair below, so that what is a step but for rounding stays on it.
    return np.where(enough, LADDER[np.searchsorted(LADDER, np.where(enough, found, 1.0) * (1 - 1e-9))], np.nan)


def _says_of_others(side: Clustered) -> NDArray[np.bool_]:
    size = side.in_clusters / side.worth
    is_many = (side.in_clusters >= MIN_DECIDED) & (size >= MIN_SIZE)
    return np.asarray(((side.of > 0).sum(axis=-1) >= MIN_CLUSTERS) & (side.worth >= MIN_WORTH) & is_many)


def _widening_of_decided(sides: tuple[Clustered, ...], by_chance: Vector, enough: NDArray[np.bool_]) -> Vector:
    """Give the widening of the part that clusters decided; `by_chance` is its variance if everybody were independent."""
    worth = np.min([side.worth for side in sides], axis=0)
    few = (stats.t.ppf(0.975, np.where(enough, worth - 1, np.nan)) / stats.norm.ppf(0.975)) ** 2
    size = np.max([side.in_clusters / side.worth for side in sides], axis=0)
    told = 1 + (size - 1)[..., None] * OWN_SHARES
    measured = _between(sides) / by_chance
    # Beyond the last step, where clusters lie further apart than if each always did the same, the measured one counts.
    place = np.minimum((told < measured[..., None] * (1 - 1e-9)).sum(axis=-1), len(OWN_SHARES) - 1)
    rarer = np.min([np.minimum(side.yes.sum(axis=-1), (side.of - side.yes).sum(axis=-1)) / side.worth for side in sides], axis=0)
    place = np.where(by_chance > 0, np.maximum(place, np.where(rarer < MIN_OF_EACH, UNMEASURED, 0)), UNMEASURED)
    step = np.take_along_axis(told, place[..., None], axis=-1)[..., 0]
    return np.asarray(few * np.maximum(step, 1.0))


def _between(sides: tuple[Clustered, ...]) -> Vector:
    """Sum the squares of how far each cluster moves the share, or the difference."""
    moves = [(side.yes - side.of * _rate(side)) / np.asarray(side.n_of)[..., None] for side in sides]
    moved = moves[0] - moves[1] if len(moves) == 2 else moves[0]
    part = np.max([side.of / side.in_clusters[..., None] for side in sides], axis=0)
    return np.asarray((moved**2 / (1 - part)).sum(axis=-1))


def _rate(side: Clustered) -> Vector:
    return np.asarray(side.yes.sum(axis=-1) / side.in_clusters)[..., None]


def _variance(yes: Vector, of: Vector) -> Vector:
    return np.where(of > 0, yes * (of - yes) / of**3, 0.0)


def widened_proportion(k: ArrayLike, n: ArrayLike, widen: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Give k / n with the exact limits of as many fewer people as `widen` says; NaN where that is NaN.

    Examples
    --------
    >>> point, low, high = widened_proportion(30, 60, 8)
    >>> f"{point:.2f} ({low:.2f} to {high:.2f})"
    '0.50 (0.15 to 0.85)'
    """
    k, n, widen = (np.asarray(value, dtype=float) for value in (k, n, widen))
    _, low, high = proportion(k / widen, n / widen, confidence=confidence)
    with np.errstate(invalid="ignore", divide="ignore"):
        point = k / n
    unknown = np.isnan(widen)
    return Interval(np.where(unknown, np.nan, point), low, high)


def widened_p_value(p_value: float, widen: float) -> float:
    """Give a two-sided p-value with its normal deviate shrunk by the root of `widen`: never smaller than it was.

    Examples
    --------
    >>> round(widened_p_value(0.001, 1.0), 6), round(widened_p_value(0.001, 4.0), 3)
    (0.001, 0.1)
    """
    return max(p_value, float(2 * stats.norm.sf(stats.norm.isf(p_value / 2) / np.sqrt(widen))))
