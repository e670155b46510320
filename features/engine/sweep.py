"""The kernel's loops: one backward sweep over a person's records of an indicator gives every window and statistic of a date.

Records of a cell (indicator, person) stand in the order of the store, so those of a window are the newest so many. Going back from the
as-of date, counts, sums and extremes grow; where a window begins they are its answers. Nothing is ever subtracted, so that nothing is
left in an emptied window.

Everything here is compiled together (see `compiled`); what it compiles against stands in this file.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.engine.compiled import compiled

Days = NDArray[np.int32]
Positions = NDArray[np.int32]

COUNT, SUM, MEAN, MIN, MAX, LAST, FIRST, SINCE_FIRST, SINCE_LAST, DISTINCT_DAYS, TREND, DISTINCT, SHARE_OF_TIME, SINCE_CHANGE = range(14)
"""Statistics, numbered as `features.specs.AGGREGATIONS` lists them."""


class Cells(NamedTuple):
    """Records by cell, ``indicator * n_persons + person``, then in the order of the store; arrays of shape (n_records,)."""

    begins: Positions
    """First record of each cell, and one past the last of all: shape (n_cells + 1,)."""
    value: NDArray[np.float32]
    happened_on: Days
    visible_from: Days
    known_to: Days
    value_number: Positions
    """Equal within a cell for equal values; empty where nothing asks how many values differ."""


class Dates(NamedTuple):
    """Rows by person, ascending in both; arrays of shape (n_rows,) unless said otherwise."""

    begins: Positions
    """First row of each person, and one past the last of all: shape (n_persons + 1,)."""
    as_of: Days
    date: Positions
    """Which of the distinct dates."""
    window: Positions
    """Windows of each distinct date, the shortest first: shape (n_dates, n_windows)."""
    last_day_before: Days
    """Last day outside of each of these."""


class Wanted(NamedTuple):
    """Columns by ``indicator * n_windows + window``; arrays of shape (n_features,)."""

    begins: Positions
    """Shape (n_indicators * n_windows + 1,)."""
    statistic: Positions
    level: NDArray[np.float32]
    """Stored position of the level, or NaN for a feature of no level."""
    column: Positions


@compiled
def cell_begins(slot: Positions, local: Positions, n_persons: int, n_cells: int) -> Positions:
    """Where the records of each cell begin, and one past the last of all; records with slot or person -1 are in none."""
    begins = np.zeros(n_cells + 1, dtype=np.int32)
    for i in range(len(slot)):
        if slot[i] >= 0 and local[i] >= 0:
            begins[slot[i] * n_persons + local[i] + 1] += 1
    for cell in range(n_cells):
        begins[cell + 1] += begins[cell]
    return begins


@compiled
def place_records(
    slot: Positions,
    local: Positions,
    n_persons: int,
    begins: Positions,
    given: tuple[NDArray[np.float32], Days, Days, Days],
    placed: tuple[NDArray[np.float32], Days, Days, Days],
) -> None:
    """Put records into their cells, keeping their order: value, happened_on, known_on (visible from then on) and known_to."""
    value, happened_on, known_on, known_to = given
    to_value, to_happened_on, to_visible_from, to_known_to = placed
    following = begins[:-1].copy()
    for i in range(len(slot)):
        if slot[i] >= 0 and local[i] >= 0:
            cell = slot[i] * n_persons + local[i]
            at = following[cell]
            following[cell] += 1
            to_value[at] = value[i]
            to_happened_on[at] = happened_on[i]
            to_visible_from[at] = max(happened_on[i], known_on[i])
            to_known_to[at] = known_to[i]


@compiled
def number_values(begins: Positions, value: NDArray[np.float32]) -> Positions:
    """Number the values of each cell from 0, equal ones alike; records without a value get a number that is never looked at."""
    numbers = np.zeros(len(value), dtype=np.int32)
    for cell in range(len(begins) - 1):
        of_cell = value[begins[cell] : begins[cell + 1]]
        order = np.argsort(of_cell)
        number = 0
        for place in range(1, len(order)):
            if of_cell[order[place]] != of_cell[order[place - 1]]:
                number += 1
            numbers[begins[cell] + order[place]] = number
    return numbers


@compiled
def sweep(cells: Cells, dates: Dates, wanted: Wanted, columns: NDArray[np.float32]) -> None:
    """Fill columns, shape (n_features, n_rows)."""
    n_persons = len(dates.begins) - 1
    n_windows = dates.window.shape[1]
    seen = np.zeros(_longest(cells.begins) + 1, dtype=np.int64)
    stamp = 0
    for cell in range(len(cells.begins) - 1):
        slot, person = cell // n_persons, cell % n_persons
        begin, end = cells.begins[cell], cells.begins[cell]
        for row in range(dates.begins[person], dates.begins[person + 1]):
            as_of, date = dates.as_of[row], dates.date[row]
            while end < cells.begins[cell + 1] and cells.happened_on[end] <= as_of:
                end += 1
            i = end - 1
            count, n_values, n_days, total = 0, 0, 0, 0.0
            low, high = np.float32(np.nan), np.float32(np.nan)
            oldest, newest = -1, -1
            for nth in range(n_windows):
                before = dates.last_day_before[date, nth]
                while i >= begin and cells.happened_on[i] > before:
                    if cells.visible_from[i] <= as_of < cells.known_to[i]:
                        if newest < 0:
                            newest = i
                        if oldest < 0 or cells.happened_on[i] != cells.happened_on[oldest]:
                            n_days += 1
                        oldest = i
                        count += 1
                        value = cells.value[i]
                        if not np.isnan(value):
                            n_values += 1
                            total += value
                            if not low <= value:
                                low = value
                            if not high >= value:
                                high = value
                    i -= 1
                block = slot * n_windows + dates.window[date, nth]
                for k in range(wanted.begins[block], wanted.begins[block + 1]):
                    statistic = wanted.statistic[k]
                    answer = np.nan
                    if statistic == COUNT:
                        answer = float(count)
                    elif statistic == SUM:
                        answer = total
                    elif statistic == MAX:
                        answer = float(high)
                    elif statistic == MIN:
                        answer = float(low)
                    elif statistic == MEAN:
                        if n_values > 0:
                            answer = total / n_values
                    elif statistic == LAST:
                        if count > 0:
                            answer = _of_level(cells.value[newest], wanted.level[k])
                    elif statistic == FIRST:
                        if count > 0:
                            answer = _of_level(cells.value[oldest], wanted.level[k])
                    elif statistic == SINCE_LAST:
                        if count > 0:
                            answer = float(as_of - cells.happened_on[newest])
                    elif statistic == SINCE_FIRST:
                        if count > 0:
                            answer = float(as_of - cells.happened_on[oldest])
                    elif statistic == DISTINCT_DAYS:
                        answer = float(n_days)
                    elif statistic == TREND:
                        answer = _slope(cells, i + 1, end, as_of)
                    elif statistic == DISTINCT:
                        stamp += 1
                        answer = float(_n_different(cells, i + 1, end, as_of, seen, stamp))
                    elif statistic == SHARE_OF_TIME:
                        answer = _share_of_time(cells, begin, end, as_of, before, wanted.level[k])
                    elif statistic == SINCE_CHANGE:
                        answer = _days_since_change(cells, begin, end, as_of, before)
                    columns[wanted.column[k], row] = answer


@compiled
def _longest(begins: Positions) -> int:
    longest = 0
    for cell in range(len(begins) - 1):
        longest = max(longest, begins[cell + 1] - begins[cell])
    return longest


@compiled
def _is_visible(cells: Cells, i: int, as_of: int) -> bool:
    return bool(cells.visible_from[i] <= as_of < cells.known_to[i])


@compiled
def _of_level(value: float, level: float) -> float:
    if np.isnan(level) or np.isnan(value):
        return float(value)
    return 1.0 if value == level else 0.0


@compiled
def _slope(cells: Cells, begin: int, end: int, as_of: int) -> float:
    """Least-squares slope of value on day; days are counted from the as-of date, so that sums of their squares stay exact."""
    n, days, values = 0, 0.0, 0.0
    for i in range(begin, end):
        if _is_visible(cells, i, as_of) and not np.isnan(cells.value[i]):
            n += 1
            days += cells.happened_on[i] - as_of
            values += cells.value[i]
    if n == 0:
        return np.nan
    middle_day, middle_value = days / n, values / n
    above, below, several = 0.0, 0.0, False
    first = -1
    for i in range(begin, end):
        if _is_visible(cells, i, as_of) and not np.isnan(cells.value[i]):
            day = cells.happened_on[i] - as_of - middle_day
            above += day * (cells.value[i] - middle_value)
            below += day * day
            first = i if first < 0 else first
            several = several or cells.happened_on[i] != cells.happened_on[first]
    return above / below if several else np.nan


@compiled
def _n_different(cells: Cells, begin: int, end: int, as_of: int, seen: NDArray[np.int64], stamp: int) -> int:
    """Count different values; `seen` holds under each value's number the stamp of the last count that met it."""
    different = 0
    for i in range(begin, end):
        if _is_visible(cells, i, as_of) and not np.isnan(cells.value[i]) and seen[cells.value_number[i]] != stamp:
            seen[cells.value_number[i]] = stamp
            different += 1
    return different


@compiled
def _share_of_time(cells: Cells, begin: int, end: int, as_of: int, before: int, level: float) -> float:
    """Days of the window in the state, of those on which a state is known; the record before the window says how it begins."""
    state = 1.0 if np.isnan(level) else level
    known, inside, until = 0, 0, as_of + 1
    for i in range(end - 1, begin - 1, -1):
        if _is_visible(cells, i, as_of):
            since = max(cells.happened_on[i], before + 1)
            if not np.isnan(cells.value[i]):
                known += until - since
                if cells.value[i] == state:
                    inside += until - since
            until = since
            if cells.happened_on[i] <= before:
                break
    return inside / known if known > 0 else np.nan


@compiled
def _days_since_change(cells: Cells, begin: int, end: int, as_of: int, before: int) -> float:
    """Days since the current state began; NaN where it is not known, and where it began before the window."""
    newest, since = -1, 0
    for i in range(end - 1, begin - 1, -1):
        if _is_visible(cells, i, as_of):
            if newest < 0:
                newest = i
            if cells.value[i] != cells.value[newest] or np.isnan(cells.value[i]):
                break
            since = cells.happened_on[i]
    if newest < 0 or np.isnan(cells.value[newest]) or since <= before:
        return np.nan
    return float(as_of - since)
