"""The clock on a Norwegian wall, which people read; what is stored and what machines get stays UTC."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")


def local_day(moment: datetime) -> date:
    """Give the day that an aware moment falls on here.

    Examples
    --------
    >>> from datetime import UTC
    >>> local_day(datetime(2026, 6, 30, 22, 30, tzinfo=UTC))
    datetime.date(2026, 7, 1)
    """
    return moment.astimezone(OSLO).date()
