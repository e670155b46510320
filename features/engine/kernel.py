"""The point-in-time kernel: records of some persons and as-of dates in, one float32 column per feature out.

Work goes in rounds: round k holds the k-th as-of date of every person who has one, so that each record meets one date a round and
several dates for a person need no copies. In a round every visible record falls into one *bucket*, the narrowest window that holds it,
and one *cell*, (bucket, indicator, person). One scatter over the records fills the cells of a statistic; adding up along the buckets
gives all windows. Nothing is ever subtracted, so that nothing is left in an emptied window.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.engine.plan import Levels, Plan
from features.engine.statistics import ROUND_STATISTICS, Grid
from features.engine.view import NeededRecords, RoundView
from features.records import Days, Records
from features.specs import FeatureSpec

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Rows:
    """The rows of a feature table: person and as-of date, int32, shape (n_rows,), sorted by both and distinct."""

    person: NDArray[np.int32]
    as_of: Days

    def __post_init__(self) -> None:
        later = np.diff(self.person) > 0
        if not (later | ((np.diff(self.person) == 0) & (np.diff(self.as_of) > 0))).all():
            raise ValueError("rows are sorted by person and as-of date, one row for each")

    def __len__(self) -> int:
        return len(self.person)

    def between(self, start: int, stop: int) -> Rows:
        """Rows of the persons ``start <= person < stop``."""
        first, last = np.searchsorted(self.person, [start, stop])
        return Rows(self.person[first:last], self.as_of[first:last])


@dataclass(frozen=True)
class _Round:
    """The k-th as-of date of those persons who have one: local person and row of each, and a date each."""

    local: NDArray[np.intp]
    row: NDArray[np.intp]
    as_of: Days


def feature_matrix(records: Records, rows: Rows, specs: Sequence[FeatureSpec], *, indicators: Sequence[str], levels: Levels) -> Matrix:
    """Compute features of some persons at some dates from their records; the kernel itself, with nothing around it.

    Parameters
    ----------
    records
        Records of at least the persons in `rows`, in the order of the store (others are ignored).
    rows
        Persons and as-of dates wanted.
    indicators
        The store's indicators: what `records.indicator` counts in.
    levels
        Levels of each category that has features.

    Returns
    -------
    Matrix
        float32, C-contiguous, shape (n_rows, n_features). A person without records has zeros in counts and sums and NaN elsewhere.

    Raises
    ------
    DataError
        TID424 when a feature's indicator is not among `indicators`.
    """
    plan = Plan.of(specs, indicators=indicators, levels=levels)
    return np.ascontiguousarray(feature_columns(records, rows, plan).T)


def feature_columns(records: Records, rows: Rows, plan: Plan) -> Matrix:
    """Compute the plan's features by column: float32, shape (n_features, n_rows)."""
    columns = np.empty((len(plan.columns), len(rows)), dtype=np.float32)
    persons, first_row = np.unique(rows.person, return_index=True)
    needed = NeededRecords.of(records, persons, plan)
    rounds = list(_rounds(rows, first_row))
    start = 0
    for date_round in rounds:
        stop = start + len(date_round.row)
        _fill(columns[:, start:stop], RoundView(needed, plan, local=date_round.local, as_of=date_round.as_of))
        start = stop
    _order_rows(columns, [date_round.row for date_round in rounds])
    return columns


def _rounds(rows: Rows, first_row: NDArray[np.intp]) -> Iterator[_Round]:
    n_dates = np.diff(np.append(first_row, len(rows)))
    for k in range(n_dates.max(initial=0)):
        local = np.flatnonzero(n_dates > k)
        row = first_row[local] + k
        yield _Round(local, row, rows.as_of[row])


def _fill(columns: Matrix, view: RoundView) -> None:
    """Fill the columns of one round, shape (n_features, n_persons of the round)."""
    for aggregation, wanted in view.plan.columns_by_aggregation.items():
        slots = view.plan.slots_of(aggregation)
        grid = ROUND_STATISTICS[aggregation](view, slots)
        for position, column in wanted:
            values = grid[column.window, slots.index(column.slot)]
            columns[position] = values if column.level is None else _is_level(values, column.level)


def _is_level(values: Grid, level: int) -> Grid:
    return np.where(np.isnan(values), np.nan, values == level)


def _order_rows(columns: Matrix, rows_of_round: Sequence[NDArray[np.intp]]) -> None:
    """Bring columns from the order of the rounds into that of the rows, in place.

    Writing each round straight to its rows would touch every cache line of a column once a round; one such pass at the end is several times
    cheaper.
    """
    if len(rows_of_round) < 2:
        return
    place = np.empty(columns.shape[1], dtype=np.intp)
    place[np.concatenate(rows_of_round)] = np.arange(columns.shape[1])
    for column in columns:
        column[:] = column[place]
