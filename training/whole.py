"""All rows of a stage, left on disk, where the table in memory holds a sample of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from features.engine.table import FeatureTable, Positions, TableBlocks
from features.records import Mask
from training.splits.periods import LabelledRows


@dataclass(frozen=True, eq=False)
class WholeTable:
    """Every row with a known outcome. Labels, dates and masks are in memory, some 50 bytes a row; features are read part by part.

    Attributes
    ----------
    position
        Where in `features` each row lies, ascending, shape (n_rows,).
    label
        1.0 with the outcome, 0.0 without, shape (n_rows,).
    pending
        Periods of rows left out because their outcome may still come.
    sampled
        Which of these rows stand in the table in memory, in its order, shape (n_sampled,).
    """

    features: FeatureTable
    position: Positions
    label: NDArray[np.float64]
    rows: LabelledRows
    pending: NDArray[np.str_]
    sampled: Positions

    def blocks(self, names: Sequence[str], mask: Mask) -> TableBlocks:
        """Columns of these names in this order for the rows of a mask, to be read one block at a time."""
        return self.features.blocks(names, rows=self.position[mask])

    @cached_property
    def data_hash(self) -> str:
        """SHA-256 over everything a model can learn from: the parts as they lie on disk, which rows of them, labels and dates."""
        digest = hashlib.sha256("\n".join(self.features.names).encode())
        for path in self.features.part_paths:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        for array in (self.position, self.label, self.rows.as_of, self.rows.known_on, self.rows.group):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()
