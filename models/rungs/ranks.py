"""Where a value stands among those a model learnt from: a number from 0 to 1 that no outlier can stretch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.small_cells import SMALLEST_CELL
from models.rungs.rung import Matrix, Vector

N_PLACES = 100


@dataclass(frozen=True, eq=False)
class Ranks:
    """One column's places: `place[i]` is the rank of `value[i]`, both increasing; between them it is interpolated.

    Notes
    -----
    At most 100 places, the middles of equal shares of the training rows, and never fewer than five people to a place (R-09): the lowest
    and highest values themselves, which would be one person's, are not kept. What lies beyond the ends has the rank of the end.
    """

    value: Vector
    place: Vector

    def of(self, column: Vector) -> Vector:
        """Rank of each value, in [0, 1]; a gap counts as the median.

        >>> ranks = fit_ranks(np.repeat([[1.0], [2.0], [3.0]], 10, axis=0))[0]
        >>> ranks.of(np.array([1.0, 2.0, 3.0, 99.0, np.nan])).round(2).tolist()
        [0.17, 0.5, 0.83, 0.83, 0.5]
        """
        known = np.where(np.isnan(column), np.interp(0.5, self.place, self.value), column)
        return np.asarray(np.interp(known, self.value, self.place))

    def to_json(self) -> dict[str, Any]:
        """What `load_ranks` reads."""
        return {"value": self.value.tolist(), "place": self.place.tolist()}


def fit_ranks(matrix: Matrix) -> tuple[Ranks, ...]:
    """Learn the places of every column; a column known for fewer than five people has one place, and so says nothing."""
    return tuple(_fit(column[~np.isnan(column)].astype(np.float64)) for column in np.asarray(matrix).T)


def ranked(ranks: Sequence[Ranks], matrix: Matrix) -> Vector:
    """Ranks of a whole matrix, shape (n_rows, n_features)."""
    return np.stack([rank.of(column) for rank, column in zip(ranks, np.asarray(matrix, dtype=np.float64).T, strict=True)], axis=1)


def load_ranks(content: Sequence[dict[str, Any]]) -> tuple[Ranks, ...]:
    """Read what `to_json` wrote."""
    return tuple(Ranks(np.array(one["value"], dtype=np.float64), np.array(one["place"], dtype=np.float64)) for one in content)


def _fit(known: Vector) -> Ranks:
    n_places = min(N_PLACES, len(known) // SMALLEST_CELL)
    if not n_places:
        return Ranks(np.zeros(1), np.full(1, 0.5))
    # A value that fills several places stands in the middle of them, so that equals have one rank.
    place = (np.arange(n_places) + 0.5) / n_places
    value, which = np.unique(np.quantile(known, place), return_inverse=True)
    return Ranks(value, np.bincount(which, place) / np.bincount(which))
