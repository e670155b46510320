"""What an experiment learns from: features, labels and dates, as arrays in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.records import Days, Mask
from training.splits.periods import LabelledRows
from training.whole import WholeTable

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class TrainingTable:
    """Rows of one stage with a known outcome.

    Attributes
    ----------
    names
        Feature names, one per column of `matrix`; predictors, benchmark-only and context features alike.
    matrix
        float32, shape (n_rows, n_features); NaN is missing.
    label
        1.0 with the outcome, 0.0 without, shape (n_rows,); rows whose outcome is unknown or excluded are not here.
    subject_id
        Whose rows, for joining audit attributes; never logged, never in an artefact. Shape (n_rows,).
    predictors
        Names that a servable model may use.
    benchmark_only
        Names that stand in a published reference only.
    area_feature
        Context column with the area's number, None where the project has none.
    pending
        Periods of rows left out because their outcome may still come.
    n_without_outcome
        Rows of the cohort left out because their outcome is unknown or excluded, the pending ones too.
    data_hash
        Content hash of the store that the rows came from.
    outcome_on
        Day on which the outcome came about, as days since 1970-01-01, 0 for rows without it; shape (n_rows,). None where nobody dates it.
    n_not_drawn
        Rows with a known outcome left out because the table is a sample of people.
    whole
        All rows, left on disk, where the boosted rung learns from everybody; `data_hash` is theirs then.
    """

    names: tuple[str, ...]
    matrix: NDArray[np.float32]
    label: Vector
    rows: LabelledRows
    subject_id: NDArray[np.str_]
    predictors: tuple[str, ...]
    benchmark_only: tuple[str, ...]
    area_feature: str | None
    pending: NDArray[np.str_]
    n_without_outcome: int
    data_hash: str
    outcome_on: Days | None = None
    n_not_drawn: int = 0
    whole: WholeTable | None = None

    def columns(self, names: Sequence[str], mask: Mask) -> NDArray[np.float32]:
        """Matrix of these columns in this order for the rows of a mask, shape (mask.sum(), len(names))."""
        position = {name: index for index, name in enumerate(self.names)}
        wanted = np.array([position[name] for name in names], dtype=np.intp)
        return np.ascontiguousarray(self.matrix[np.flatnonzero(mask)[:, None], wanted])
