"""Make columns coarse before anything draws them: every bar of a histogram stands for nobody or for at least five people (R-09)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.small_cells import SMALLEST_CELL

Vector = NDArray[np.float64]

MAX_BINS = 20


def coarsen(reference: Vector, current: Vector, *, minimum: int = SMALLEST_CELL, max_bins: int = MAX_BINS) -> tuple[Vector, Vector]:
    """Replace each known value by the middle of its bin; NaN stays NaN.

    Bins are cut at the reference's quantiles (few values: one bin each) and joined with a neighbour until each holds nobody, or at least
    `minimum` people, in either sample. No value of a single person is left, unless at least `minimum` share it. Fewer unknown values than
    `minimum` are put in the commonest bin.

    Examples
    --------
    >>> coarse, _ = coarsen(np.array([0.0] * 9 + [1.0] * 6 + [7.25]), np.zeros(10))
    >>> sorted(set(coarse.tolist()))
    [0.0, 1.0]
    """
    both = np.concatenate([reference, current])
    known = ~np.isnan(both)
    if not known.any():
        return reference, current
    is_current = np.arange(len(both)) >= len(reference)
    bins = np.searchsorted(_cuts(reference, both[known], max_bins), both[known], side="left")
    bins = _join_small(bins, is_current[known], minimum)
    coarse = np.full(len(both), np.nan)
    coarse[known] = _middles(both[known], bins, minimum)[bins]
    for side in (~is_current, is_current):
        unknown = np.isnan(coarse) & side
        if 0 < unknown.sum() < minimum and (known & side).any():
            values, counts = np.unique(coarse[known & side], return_counts=True)
            coarse[unknown] = values[counts.argmax()]
    return coarse[~is_current], coarse[is_current]


def _cuts(reference: Vector, known: Vector, max_bins: int) -> Vector:
    levels = np.unique(known)
    if len(levels) <= max_bins:
        return levels[:-1]
    measured = reference[~np.isnan(reference)]
    return np.unique(np.quantile(measured if len(measured) else known, np.arange(1, max_bins) / max_bins))


def _join_small(bins: NDArray[np.int64], is_current: NDArray[np.bool_], minimum: int) -> NDArray[np.int64]:
    """Join each bin that holds a few people of either sample with the next ones, what is left over with the ones before."""
    size = int(bins.max()) + 1
    counts = np.stack([np.bincount(bins[~is_current], minlength=size), np.bincount(bins[is_current], minlength=size)])
    starts, held = [0], [np.zeros(2, dtype=np.int64)]
    for position in range(size):
        if held[-1].any() and _is_safe(held[-1], minimum):
            starts.append(position)
            held.append(np.zeros(2, dtype=np.int64))
        held[-1] = held[-1] + counts[:, position]
    while len(held) > 1 and not _is_safe(held[-1], minimum):
        starts.pop()
        left_over = held.pop()
        held[-1] = held[-1] + left_over
    joined: NDArray[np.int64] = np.searchsorted(starts, bins, side="right") - 1
    return joined


def _is_safe(held: NDArray[np.int64], minimum: int) -> bool:
    return bool(((held == 0) | (held >= minimum)).all())


def _middles(values: Vector, bins: NDArray[np.int64], minimum: int) -> Vector:
    """Give each bin one value: the one that at least `minimum` people of it share, else its mean to three digits."""
    return np.array([_middle(values[bins == number], minimum) for number in range(int(bins.max()) + 1)])


def _middle(values: Vector, minimum: int) -> float:
    levels, counts = np.unique(values, return_counts=True)
    if counts.max() >= minimum and counts.max() * 2 >= len(values):
        return float(levels[counts.argmax()])
    return float(f"{values.mean():.3g}")
