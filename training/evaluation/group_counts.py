"""Counts of people by group that may be told: none is small, and none that is small follows from what else is told (R-09).

A report tells how many people were tested, and how many of them had the outcome. So the groups of an attribute, and those whose group is
not known, add up to something known, and one withheld count would be what the others leave. Being asked tells something too: a group
that a gate judges has fifty people with the outcome and fifty without. Both are reckoned with here, once for every gate and section.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.records import Mask
from features.small_cells import SMALLEST_CELL

Vector = NDArray[np.float64]
Counts = NDArray[np.int64]

MIN_GROUP = 50
"""People with the outcome, and people without it, that a group needs before it can be judged (R-12)."""
WITHHELD = "withheld"
"""Stands in evidence for a count that may not be told; it never says whether it is that count or another that is small."""


@dataclass(frozen=True)
class GroupSize:
    """What may be told of a group's size: None where a count is withheld; `is_large` where it may be judged, and be seen to be."""

    n_with: int | None
    n_without: int | None
    is_large: bool

    @property
    def is_told(self) -> bool:
        """Whether both counts are told, so that figures reckoned from them may be."""
        return self.n_with is not None and self.n_without is not None

    @property
    def least(self) -> tuple[int, int]:
        """Fewest people with and without the outcome that a reader knows it to have."""
        floor = MIN_GROUP if self.is_large else 0
        return (floor if self.n_with is None else self.n_with, floor if self.n_without is None else self.n_without)

    @property
    def n_least(self) -> int:
        """Fewest people that a reader knows it to have."""
        return sum(self.least)


def group_sizes(
    label: Vector, groups: Mapping[str, NDArray[np.str_]], *, fewest: Mapping[str, int] | None = None
) -> dict[str, dict[str, GroupSize]]:
    """Say of every known group of every attribute what may be told of its size.

    Parameters
    ----------
    label
        Outcome 0/1, shape (n_rows,); how many rows have which is taken to be known.
    groups
        Attribute -> value per row, empty text where unknown, shape (n_rows,).
    fewest
        As `models.smallest_groups.fewest_by_attribute` gives it; five for an attribute that is not named.

    Examples
    --------
    Two with the outcome would be the 52 less the 50, and the 50 are withheld too; those without it are many:

    >>> label = np.repeat([1.0, 0.0], [52, 200])
    >>> value = np.array(["rare"] * 2 + ["common"] * 50 + ["rare"] * 40 + ["common"] * 160)
    >>> found = group_sizes(label, {"kind": value})["kind"]
    >>> [(size.n_with, size.n_without) for size in found.values()]
    [(None, 160), (None, 40)]
    """
    return {name: _of_attribute(label, values, (fewest or {}).get(name, SMALLEST_CELL)) for name, values in groups.items()}


def withheld(counts: Counts, floors: Counts, *, fewest: int, never_told: Mask, is_rest: Mask) -> tuple[Mask, bool]:
    """Say which of several counts with a known total to withhold, and whether that is enough.

    Parameters
    ----------
    counts
        Disjoint counts of people, shape (n_cells,).
    floors
        What a reader knows each count to be at least, if it is withheld, shape (n_cells,).
    never_told
        Counts that are told nowhere, shape (n_cells,).
    is_rest
        Cells of people whose group is unknown: that there are none says nothing about anyone, shape (n_cells,).
    """
    small = (counts < fewest) & ~(is_rest & (counts == 0))
    hidden, beyond = small | never_told, counts - floors
    while small.any() and beyond[hidden].sum() < fewest and not hidden.all():
        shown = np.flatnonzero(~hidden)
        helpful = shown[beyond[shown] > 0] if (beyond[shown] > 0).any() else shown
        hidden[helpful[np.argmin(counts[helpful])]] = True
    return hidden, bool(not small.any() or beyond[hidden].sum() >= fewest)


def _of_attribute(label: Vector, values: NDArray[np.str_], fewest: int) -> dict[str, GroupSize]:
    names, counts = _counted(label, values)
    is_rest = np.array([name == "" for name in names], dtype=np.bool_)
    large = (counts.min(axis=1) >= MIN_GROUP) & ~is_rest
    while True:
        floors = np.where(large, MIN_GROUP, 0)
        columns = [withheld(column, floors, fewest=fewest, never_told=is_rest, is_rest=is_rest) for column in counts.T]
        told_by_being_asked = [large & hidden for hidden, is_enough in columns if not is_enough and (large & hidden).any()]
        if not told_by_being_asked:
            break
        # To judge a group whose count is withheld would tell how few the others are: it is not judged.
        large = large & ~np.any(told_by_being_asked, axis=0)
    hidden = [column for column, _ in columns]
    told = [
        [None if hide else int(n) for n, hide in zip(column, hides, strict=True)] for column, hides in zip(counts.T, hidden, strict=True)
    ]
    return {name: GroupSize(told[0][place], told[1][place], bool(large[place])) for place, name in enumerate(names) if name}


def _counted(label: Vector, values: NDArray[np.str_]) -> tuple[list[str], Counts]:
    """Values in order, the empty one among them where anybody has none, and counts with and without the outcome, shape (n_values, 2)."""
    names, place = np.unique(values, return_inverse=True)
    ones = np.bincount(place, weights=label, minlength=len(names))
    return [str(name) for name in names], np.stack([ones, np.bincount(place, minlength=len(names)) - ones], axis=1).round().astype(np.int64)
