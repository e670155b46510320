"""A matrix larger than memory, read block by block into LightGBM's binned dataset.

LightGBM keeps one byte for each value where float32 takes four, and needs the raw values twice: some rows to choose the bins, then all of
them once, in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Protocol

import lightgbm
import numpy as np
from numpy.typing import NDArray

from models.rungs.rung import Matrix, Vector

MEDIAN_ROWS = 200_000
"""Rows, evenly spread, that a median is taken from: as many as LightGBM chooses its bins from."""


class Blocks(Protocol):
    """Rows in order, in blocks that fit in memory."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of rows of each block; none is empty."""

    def read(self, number: int) -> NDArray[np.float32]:
        """Read a block, C-contiguous, shape (sizes[number], n_features)."""


def median_rows(n_rows: int) -> NDArray[np.int64]:
    """Positions of the rows that medians are taken from, evenly spread; all of them where there are few.

    >>> median_rows(3).tolist()
    [0, 1, 2]
    """
    return np.unique(np.linspace(0, n_rows - 1, num=min(n_rows, MEDIAN_ROWS)).astype(np.int64))


def medians_if_complete(matrix: Matrix) -> Vector:
    """Median of each column that is never missing, NaN for the others, shape (n_features,)."""
    some = matrix if len(matrix) <= MEDIAN_ROWS else matrix[median_rows(len(matrix))]
    return _medians(some, ever_missing=np.array([np.isnan(column).any() for column in matrix.T], dtype=np.bool_))


def build_binned(blocks: Blocks, label: Vector, parameters: dict[str, Any], *, feature_name: list[str]) -> tuple[lightgbm.Dataset, Vector]:
    """Read every block into a binned dataset; return it with `medians_if_complete` of the rows that went by.

    Notes
    -----
    The bins are those of the same matrix in memory, and so is the model: LightGBM chooses them from ``bin_construct_sample_cnt`` rows
    (200,000 by default), which it draws by ``data_random_seed`` and the number of rows alone. Peak memory is the dataset (a byte a value),
    the drawn rows three times over as float64, and two blocks.
    """
    reader = _Reader(blocks, len(feature_name))
    parts: list[lightgbm.Sequence] = [_Block(reader, number, n_rows) for number, n_rows in enumerate(blocks.sizes)]
    data = lightgbm.Dataset(parts, label, feature_name=feature_name, params=parameters, free_raw_data=True)
    data.construct()
    return data, _medians(reader.some, ever_missing=reader.ever_missing)


class _Reader:
    """Reads blocks, keeps the last one, and notes what medians need of each as it goes by for the first time."""

    def __init__(self, blocks: Blocks, n_features: int) -> None:
        self._blocks = blocks
        bounds = np.concatenate([[0], np.cumsum(blocks.sizes, dtype=np.int64)])
        wanted = median_rows(int(bounds[-1]))
        cuts = np.searchsorted(wanted, bounds)
        self._wanted = [(wanted[start:stop] - first, start, stop) for (start, stop), first in zip(pairwise(cuts), bounds[:-1], strict=True)]
        self._unseen = set(range(len(blocks.sizes)))
        self._last: tuple[int, NDArray[np.float32]] = (-1, np.empty((0, n_features), dtype=np.float32))
        self.some = np.empty((len(wanted), n_features), dtype=np.float32)
        self.ever_missing = np.zeros(n_features, dtype=np.bool_)

    def read(self, number: int) -> NDArray[np.float32]:
        if self._last[0] != number:
            block = self._blocks.read(number)
            self._last = (number, block)
            if number in self._unseen:
                self._unseen.remove(number)
                self._note(number, block)
        return self._last[1]

    def _note(self, number: int, block: NDArray[np.float32]) -> None:
        rows, start, stop = self._wanted[number]
        self.some[start:stop] = block[rows]
        self.ever_missing |= np.isnan(block).any(axis=0)


class _Block(lightgbm.Sequence):  # type: ignore[misc]  # LightGBM has no types
    """One block as LightGBM asks for it: single rows while it draws, slices while it bins."""

    batch_size = 65_536

    def __init__(self, reader: _Reader, number: int, n_rows: int) -> None:
        self._reader = reader
        self._number = number
        self._n_rows = n_rows

    def __len__(self) -> int:
        return self._n_rows

    def __getitem__(self, idx: int | slice | Sequence[int]) -> Any:
        rows = self._reader.read(self._number)[idx]
        # LightGBM chooses bins from doubles and bins floats as they are.
        return rows if isinstance(idx, slice) else rows.astype(np.float64)


def _medians(some: Matrix, *, ever_missing: NDArray[np.bool_]) -> Vector:
    return np.array(
        [np.nan if missing else float(np.median(column)) for column, missing in zip(some.T, ever_missing, strict=True)], dtype=np.float64
    )
