"""How many cases a municipality's services can still be given in a calendar period (R-31)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from serving.storage.tables import CaseRow

PeriodKind = Literal["month", "quarter", "year"]
_MONTHS: dict[PeriodKind, int] = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Capacity:
    """What is left of a period."""

    by_municipality: dict[str, int]
    shielded: int
    """Of shielded persons, wherever they live: where is written nowhere (R-08), so that the municipalities' sum bounds them together."""
    shielded_by_municipality: dict[str, int]
    """How many of one municipality one run may propose beside that."""


def period_start(day: date, kind: PeriodKind) -> date:
    """Give the first day of the calendar period that a day lies in.

    Examples
    --------
    >>> period_start(date(2026, 11, 21), "month"), period_start(date(2026, 11, 21), "quarter")
    (datetime.date(2026, 11, 1), datetime.date(2026, 10, 1))
    >>> period_start(date(2026, 11, 21), "year")
    datetime.date(2026, 1, 1)
    """
    months = _MONTHS[kind]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def period_after(start: date, kind: PeriodKind) -> date:
    """Give the first day of the next period.

    Examples
    --------
    >>> period_after(date(2026, 10, 1), "quarter")
    datetime.date(2027, 1, 1)
    """
    month = start.month - 1 + _MONTHS[kind]
    return date(start.year + month // 12, month % 12 + 1, 1)


@dataclass(frozen=True)
class CapacityUsed:
    """How much of a municipality's capacity a period's proposals have used."""

    n_proposed: int
    capacity: int
    kind: PeriodKind
    begins_on: date


def capacity_used(session: Session, project: Project, municipality: str, *, now: datetime) -> CapacityUsed | None:
    """Say how much of a municipality's capacity is used in the period that `now` lies in, in UTC; None where it works no cases."""
    capacity = next((m.capacity for m in project.screening.municipality if m.number == municipality), None)
    if capacity is None:
        return None
    kind = project.screening.review.capacity_period
    begins_on = period_start(now.astimezone(UTC).date(), kind)
    since = CaseRow.created_at >= datetime.combine(begins_on, datetime.min.time(), UTC)
    n = session.scalar(select(func.count()).select_from(CaseRow).where(CaseRow.municipality == municipality, since)) or 0
    return CapacityUsed(n, capacity, kind, begins_on)


def capacity_left(session: Session, project: Project, *, now: datetime) -> Capacity:
    """Give what is left of the period that `now` lies in, in UTC: each municipality's capacity less the cases proposed in it.

    By the day of the proposal, not by as-of date: however many dates and models are screened in a month, services are given no more work.
    """
    start = datetime.combine(period_start(now.astimezone(UTC).date(), project.screening.review.capacity_period), datetime.min.time(), UTC)
    taken = select(CaseRow.municipality, func.count()).where(CaseRow.created_at >= start).group_by(CaseRow.municipality)
    used: dict[str | None, int] = dict(row for row in session.execute(taken))
    whole = {m.number: m.capacity for m in project.screening.municipality}
    return Capacity(
        by_municipality={number: max(0, capacity - used.get(number, 0)) for number, capacity in whole.items()},
        shielded=max(0, sum(whole.values()) - used.get(None, 0)),
        shielded_by_municipality=whole,
    )
