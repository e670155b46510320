"""What a feature is, said as plainly as possible: lists, dates and loops, one person and one feature at a time.

Slow and obvious on purpose. The engine is right when it says the same; property tests compare the two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile

import numpy as np

from features.declarations.specs import FeatureSpec
from features.engine.kernel import Rows
from features.records import IN_FORCE, Records, day_of


@dataclass(frozen=True)
class Record:
    """One record, as a person would write it down."""

    person: int
    indicator: str
    value: float | None
    happened_on: date
    known_on: date
    superseded_on: date | None


def oracle_features(
    records: Records, rows: Rows, specs: Sequence[FeatureSpec], *, indicators: Sequence[str], levels: Mapping[str, tuple[str, ...]]
) -> list[dict[str, float]]:
    """Compute every feature of every row by its definition; NaN is missing, values as Python floats rounded to float32.

    Examples
    --------
    >>> whole = lambda *numbers: np.array(numbers, dtype=np.int32)
    >>> late = Records(whole(0), whole(0), np.array([3], dtype=np.float32), whole(100), whole(120), whole(IN_FORCE))
    >>> rows = Rows(whole(0, 0), whole(119, 120))
    >>> oracle_features(late, rows, [FeatureSpec("absence", "sum", 90)], indicators=["absence"], levels={})
    [{'absence.sum@90d': 0.0}, {'absence.sum@90d': 3.0}]
    """
    written = [_record(records, i, indicators) for i in range(len(records))]
    answers = []
    for person, as_of in zip(rows.person.tolist(), map(day_of, rows.as_of.tolist()), strict=True):
        known = [r for r in written if r.person == person and is_visible(r, as_of)]
        answers.append({spec.name: float(np.float32(_feature(known, as_of, spec, levels))) for spec in specs})
    return answers


def is_visible(record: Record, as_of: date) -> bool:
    """Whether a record had happened, was known and was not yet superseded on a day."""
    begun = max(record.happened_on, record.known_on) <= as_of
    return begun and (record.superseded_on is None or as_of < record.superseded_on)


def _feature(known: list[Record], as_of: date, spec: FeatureSpec, levels: Mapping[str, tuple[str, ...]]) -> float:
    all_mine = [r for r in known if r.indicator == spec.indicator]
    first_day = _first_day(spec, as_of)
    level = None if spec.level is None else float(levels[spec.indicator].index(spec.level))
    mine = [r for r in all_mine if first_day <= r.happened_on]
    match spec.aggregation:
        case "share_of_time":
            return _share_of_time(all_mine, first_day, as_of, 1.0 if level is None else level)
        case "days_since_change":
            return _days_since_change(all_mine, first_day, as_of)
    answer = _aggregate(mine, as_of, spec.aggregation)
    return answer if level is None or math.isnan(answer) else float(answer == level)


def _first_day(spec: FeatureSpec, as_of: date) -> date:
    if spec.window_days is not None:
        return as_of - timedelta(days=spec.window_days - 1)
    match spec.calendar:
        case None:
            return date.min
        case "school_year":
            starts = [(8, 1)]
        case "term":
            starts = [(1, 1), (8, 1)]
    days = [date(year, month, day) for year in (as_of.year - 1, as_of.year) for month, day in starts]
    return max(day for day in days if day <= as_of)


def _aggregate(mine: list[Record], as_of: date, aggregation: str) -> float:
    values = [r.value for r in mine if r.value is not None]
    days = [r.happened_on for r in mine]
    match aggregation:
        case "count":
            return len(mine)
        case "distinct_days":
            return len(set(days))
        case "distinct":
            return len(set(values))
        case "sum":
            return math.fsum(values)
        case "trend":
            return _slope([(r.happened_on - as_of).days for r in mine if r.value is not None], values)
        case "mean" if values:
            return math.fsum(values) / len(values)
        case "min" if values:
            return min(values)
        case "max" if values:
            return max(values)
        case "last" if mine and mine[-1].value is not None:
            return mine[-1].value
        case "first" if mine and mine[0].value is not None:
            return mine[0].value
        case "days_since_last" if mine:
            return (as_of - days[-1]).days
        case "days_since_first" if mine:
            return (as_of - days[0]).days
    return math.nan


def _share_of_time(mine: list[Record], first_day: date, as_of: date, state: float) -> float:
    """Look at every day of the window: in force is the last record that had happened by then."""
    known = inside = 0
    day = max(first_day, min((r.happened_on for r in mine), default=as_of))
    while day <= as_of:
        so_far = [r.value for r in mine if r.happened_on <= day]
        known += bool(so_far) and so_far[-1] is not None
        inside += bool(so_far) and so_far[-1] == state
        day += timedelta(days=1)
    return inside / known if known else math.nan


def _days_since_change(mine: list[Record], first_day: date, as_of: date) -> float:
    """When the present state began, if that was within the window; equal values one after the other are one state."""
    if not mine or mine[-1].value is None:
        return math.nan
    *_, began = takewhile(lambda r: r.value == mine[-1].value, reversed(mine))
    return (as_of - began.happened_on).days if began.happened_on >= first_day else math.nan


def _slope(days: list[int], values: list[float]) -> float:
    if len(set(days)) < 2:
        return math.nan
    middle_day, middle_value = math.fsum(days) / len(days), math.fsum(values) / len(values)
    above = below = 0.0
    for day, value in zip(days, values, strict=True):
        above += (day - middle_day) * (value - middle_value)
        below += (day - middle_day) * (day - middle_day)
    return above / below


def _record(records: Records, i: int, indicators: Sequence[str]) -> Record:
    value, superseded = float(records.value[i]), int(records.known_to[i])
    return Record(
        int(records.person[i]),
        indicators[int(records.indicator[i])],
        None if math.isnan(value) else value,
        day_of(int(records.happened_on[i])),
        day_of(int(records.known_on[i])),
        None if superseded == IN_FORCE else day_of(superseded),
    )
