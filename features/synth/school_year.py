"""Days and school years of one birth year.

Children start grade 1 in August of the year they turn six. Days are int days since 1970-01-01.
"""

from __future__ import annotations

from datetime import date

EPOCH = date(1970, 1, 1).toordinal()
EPOCH_YEAR_DAYS = 365.2425
MONTHS = (9, 10, 11, 12, 1, 2, 3, 4, 5, 6)
"""Months of a school year in which attendance is reported."""


def day_of(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01.

    >>> day_of(1970, 1, 2)
    1
    """
    return date(year, month, day).toordinal() - EPOCH


def autumn_of(birth_year: int, grade: int) -> int:
    """Year in which a grade starts; grades 11 to 13 are upper secondary.

    >>> autumn_of(2004, 10)
    2019
    """
    return birth_year + 5 + grade


def month_end(autumn: int, month: int) -> int:
    """Last school day on which a month's attendance is counted: the 28th, in June the 19th.

    >>> month_end(2019, 1) == day_of(2020, 1, 28)
    True
    """
    return day_of(autumn + (month < 8), month, 19 if month == 6 else 28)
