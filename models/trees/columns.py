"""What splits ask of a row: codes of its values among the model's thresholds.

``x <= thresholds[k]`` exactly where fewer than k + 1 of the ascending thresholds are below x, so each value is looked up once, and
every split compares small whole numbers. Where a missing value goes left it is coded 0, where it goes right beyond all thresholds.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.trees.parse import Forest

Whole: TypeAlias = NDArray[np.int32]


class Columns(NamedTuple):
    """Columns of codes: a feature has one for each way in which its splits treat missing values."""

    feature: Whole
    """Column of the matrix."""
    missing: Whole
    """MISSING_NONE, MISSING_ZERO or MISSING_NAN."""
    goes_left: NDArray[np.bool_]
    begins: Whole
    """First threshold of each column, and one past the last of all."""
    thresholds: NDArray[np.float64]
    """Ascending within a column."""


class Splits(NamedTuple):
    """All splits of all trees in turn."""

    column: Whole
    code: Whole
    """The largest code that goes left."""


def build_columns(forest: Forest) -> tuple[Columns, Splits]:
    """Give each split its column, and the code of its threshold there."""
    asks = np.array(
        [
            ask
            for tree in forest.trees
            for ask in zip(tree.feature.tolist(), tree.missing.tolist(), tree.missing_goes_left.tolist(), strict=True)
        ],
        dtype=np.int32,
    ).reshape(-1, 3)
    threshold = np.concatenate([np.empty(0), *(tree.threshold for tree in forest.trees)])
    distinct, asked = np.unique(asks, axis=0, return_inverse=True)
    column: Whole = asked.reshape(-1).astype(np.int32)
    begins, thresholds, code = [0], [np.empty(0)], np.zeros(len(column), dtype=np.int32)
    for number in range(len(distinct)):
        asking = column == number
        ascending, place = np.unique(threshold[asking], return_inverse=True)
        code[asking] = place + 1
        thresholds.append(ascending)
        begins.append(begins[-1] + len(ascending))
    columns = Columns(
        distinct[:, 0].copy(),
        distinct[:, 1].copy(),
        distinct[:, 2].astype(np.bool_),
        np.array(begins, dtype=np.int32),
        np.concatenate(thresholds),
    )
    return columns, Splits(column, code)
