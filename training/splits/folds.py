"""Forward folds: predictions inside the training periods that were made as serving makes them, for calibration and for tree counts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from features.records import Mask
from training.splits.periods import LabelledRows, periods_present
from training.splits.temporal import MATURED_SHARE, Split

CROSS_FOLDS = 4
MIN_FIT_SHARE = 0.5
"""Share of the training rows that a fold is fitted on at least: a model of a quarter of the people is surer of less, and a calibrator
learnt from it would flatten the one that serves."""
MAX_FOLDS = 2
"""The latest folds are enough, and nearest to what is to come."""


class FoldKind(StrEnum):
    """How far the folds' predictions resemble those of serving; stands on the model card."""

    FORWARD = "forward"
    """Fitted on periods whose labels were known on the predicted period's first as-of date."""
    ROLLING = "rolling"
    """Fitted on all earlier periods. Some of their labels became known after the predicted period began, none after the test began."""
    CROSSED = "crossed"
    """One period only: people predicted by models of other people of the same period."""


@dataclass(frozen=True)
class Fold:
    """Rows to fit on and rows to predict, masks of shape (n_rows,)."""

    fit: Mask
    predict: Mask
    period: str


@dataclass(frozen=True)
class Folds:
    """The folds of one training, and how they were made."""

    kind: FoldKind
    folds: tuple[Fold, ...]


def forward_folds(rows: LabelledRows, split: Split) -> tuple[Fold, ...]:
    """Return one fold per training period that could have been predicted when it began (rolling origin).

    The label rule of the split holds inside the folds too: a period is predicted only from periods whose labels were known on its first
    as-of date. Easy to get wrong: two presentations a year overlap, so the second is not predicted from the first but from the year before.

    Examples
    --------
    >>> day = lambda text: int(np.datetime64(text, "D").astype(int))
    >>> from features.declarations.learning import Split as DeclaredSplit
    >>> from training.splits.temporal import temporal_split
    >>> as_of = ["2013-01-31", "2013-09-30", "2014-01-31", "2014-09-30"]
    >>> known = ["2013-09-30", "2014-06-15", "2014-09-30", "2015-06-15"]
    >>> dates = (np.array([day(text) for text in texts], dtype=np.int32) for texts in (as_of, known))
    >>> rows = LabelledRows(*dates, group=np.arange(4, dtype=np.int32), period=np.array(["2013-02", "2013-10", "2014-02", "2014-10"]))
    >>> split = temporal_split(rows, DeclaredSplit(period="month"))
    >>> [(fold.period, [str(name) for name in split.names[fold.fit]]) for fold in forward_folds(rows, split)]
    [('2013-10', ['2013-02']), ('2014-02', ['2013-02'])]
    """
    folds = (_forward_fold(rows, split, period) for period in split.train_periods[1:])
    return tuple(fold for fold in folds if fold.fit.any())


def rolling_folds(split: Split) -> tuple[Fold, ...]:
    """Return one fold per training period after the first, fitted on all training periods before it.

    Everything here was known when the test began, so the test stays honest; what serving would have known at each fold's time is not
    repeated. For outcomes that take years it is the only forward way.
    """
    return tuple(
        Fold(split.train & (split.names < period), split.train & (split.names == period), period) for period in split.train_periods[1:]
    )


def choose_folds(rows: LabelledRows, label: np.ndarray, split: Split, *, min_positives: int) -> Folds:
    """Choose the most honest folds whose models are like the one that will serve, and predict enough people to calibrate on.

    Forward folds by what was known first, rolling ones next, people crossed within one period last. The kind is said on the card.

    Parameters
    ----------
    label
        1.0 with the outcome, 0.0 without, shape (n_rows,).
    min_positives
        Predicted rows with the outcome, and without it, that a calibrator needs.
    """
    for kind, folds in ((FoldKind.FORWARD, forward_folds(rows, split)), (FoldKind.ROLLING, rolling_folds(split))):
        alike = tuple(fold for fold in folds if _is_alike(fold, label, split))[-MAX_FOLDS:]
        if _enough(label, alike, min_positives):
            return Folds(kind, alike)
    return Folds(FoldKind.CROSSED, _crossed_folds(rows, split))


def _is_alike(fold: Fold, label: np.ndarray, split: Split) -> bool:
    return bool(fold.fit.sum() >= MIN_FIT_SHARE * split.train.sum()) and _has_both(label[fold.fit])


def _forward_fold(rows: LabelledRows, split: Split, period: str) -> Fold:
    predict = split.train & (split.names == period)
    first = int(rows.as_of[predict].min())
    earlier = split.train & (split.names < period)
    known = earlier & (rows.known_on <= first)
    matured = [
        name
        for name in periods_present(split.names[earlier])
        if known[split.names == name].sum() >= MATURED_SHARE * earlier[split.names == name].sum()
    ]
    return Fold(known & np.isin(split.names, matured), predict, period)


def _crossed_folds(rows: LabelledRows, split: Split) -> tuple[Fold, ...]:
    groups = np.unique(rows.group[split.train])
    part = np.searchsorted(groups, rows.group) % CROSS_FOLDS
    parts = [split.train & (part == number) for number in range(CROSS_FOLDS)]
    return tuple(Fold(split.train & ~mask, mask, f"part {number + 1}") for number, mask in enumerate(parts) if mask.any())


def _enough(label: np.ndarray, folds: tuple[Fold, ...], min_positives: int) -> bool:
    if not folds:
        return False
    predicted = label[np.logical_or.reduce([fold.predict for fold in folds])]
    return min(int((predicted == 1).sum()), int((predicted == 0).sum())) >= min_positives


def _has_both(label: np.ndarray) -> bool:
    return bool((label == 1).any() and (label == 0).any())
