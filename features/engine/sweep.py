"""The kernel's loops: one backward sweep over a person's records of an indicator gives every window and statistic of a date.

Records of a cell (indicator, person) stand in the order of the store, so those of a window are the newest so many. Going back from the
as-of date, counts, sums and extremes grow; where a window begins they are its answers. Nothing is ever subtracted, so that nothing is
left in an emptied window.

Everything here is compiled together (see `compiled`); what it compiles against stands in this file.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.engine.compiled import compiled

Days = NDArray[np.int32]
Positions = NDArray[np.int32]
Values = NDArray[np.float32]
Value = float | np.floating[Any]

COUNT, SUM, MEAN, MIN, MAX, LAST, FIRST, SINCE_FIRST, SINCE_LAST, DISTINCT_DAYS, TREND, DISTINCT, SHARE_OF_TIME, SINCE_CHANGE = range(14)
"""Statistics, numbered as `specs.AGGREGATIONS` lists them; from the trend on, each goes over the records once more."""

NONE = np.float32(np.nan)


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


class CellNumbers(NamedTuple):
    """Which cell a record belongs to: that of its indicator and person, where both are wanted."""

    slot_of_position: Positions
    """Of each of the store's indicators, its place among those wanted, or -1."""
    place_of_person: Positions
    """Of each person from `first_person` on, the place among those wanted, or -1."""
    first_person: int
    n_persons: int
    """How many persons are wanted."""


@compiled
def cell_begins(numbers: CellNumbers, indicator: Positions, person: Positions, n_cells: int) -> Positions:
    """Where the records of each cell begin, and one past the last of all; records that nobody asked for are in none."""
    slots, places, first, n_persons = numbers.slot_of_position, numbers.place_of_person, numbers.first_person, numbers.n_persons
    begins = np.zeros(n_cells + 1, dtype=np.int32)
    for i in range(len(person)):
        cell = _cell_of(slots, places, first, n_persons, indicator[i], person[i])
        if cell >= 0:
            begins[cell + 1] += 1
    for cell in range(n_cells):
        begins[cell + 1] += begins[cell]
    return begins


@compiled
def place_records(
    numbers: CellNumbers,
    begins: Positions,
    indicator: Positions,
    person: Positions,
    given: tuple[Values, Days, Days, Days],
    placed: tuple[Values, Days, Days, Days],
) -> None:
    """Put records into their cells, keeping their order: value, happened_on, known_on (visible from then on) and known_to."""
    slots, places, first, n_persons = numbers.slot_of_position, numbers.place_of_person, numbers.first_person, numbers.n_persons
    value, happened_on, known_on, known_to = given
    to_value, to_happened_on, to_visible_from, to_known_to = placed
    following = begins[:-1].copy()
    for i in range(len(person)):
        cell = _cell_of(slots, places, first, n_persons, indicator[i], person[i])
        if cell >= 0:
            at = following[cell]
            following[cell] += 1
            to_value[at] = value[i]
            to_happened_on[at] = happened_on[i]
            to_visible_from[at] = max(happened_on[i], known_on[i])
            to_known_to[at] = known_to[i]


@compiled
def _cell_of(slots: Positions, places: Positions, first_person: int, n_persons: int, indicator: int, person: int) -> int:
    place = person - first_person
    if place < 0 or place >= len(places) or places[place] < 0 or slots[indicator] < 0:
        return -1
    return int(slots[indicator] * n_persons + places[place])


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
    """Fill columns, shape (n_features, n_rows).

    Notes
    -----
    The innermost loop stands here as it is, and what it calls is handed arrays: a call with a tuple of them counts references to each,
    which costs more than what is called.
    """
    happened_on, visible_from, known_to, values = cells.happened_on, cells.visible_from, cells.known_to, cells.value
    numbers = cells.value_number
    n_persons, n_windows = len(dates.begins) - 1, dates.window.shape[1]
    seen = np.zeros((2, _longest(cells.begins) + 1), dtype=np.int64)
    for cell in range(len(cells.begins) - 1):
        slot, person = cell // n_persons, cell % n_persons
        begin, end, stop = cells.begins[cell], cells.begins[cell], cells.begins[cell + 1]
        for row in range(dates.begins[person], dates.begins[person + 1]):
            as_of, date = dates.as_of[row], dates.date[row]
            while end < stop and happened_on[end] <= as_of:
                end += 1
            count, n_values, n_days, total, low, high = 0, 0, 0, 0.0, NONE, NONE
            i, first_day, last_day, first_value, last_value = end, 0, 0, NONE, NONE
            for nth in range(n_windows):
                before = dates.last_day_before[date, nth]
                while i > begin and happened_on[i - 1] > before:
                    i -= 1
                    if visible_from[i] <= as_of < known_to[i]:
                        if count == 0:
                            last_day, last_value = happened_on[i], values[i]
                        n_days += count == 0 or happened_on[i] != first_day
                        count += 1
                        first_day, first_value = happened_on[i], values[i]
                        if not np.isnan(first_value):
                            n_values += 1
                            total += first_value
                            low = low if low <= first_value else first_value
                            high = high if high >= first_value else first_value
                block = slot * n_windows + dates.window[date, nth]
                for k in range(wanted.begins[block], wanted.begins[block + 1]):
                    statistic, level = wanted.statistic[k], wanted.level[k]
                    if statistic == TREND:
                        answer = _slope(values, happened_on, visible_from, known_to, i, end, as_of)
                    elif statistic == DISTINCT:
                        answer = float(_n_different(values, numbers, visible_from, known_to, i, end, as_of, seen))
                    elif statistic == SHARE_OF_TIME:
                        answer = _share_of_time(values, happened_on, visible_from, known_to, begin, end, as_of, before, level)
                    elif statistic == SINCE_CHANGE:
                        answer = _days_since_change(values, happened_on, visible_from, known_to, begin, end, as_of, before)
                    elif statistic <= MAX:
                        answer = _of_values(statistic, count, n_values, total, low, high)
                    elif statistic == LAST:
                        answer = _of_level(last_value, level)
                    elif statistic == FIRST:
                        answer = _of_level(first_value, level)
                    else:
                        answer = _of_days(statistic, count, n_days, as_of - first_day, as_of - last_day)
                    columns[wanted.column[k], row] = answer


