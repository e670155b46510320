"""What splits ask of a row: its values, with the missing ones put where they go.

A split sends a value left that is at most its threshold. Where missing values go left, they are put as minus infinity, which is at most
everything; where they go right they are put as NaN, which is at most nothing. So each split is one comparison.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.trees.parse import Forest

Whole: TypeAlias = NDArray[np.int32]


class Columns(NamedTuple):
    """A feature has one column for each way in which its splits treat missing values."""

    feature: Whole
    """Column of the matrix."""
    missing: Whole
    """MISSING_NONE, MISSING_ZERO or MISSING_NAN."""
    goes_left: NDArray[np.bool_]


class Splits(NamedTuple):
    """All splits of all trees in turn."""

    column: Whole
    threshold: NDArray[np.float64]


def build_columns(forest: Forest) -> tuple[Columns, Splits]:
    """Find the columns that a forest asks for, and give each split its own."""
    trees = [tree for tree in forest.trees if tree.n_splits]
    if not trees:
        none = np.empty(0, dtype=np.int32)
        return Columns(none, none, none.astype(np.bool_)), Splits(none, np.empty(0))
    asks = np.concatenate([np.stack([tree.feature, tree.missing, tree.missing_goes_left]) for tree in trees], axis=1)
    distinct, asked = np.unique(asks, axis=1, return_inverse=True)
    columns = Columns(distinct[0].astype(np.int32), distinct[1].astype(np.int32), distinct[2].astype(np.bool_))
    return columns, Splits(asked.reshape(-1).astype(np.int32), np.concatenate([tree.threshold for tree in trees]))
