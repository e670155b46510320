"""How far back a feature looks: so many days, everything, or since a day of the Norwegian school calendar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Self, TypeAlias, get_args

import numpy as np

from features.records import Days

CalendarWindow: TypeAlias = Literal["school_year", "term"]
CALENDAR_WINDOWS: tuple[CalendarWindow, ...] = get_args(CalendarWindow)

FOREVER = -(2**31)
"""Start of the window that holds every record."""

DAYS_PER_YEAR = 365.25
AUGUST = 8

_DAYS_OR_YEARS = re.compile(r"^(\d{1,4})d$|^(\d{1,2})y$")


@dataclass(frozen=True)
class Window:
    """A window that ends on the as-of date, that day included.

    Parameters
    ----------
    days
        ``(as_of - days, as_of]``; None for every record known, and for a calendar window.
    calendar
        ``school_year``: since 1 August of the school year that holds the as-of date. ``term``: since 1 August or 1 January, whichever was
        last. Both begin anew on that day, which is inside.

    Notes
    -----
    A year is 365.25 days rounded down, so that ``1y`` is 365 and ``3y`` is 1,095 days. The Norwegian school year runs from
    1 August to 31 July; its second term is counted from 1 January.

    Examples
    --------
    >>> Window.parse("3y").name, Window.parse("ever").name, Window.parse("term").name
    ('1095d', 'ever', 'term')
    """

    days: int | None = None
    calendar: CalendarWindow | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``90d``, ``3y``, ``ever``, ``school_year`` or ``term``.

        Raises
        ------
        ValueError
            When it is none of these, or shorter than one day.
        """
        if text in CALENDAR_WINDOWS:
            return cls(calendar=next(name for name in CALENDAR_WINDOWS if name == text))
        if text == "ever":
            return cls()
        match = _DAYS_OR_YEARS.match(text)
        if match is None:
            raise ValueError(f"the window {text!r} is none; expected one such as 90d, 3y, ever, {' or '.join(CALENDAR_WINDOWS)}")
        days = int(match[1]) if match[1] else int(int(match[2]) * DAYS_PER_YEAR)
        if days < 1:
            raise ValueError(f"the window {text!r} is shorter than one day; expected one such as 90d, 3y or ever")
        return cls(days=days)

    @property
    def name(self) -> str:
        """How a column's name says it."""
        if self.calendar is not None:
            return self.calendar
        return "ever" if self.days is None else f"{self.days}d"

    def last_day_before(self, as_of: Days) -> Days:
        """Last day outside the window on these as-of dates, int32, shape (n,); `FOREVER` where nothing is outside.

        >>> from datetime import date
        >>> from features.records import day_number, day_of
        >>> new_year = np.array([day_number(date(2024, 1, 1))], dtype=np.int32)
        >>> [str(day_of(Window.parse(text).last_day_before(new_year)[0])) for text in ("1d", "term", "school_year")]
        ['2023-12-31', '2023-12-31', '2023-07-31']
        """
        if self.calendar is not None:
            return _first_day(self.calendar, as_of) - np.int32(1)
        if self.days is None:
            return np.full(len(as_of), FOREVER, dtype=np.int32)
        return (as_of - self.days).astype(np.int32)


def _first_day(calendar: CalendarWindow, as_of: Days) -> Days:
    months = as_of.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    month = months % 12 + 1
    since_august = (month - AUGUST) % 12
    since_january = month - 1
    back = since_august if calendar == "school_year" else np.minimum(since_august, since_january)
    return (months - back).astype("datetime64[M]").astype("datetime64[D]").astype(np.int32)
