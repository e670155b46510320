"""How many objections wait, how consents stand and what is due to be purged: counts by age and date, small ones hidden.

Cases of persons with a protected address are in none of these counts (R-08): the officer learns no number of them, as no log reader does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Literal, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.small_cells import SMALLEST_CELL
from serving.access.accounts import Account
from serving.access.permissions import Action, check_may
from serving.aggregates.overview import hide_small, total_of
from serving.cases.states import CaseState, Step
from serving.cases.transitions import TRANSITIONS
from serving.storage.tables import CaseRow, ConsentRow, RestrictionRow

Age = Literal["under_a_week", "under_a_month", "longer"]
Consent = Literal["in_force", "runs_out", "over", "withdrawn"]
Due = Literal["overdue", "week", "month", "later"]

RUNS_OUT_DAYS = 30
_EXPIRING = [state.value for state, steps in TRANSITIONS.items() if Step.EXPIRE in steps]
_OVER = [CaseState.CLOSED.value, CaseState.STOPPED.value]


@dataclass(frozen=True)
class Counts:
    """How many there are of each kind; None is a number under five, or one that would give another away. The total likewise."""

    by_kind: Mapping[str, int | None]
    total: int | None


@dataclass(frozen=True)
class Purges:
    """What becomes due when; `next_on` is the first day by which five or more are due, None where no day is."""

    counts: Counts
    next_on: date | None


@dataclass(frozen=True)
class Standing:
    """What the page says."""

    objections: Counts
    consents: Counts
    unreviewed: Purges
    closed: Purges


def build_standing(session: Session, account: Account, project: Project, *, today: date) -> Standing:
    """Count as of today.

    Raises
    ------
    NotAllowedError
        TID712.
    """
    check_may(account, Action.SEE_PROTECTION)
    return Standing(
        objections=_counted(get_args(Age), (_age(day, today) for day in _waiting_objections(session))),
        consents=_counted(get_args(Consent), (_consent(row, today) for row in _consents(session))),
        unreviewed=_purges(_expiries(session), today),
        closed=_purges(_ends_of_closed(session, project), today),
    )


def _waiting_objections(session: Session) -> list[date]:
    """Give the day on which each objection that waits for an answer was registered; of one person's several cases the first."""
    stopped = select(CaseRow.subject_id).where(CaseRow.state == CaseState.STOPPED.value, CaseRow.is_shielded.is_(False))
    rows = session.execute(
        select(RestrictionRow.subject_id, RestrictionRow.registered_at)
        .join(CaseRow, CaseRow.id == RestrictionRow.case_id)
        .where(RestrictionRow.kind == "objection", RestrictionRow.lifted_at.is_(None), RestrictionRow.subject_id.in_(stopped))
        .where(CaseRow.is_shielded.is_(False))
        .order_by(RestrictionRow.registered_at)
    )
    first: dict[str, date] = {}
    for subject, at in rows:
        first.setdefault(subject, at.date())
    return list(first.values())


def _consents(session: Session) -> Sequence[ConsentRow]:
    shown = select(ConsentRow).join(CaseRow, CaseRow.id == ConsentRow.case_id)
    return session.scalars(shown.where(CaseRow.is_shielded.is_(False), CaseRow.state != CaseState.SHIELDED.value)).all()


def _expiries(session: Session) -> list[date]:
    """Give the day after which each case that nobody has finished expires, and is purged."""
    waiting = select(CaseRow.expires_on).where(CaseRow.state.in_(_EXPIRING), CaseRow.is_shielded.is_(False))
    return [day + timedelta(days=1) for day in session.scalars(waiting)]


def _ends_of_closed(session: Session, project: Project) -> list[date]:
    """Give the day on which each case that is over, and not purged, is purged."""
    kept = timedelta(days=project.screening.retention.closed_days)
    over = select(CaseRow.state_since).where(CaseRow.state.in_(_OVER), CaseRow.purged_at.is_(None), CaseRow.is_shielded.is_(False))
    return [(since + kept).date() for since in session.scalars(over)]


def _age(day: date, today: date) -> Age:
    days = (today - day).days
    return "under_a_week" if days < 7 else "under_a_month" if days < 30 else "longer"


def _consent(row: ConsentRow, today: date) -> Consent:
    if row.withdrawn_at is not None:
        return "withdrawn"
    if row.valid_to < today:
        return "over"
    return "runs_out" if row.valid_to <= today + timedelta(days=RUNS_OUT_DAYS) else "in_force"


def _purges(days: Sequence[date], today: date) -> Purges:
    return Purges(_counted(get_args(Due), (_due(day, today) for day in days)), _next_on(days, today))


def _due(day: date, today: date) -> Due:
    if day <= today:
        return "overdue"
    return "week" if day <= today + timedelta(days=7) else "month" if day <= today + timedelta(days=30) else "later"


def _next_on(days: Iterable[date], today: date) -> date | None:
    """Give the first day from today by which five or more are due: the day of a single case would be about that case."""
    ordered = sorted(max(day, today) for day in days)
    sums = dict(zip(ordered, accumulate(1 for _ in ordered), strict=True))
    return next((day for day, n in sums.items() if n >= SMALLEST_CELL), None)


def _counted(kinds: Sequence[str], found: Iterable[str]) -> Counts:
    counts = dict.fromkeys(kinds, 0)
    for kind in found:
        counts[kind] += 1
    return Counts(hide_small(counts), total_of(counts))
