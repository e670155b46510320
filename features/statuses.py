"""Status codes of a cohort's rows on the days that an outcome is read, with what is needed to read them: arrays, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from features.declarations.outcomes import Outcome, ReferenceDates
from features.engine.kernel import Rows
from features.engine.parts import PartedStore
from features.records import PERSONS_PER_PART, Days, Mask, Records, day_number, day_of

DayTable = NDArray[np.int32]


@dataclass(frozen=True)
class Statuses:
    """What the register says of each row on each day looked at; all arrays have shape (n_rows, n_days), one day without reference dates.

    Attributes
    ----------
    code
        The status code, NaN where there is none.
    happened_on, known_on
        Of the record that holds it, 0 where there is none.
    has_contact
        Whether a record of the outcome's `contact` shows the person here in the time before.
    began_on
        Shape (n_rows,): first record of `dated_by` between as-of date and the last status, 0 where there is none.
    """

    code: NDArray[np.float64]
    happened_on: DayTable
    known_on: DayTable
    has_contact: NDArray[np.bool_]
    began_on: Days


def read_statuses(store: PartedStore, outcome: Outcome, rows: Rows, *, known_by: int) -> Statuses:
    """Read every row's statuses as they were known on a day; rows stand in order of person.

    Notes
    -----
    Contact is a record that *happened* within `contact_days` up to the status; an indicator whose sector is off shows nobody.
    """
    shape = (len(rows), 1 if outcome.reference is None else outcome.reference.look_at)
    statuses = Statuses(
        code=np.full(shape, np.nan),
        happened_on=np.zeros(shape, dtype=np.int32),
        known_on=np.zeros(shape, dtype=np.int32),
        has_contact=np.zeros(shape, dtype=np.bool_),
        began_on=np.zeros(len(rows), dtype=np.int32),
    )
    days = None if outcome.reference is None else reference_days(rows.as_of, outcome.reference)
    for first, part_rows, records in _visible_records(store, outcome, rows, known_by):
        here = slice(first, first + len(part_rows))
        part_days = None if days is None else days[here]
        _fill_part(statuses, here, part_rows, records, outcome, store, part_days)
    return statuses


def reference_days(as_of: Days, declared: ReferenceDates) -> DayTable:
    """Give the reference dates that follow each as-of date, the day itself not among them, shape (n_rows, look_at).

    >>> ends = np.array([day_number(date(2023, 11, 16)), day_number(date(2023, 12, 31))], dtype=np.int32)
    >>> november = ReferenceDates(month=11, day=16, look_at=2, needed=2, published_within_days=230)
    >>> [[str(day_of(day)) for day in row] for row in reference_days(ends, november)]
    [['2024-11-16', '2025-11-16'], ['2024-11-16', '2025-11-16']]
    """
    distinct, position = np.unique(as_of, return_inverse=True)
    days = [[day_number(day) for day in _following(day_of(number), declared)] for number in distinct.tolist()]
    return np.array(days, dtype=np.int32).reshape(len(distinct), declared.look_at)[position]


def _following(as_of: date, declared: ReferenceDates) -> list[date]:
    this_year = date(as_of.year, declared.month, declared.day)
    first = as_of.year + (this_year <= as_of)
    return [date(first + later, declared.month, declared.day) for later in range(declared.look_at)]


def _visible_records(store: PartedStore, outcome: Outcome, rows: Rows, known_by: int) -> Iterator[tuple[int, Rows, Records]]:
    """Yield, part by part, the number of the first row, the rows, and the records needed, in the version of the day."""
    wanted = {outcome.indicator, *outcome.contact, *([outcome.dated_by] if outcome.dated_by else [])}
    codes = [code for code in store.indicators if code in wanted]
    for part in np.unique(rows.person // PERSONS_PER_PART).tolist():
        start, stop = part * PERSONS_PER_PART, (part + 1) * PERSONS_PER_PART
        records = store.read_part(part, indicators=codes)
        yield int(np.searchsorted(rows.person, start)), rows.between(start, stop), records.take(records.visible_on(known_by))


def _fill_part(
    statuses: Statuses, here: slice, rows: Rows, records: Records, outcome: Outcome, store: PartedStore, days: DayTable | None
) -> None:
    labels = records.take(_is_of(records, store, outcome.indicator))
    for column in range(statuses.code.shape[1]):
        after, until = (rows.as_of, rows.as_of + outcome.horizon_days) if days is None else (days[:, column] - 1, days[:, column])
        until = np.minimum(until, rows.as_of + outcome.horizon_days)
        row, record = _last_between(rows, labels, after, until)
        statuses.code[here, column][row] = labels.value[record]
        statuses.happened_on[here, column][row] = labels.happened_on[record]
        statuses.known_on[here, column][row] = labels.known_on[record]
    shown = records.take(_is_of(records, store, *outcome.contact))
    statuses.has_contact[here] = _has_record(rows, shown, statuses.happened_on[here], outcome.contact_days)
    if outcome.dated_by is not None:
        statuses.began_on[here] = _first_record(rows, records.take(_is_of(records, store, outcome.dated_by)), statuses.happened_on[here])


def _is_of(records: Records, store: PartedStore, *codes: str) -> Mask:
    return np.isin(records.indicator, [number for number, code in enumerate(store.indicators) if code in codes])


def _last_between(rows: Rows, labels: Records, after: Days, until: Days) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows with a record that happened after one day and not after another, and that record; they stand in order, so the last is it."""
    starts, stops = np.searchsorted(labels.person, rows.person), np.searchsorted(labels.person, rows.person, side="right")
    n_records = stops - starts
    row = np.repeat(np.arange(len(rows)), n_records)
    record = np.arange(len(row)) - np.repeat(np.cumsum(n_records) - n_records, n_records) + np.repeat(starts, n_records)
    happened_on = labels.happened_on[record]
    fits = (happened_on > after[row]) & (happened_on <= until[row]) & ~np.isnan(labels.value[record])
    row, record = row[fits], record[fits]
    is_last = np.append(row[1:] != row[:-1], True)[: len(row)]
    return row[is_last], record[is_last]


def _has_record(rows: Rows, records: Records, on: DayTable, days: int) -> NDArray[np.bool_]:
    """Whether a record happened in the days up to a day, itself included; persons and days stand in order, so two look-ups count them."""
    placed = _place(records.person, records.happened_on)
    until = np.searchsorted(placed, _place(rows.person[:, None], on), side="right")
    since = np.searchsorted(placed, _place(rows.person[:, None], on - days), side="right")
    return np.greater(until, since)


def _first_record(rows: Rows, records: Records, on: DayTable) -> Days:
    """Day of the first record after the as-of date and not after the last status, 0 where there is none."""
    last = on.max(axis=1)
    found = np.searchsorted(_place(records.person, records.happened_on), _place(rows.person, rows.as_of), side="right")
    candidate = Records.concatenate([records, _nobody()])
    found_on = candidate.happened_on[found]
    fits = (candidate.person[found] == rows.person) & (found_on <= last)
    return np.where(fits, found_on, 0).astype(np.int32)


def _nobody() -> Records:
    """Make one record of nobody, so that looking past the end finds somebody else's."""
    whole = np.full(1, -1, dtype=np.int32)
    return Records(whole, whole, np.full(1, np.nan, dtype=np.float32), whole, whole, whole)


def _place(person: NDArray[np.int32], day: NDArray[np.int32]) -> NDArray[np.int64]:
    """One number that orders by person, then day; days before 1970 are negative and stay in order."""
    return person.astype(np.int64) * 2**32 + day
