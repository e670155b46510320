"""The point-in-time kernel: records of some persons and as-of dates in, one float32 column per feature out.

Records are laid out by cell, (indicator, person), and the loops of `sweep` go over each cell once a date. What is here brings arrays into
the shape that those loops take.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from features.declarations.specs import AGGREGATIONS, FeatureSpec
from features.engine.plan import Levels, Plan
from features.records import Days, Records

if TYPE_CHECKING:
    from features.engine.sweep import CellNumbers, Cells, Dates, Wanted

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
    from features.engine.sweep import sweep  # numba is dear to import, and only whoever computes needs it

    columns = np.empty((len(plan.columns), len(rows)), dtype=np.float32)
    persons, first_row = np.unique(rows.person, return_index=True)
    begins = np.append(first_row, len(rows)).astype(np.int32)
    sweep(_cells(records, persons, plan), _dates(rows, begins, plan), _wanted(plan), columns)
    return columns


def _cells(records: Records, persons: NDArray[np.int32], plan: Plan) -> Cells:
    """Lay out what the plan needs of these persons (ascending) by cell."""
    from features.engine.sweep import Cells, cell_begins, number_values, place_records

    numbers = _cell_numbers(persons, plan)
    begins = cell_begins(numbers, records.indicator, records.person, len(plan.indicators) * len(persons))
    value, days = np.empty(begins[-1], dtype=np.float32), np.empty((3, begins[-1]), dtype=np.int32)
    given = (records.value, records.happened_on, records.known_on, records.known_to)
    place_records(numbers, begins, records.indicator, records.person, given, (value, days[0], days[1], days[2]))
    value_number = number_values(begins, value) if plan.asks_for("distinct") else np.empty(0, dtype=np.int32)
    return Cells(begins, value, days[0], days[1], days[2], value_number)


def _cell_numbers(persons: NDArray[np.int32], plan: Plan) -> CellNumbers:
    from features.engine.sweep import CellNumbers

    first = int(persons[0]) if len(persons) else 0
    place = np.full(int(persons[-1]) - first + 1 if len(persons) else 0, -1, dtype=np.int32)
    place[persons - first] = np.arange(len(persons), dtype=np.int32)
    return CellNumbers(plan.slot_of_position, place, first, len(persons))


def _dates(rows: Rows, begins: NDArray[np.int32], plan: Plan) -> Dates:
    """Windows begin where they begin: of every distinct date they are put in order, the shortest first."""
    from features.engine.sweep import Dates

    distinct, date = np.unique(rows.as_of, return_inverse=True)
    before = np.stack([window.last_day_before(distinct) for window in plan.windows], axis=1)
    order = np.argsort(-before.astype(np.int64), axis=1, kind="stable")
    return Dates(
        begins, rows.as_of, date.astype(np.int32), order.astype(np.int32), np.ascontiguousarray(np.take_along_axis(before, order, axis=1))
    )


def _wanted(plan: Plan) -> Wanted:
    from features.engine.sweep import Wanted

    asked = [plan.columns[position] for position in plan.order]
    return Wanted(
        plan.block_begins,
        np.array([AGGREGATIONS.index(column.aggregation) for column in asked], dtype=np.int32),
        np.array([column.level for column in asked], dtype=np.float32),
        np.array(plan.order, dtype=np.int32),
    )
