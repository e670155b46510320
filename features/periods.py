"""The calendar of a cohort: as-of dates from anchors, ages on a date, and the periods that a history is grouped into.

All dates are int32 days since 1970-01-01, in and out.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from features.declarations.stages import AsOf
from features.records import Days, day_number, day_of

DAYS_PER_YEAR = 365.2425


def as_of_days(anchored_on: Days, rule: AsOf) -> Days:
    """As-of date of each anchor record, shape (n,): so many days after it, or the next such day of the year, the anchor's own day included.

    >>> anchors = np.array([day_number(date(2023, 10, 1)), day_number(date(2023, 10, 2))])
    >>> [str(day_of(day)) for day in as_of_days(anchors, AsOf(month=10, day=1))]
    ['2023-10-01', '2024-10-01']
    """
    if rule.offset_days is not None:
        return (anchored_on + rule.offset_days).astype(np.int32)
    distinct, position = np.unique(anchored_on, return_inverse=True)
    dates = [day_number(_next_day_of_year(day_of(day), rule)) for day in distinct]
    return np.array(dates, dtype=np.int32)[position]


def turning_days(born_on: Days, rule: AsOf, *, age: int) -> Days:
    """Day of the rule in the year of turning an age, shape (n,), whether the birthday comes before or after it.

    >>> born = np.array([day_number(date(2006, 1, 1)), day_number(date(2006, 12, 31))])
    >>> [str(day_of(day)) for day in turning_days(born, AsOf(month=12, day=31), age=18)]
    ['2024-12-31', '2024-12-31']
    """
    year = born_on.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970 + age
    distinct, position = np.unique(year, return_inverse=True)
    return np.array([day_number(_day_of_year(int(one), rule)) for one in distinct], dtype=np.int32)[position]


def completed_years(born_on: Days, on: Days) -> NDArray[np.int32]:
    """Age in whole years on a date; who is born on 29 February turns a year older on 1 March in common years.

    >>> completed_years(np.array([day_number(date(2008, 2, 29))]), np.array([day_number(date(2026, 2, 28))]))
    array([17], dtype=int32)
    """
    born_month, born_day = _month_and_day(born_on)
    month, day = _month_and_day(on)
    before_birthday = (day < born_day) & (month % 12 == born_month % 12) | (month % 12 < born_month % 12)
    return np.asarray(month // 12 - born_month // 12 - before_birthday, dtype=np.int32)


def period_names(days: Days, *, kind: Literal["month", "year"]) -> NDArray[np.str_]:
    """Name of the month or year that each date lies in; names sort as time does.

    >>> period_names(np.array([0, 15_737], dtype=np.int32), kind="month").tolist()
    ['1970-01', '2013-02']
    """
    names: NDArray[np.str_] = days.astype("datetime64[D]").astype("datetime64[M]" if kind == "month" else "datetime64[Y]").astype(np.str_)
    return names


def _next_day_of_year(anchor: date, rule: AsOf) -> date:
    this_year = _day_of_year(anchor.year, rule)
    return this_year if this_year >= anchor else _day_of_year(anchor.year + 1, rule)


def _day_of_year(year: int, rule: AsOf) -> date:
    if rule.month is None or rule.day is None:
        raise ValueError("an as-of rule without `offset_days` has a month and a day")
    return date(year, rule.month, min(rule.day, monthrange(year, rule.month)[1]))


def _month_and_day(days: Days) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Months since 1970-01 and day of the month."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    return months.astype(np.int64), (dates - months.astype("datetime64[D]")).astype(np.int64)
