"""Where everybody teaches the boosted rung: split and folds of all rows, and the same for the sample in memory.

The sample scores, calibrates and measures; every other rung is learnt from it. It holds people whole, so whoever is unseen in it is unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from math import ceil
from typing import Any

import numpy as np

from features.declarations.learning import Split as DeclaredSplit
from features.engine.table import Positions
from training.splits.folds import Fold, Folds, choose_folds
from training.splits.temporal import Split, temporal_split
from training.table import TrainingTable
from training.whole import WholeTable


@dataclass(frozen=True, eq=False)
class WholeLesson:
    """All rows, with the split and folds whose restriction to the sample everything else uses; the folds are in the same order."""

    table: WholeTable
    split: Split
    folds: Folds


def split_table(table: TrainingTable, declared: DeclaredSplit) -> tuple[Split, Split | None]:
    """Divide the rows in memory, and all rows where they are on disk: then the first is the second, seen through the sample.

    Raises
    ------
    DataError
        As `temporal_split`.
    """
    if table.whole is None:
        return temporal_split(table.rows, declared, pending=table.pending), None
    split = temporal_split(table.whole.rows, declared, pending=table.whole.pending)
    return restrict_split(split, table.whole.sampled), split


def choose_lessons(
    table: TrainingTable, split: Split, whole_split: Split | None, *, min_positives: int
) -> tuple[Folds, WholeLesson | None]:
    """Choose the folds of the rows in memory, and of all rows where those teach; `min_positives` is asked of the rows in memory."""
    if table.whole is None or whole_split is None:
        return choose_folds(table.rows, table.label, split, min_positives=min_positives), None
    # Folds predict the sample alone, so all rows need as many more of a class as there are more of them.
    enough = ceil(min_positives * len(table.whole.label) / len(table.label))
    folds = choose_folds(table.whole.rows, table.whole.label, whole_split, min_positives=enough)
    return restrict_folds(folds, table.whole.sampled), WholeLesson(table.whole, whole_split, folds)


def restrict_split(split: Split, kept: Positions) -> Split:
    """Return the split of these rows alone; counts of rows left out stay those of all rows.

    Notes
    -----
    Whatever holds one value a row is restricted, also what `Split` may hold one day.
    """
    n_rows = len(split.train)
    values = {field.name: getattr(split, field.name) for field in fields(split)}
    by_row: dict[str, Any] = {name: value[kept] for name, value in values.items() if isinstance(value, np.ndarray) and len(value) == n_rows}
    return replace(split, **by_row)


def restrict_folds(folds: Folds, kept: Positions) -> Folds:
    """Return the folds of these rows alone, in the same order."""
    return Folds(folds.kind, tuple(Fold(fold.fit[kept], fold.predict[kept], fold.period) for fold in folds.folds))


def who_teaches(lesson: WholeLesson | None, table: TrainingTable, split: Split) -> Sequence[str]:
    """Say for the card which rows taught what, where the table is a sample; nothing where everybody is in it."""
    if table.n_not_drawn == 0:
        return ()
    n_sampled = int(split.train.sum())
    sample = f"a sample of people drawn with the seed ({len(table.label)} rows, {n_sampled} of them for training)"
    if lesson is None:
        return (f"Learnt and measured on {sample}; {table.n_not_drawn} further rows with a known outcome were not used.",)
    n_whole = int(lesson.split.train.sum())
    return (f"The boosted rung is learnt from all {n_whole} training rows, read from disk part by part; every other rung, the calibration "
            f"and every figure here from {sample}.",)  # fmt: skip