@compiled
def _of_values(statistic: int, count: int, n_values: int, total: float, low: Value, high: Value) -> float:
    if statistic == COUNT:
        return float(count)
    if statistic == SUM:
        return total
    if statistic == MAX:
        return float(high)
    if statistic == MIN:
        return float(low)
    return total / n_values if n_values > 0 else np.nan


@compiled
def _of_level(value: Value, level: Value) -> float:
    if np.isnan(level) or np.isnan(value):
        return float(value)
    return 1.0 if value == level else 0.0


@compiled
def _of_days(statistic: int, count: int, n_days: int, since_first: int, since_last: int) -> float:
    if statistic == DISTINCT_DAYS:
        return float(n_days)
    if count == 0:
        return np.nan
    return float(since_first) if statistic == SINCE_FIRST else float(since_last)


@compiled
def _longest(begins: Positions) -> int:
    longest = 0
    for cell in range(len(begins) - 1):
        longest = max(longest, begins[cell + 1] - begins[cell])
    return longest


@compiled
def _slope(values: Values, happened_on: Days, visible_from: Days, known_to: Days, begin: int, end: int, as_of: int) -> float:
    """Least-squares slope of value on day; days are counted from the as-of date, so that sums of their squares stay exact."""
    n, days, total, first, several = 0, 0.0, 0.0, -1, False
    for i in range(begin, end):
        if visible_from[i] <= as_of < known_to[i] and not np.isnan(values[i]):
            n += 1
            days += happened_on[i] - as_of
            total += values[i]
            first = i if first < 0 else first
            several = several or happened_on[i] != happened_on[first]
    if not several:
        return np.nan
    middle_day, middle_value = days / n, total / n
    above, below = 0.0, 0.0
    for i in range(begin, end):
        if visible_from[i] <= as_of < known_to[i] and not np.isnan(values[i]):
            day = happened_on[i] - as_of - middle_day
            above += day * (values[i] - middle_value)
            below += day * day
    return above / below


@compiled
def _n_different(
    values: Values, numbers: Positions, visible_from: Days, known_to: Days, begin: int, end: int, as_of: int, seen: NDArray[np.int64]
) -> int:
    """Count different values; `seen[0]` says under each value's number which count met it last, and ``seen[1, 0]`` numbers the counts."""
    seen[1, 0] += 1
    this_count, different = seen[1, 0], 0
    for i in range(begin, end):
        if visible_from[i] <= as_of < known_to[i] and not np.isnan(values[i]) and seen[0, numbers[i]] != this_count:
            seen[0, numbers[i]] = this_count
            different += 1
    return different


@compiled
def _share_of_time(
    values: Values, happened_on: Days, visible_from: Days, known_to: Days, begin: int, end: int, as_of: int, before: int, level: float
) -> float:
    """Days of the window in the state, of those on which a state is known; the record before the window says how it begins."""
    state = 1.0 if np.isnan(level) else level
    known, inside, until, i = 0, 0, as_of + 1, end
    while i > begin and until > before + 1:
        i -= 1
        if visible_from[i] <= as_of < known_to[i]:
            since = max(happened_on[i], before + 1)
            if not np.isnan(values[i]):
                known += until - since
                inside += until - since if values[i] == state else 0
            until = since
    return inside / known if known > 0 else np.nan


@compiled
def _days_since_change(
    values: Values, happened_on: Days, visible_from: Days, known_to: Days, begin: int, end: int, as_of: int, before: int
) -> float:
    """Days since the present state began; NaN where it is not known, and where it began before the window."""
    newest, began, goes_on, i = -1, 0, True, end
    while goes_on and i > begin:
        i -= 1
        if visible_from[i] <= as_of < known_to[i]:
            newest = i if newest < 0 else newest
            goes_on = values[i] == values[newest]
            began = happened_on[i] if goes_on else began
    if newest < 0 or np.isnan(values[newest]) or began <= before:
        return np.nan
    return float(as_of - began)
