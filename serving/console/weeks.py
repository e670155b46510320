"""Weeks as a Norwegian calendar shows them: numbered, from Monday, with their public holidays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import holidays

from serving.cases.calendar import Appointment

HOLIDAYS = {
    "Første nyttårsdag": "new_year",
    "Skjærtorsdag": "maundy_thursday",
    "Langfredag": "good_friday",
    "Første påskedag": "easter_sunday",
    "Andre påskedag": "easter_monday",
    "Arbeidernes dag": "labour_day",
    "Grunnlovsdag": "constitution_day",
    "Kristi himmelfartsdag": "ascension_day",
    "Første pinsedag": "whit_sunday",
    "Andre pinsedag": "whit_monday",
    "Første juledag": "christmas_day",
    "Andre juledag": "second_christmas_day",
}
"""Public holidays as the library names them in Bokmål -> end of the key of their name."""


@dataclass(frozen=True)
class Day:
    """A day on which something is, or that is a holiday."""

    on: date
    holidays: tuple[str, ...]
    """Ends of the keys of their names; two may fall on one day."""
    appointments: tuple[Appointment, ...]


@dataclass(frozen=True)
class Week:
    """A week with something in it."""

    number: int
    first: date
    last: date
    days: tuple[Day, ...]

    @property
    def has_work(self) -> bool:
        """Whether anything but holidays is in it."""
        return any(day.appointments for day in self.days)


def weeks_of(appointments: Sequence[Appointment], *, today: date) -> list[Week]:
    """Lay out what lies ahead by week, from this one to the last that has anything; weeks of which there is nothing to say are left out."""
    ahead = [one for one in appointments if one.on >= today]
    monday = today - timedelta(days=today.weekday())
    last = max((one.on for one in ahead), default=today)
    found = []
    while monday <= last:
        days = tuple(day for day in (_day(monday + timedelta(days=n), ahead) for n in range(7)) if day.holidays or day.appointments)
        if days:
            found.append(Week(monday.isocalendar().week, monday, monday + timedelta(days=6), days))
        monday += timedelta(days=7)
    return found


def holidays_on(day: date) -> tuple[str, ...]:
    """Name the public holidays of a day, by the ends of their keys.

    Examples
    --------
    >>> holidays_on(date(2026, 5, 17)), holidays_on(date(2026, 5, 18)), holidays_on(date(2027, 5, 17))
    (('constitution_day',), (), ('constitution_day', 'whit_monday'))
    """
    named = holidays.country_holidays("NO", years=day.year, language="no").get_list(day)
    return tuple(sorted(HOLIDAYS[name] for name in named))


def _day(day: date, ahead: Sequence[Appointment]) -> Day:
    return Day(day, holidays_on(day), tuple(one for one in ahead if one.on == day))
