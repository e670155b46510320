"""What time does to cases: an unreviewed one expires, and content is purged when it is no longer needed (R-25)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from serving.auditing import log
from serving.cases import exchange
from serving.cases.purging import purge
from serving.cases.states import STEPS, CaseState, Step
from serving.cases.transitions import TRANSITIONS
from serving.storage.tables import CaseRow

SYSTEM = "system"
"""Actor of what nobody did."""

_EXPIRING = [state.value for state, steps in TRANSITIONS.items() if Step.EXPIRE in steps]
_OVER = [CaseState.CLOSED.value, CaseState.STOPPED.value]


def expire_overdue(session: Session, project: Project, *, now: datetime) -> int:
    """Expire cases that nobody finished in time, purge what is kept no longer, and say how many expired.

    A tombstone stays: that there was a case, in which state it ended and when. What the model said and what people wrote is gone.
    """
    due = session.scalars(select(CaseRow).where(CaseRow.state.in_(_EXPIRING), CaseRow.expires_on < now.date())).all()
    for case in due:
        before, case.state, case.state_since, case.due_on = case.state, CaseState.EXPIRED.value, now, None
        case.reminded_on = case.escalated_on = None
        purge(session, case, now=now)
        _log(session, case, STEPS[Step.EXPIRE].audit, {"step": Step.EXPIRE.value, "from": before, "to": case.state}, now=now)
    kept_since = now - timedelta(days=project.screening.retention.closed_days)
    old = select(CaseRow).where(CaseRow.state.in_(_OVER), CaseRow.state_since < kept_since, CaseRow.purged_at.is_(None))
    for case in session.scalars(old).all():
        purge(session, case, now=now)
        _log(session, case, "case.purged", {}, now=now)
    if due:
        exchange.write_finished_table(session, project)
    return len(due)


def _log(session: Session, case: CaseRow, action: str, details: dict[str, str], *, now: datetime) -> None:
    log.record(session, log.Event(action, actor=SYSTEM, role=SYSTEM, case_id=case.id, details=details), now=now)
