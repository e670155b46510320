"""The periods that planners' figures are told by: a quarter or a year, each once, and none that overlaps one told before.

A year beside its quarters would tell a withheld quarter by subtraction. So whoever changes from quarters to years begins with the first
year of which no quarter was told, and the other way about.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from serving.scoring.capacity import PeriodKind, period_after, period_start
from serving.storage.tables import ScreeningRow

_QUARTER: PeriodKind = "quarter"
_YEAR: PeriodKind = "year"


def kind_of(project: Project) -> PeriodKind:
    """Say which periods this project tells planners of."""
    return project.screening.review.planning_period


def told_from(project: Project, start: date) -> date:
    """Give the day from which a period's figures are told: when its last case has been decided or has expired."""
    return period_after(start, kind_of(project)) + timedelta(days=project.screening.retention.unreviewed_days)


def first_pending(session: Session, project: Project, *, now: datetime) -> date:
    """Give the start of the first period that is not told yet."""
    today = now.astimezone(UTC).date()
    start = min(periods_screened(session, project), default=period_start(today, kind_of(project)))
    while told_from(project, start) <= today:
        start = period_after(start, kind_of(project))
    return start


def told_path(project: Project, start: date) -> Path:
    """Say where a period's table is kept once it was told."""
    return _folder(project) / f"{name_of(start, kind_of(project))}.json"


def periods_screened(session: Session, project: Project) -> list[date]:
    """List the periods in which anybody was screened, but those of which a part, or a whole that holds them, was told before."""
    told_before = [days for days in map(_days_of, _folder(project).glob("*.json")) if days is not None]
    return [start for start in sorted(set(starts_of_screenings(session, project))) if not _overlaps(start, kind_of(project), told_before)]


def _overlaps(start: date, kind: PeriodKind, others: Iterable[tuple[date, date]]) -> bool:
    days = start, period_after(start, kind)
    return any(other != days and other[0] < days[1] and days[0] < other[1] for other in others)


def _days_of(path: Path) -> tuple[date, date] | None:
    """Give the first day of a told table's period and the day after it; None for another file."""
    year, _, quarter = path.stem.partition("-Q")
    if not year.isdigit():
        return None
    start, kind = (date(int(year), 3 * int(quarter) - 2, 1), _QUARTER) if quarter else (date(int(year), 1, 1), _YEAR)
    return start, period_after(start, kind)


def starts_of_screenings(session: Session, project: Project) -> list[date]:
    """Give the start of the period of each screening, so that one with two is named twice."""
    return [period_start(at.date(), kind_of(project)) for at in session.scalars(select(ScreeningRow.screened_at))]


def name_of(start: date, kind: PeriodKind) -> str:
    """Name a period.

    Examples
    --------
    >>> name_of(date(2026, 7, 1), "quarter"), name_of(date(2026, 1, 1), "year")
    ('2026-Q3', '2026')
    """
    return str(start.year) if kind == "year" else f"{start.year}-Q{(start.month + 2) // 3}"


def _folder(project: Project) -> Path:
    return project.var / "planning"
