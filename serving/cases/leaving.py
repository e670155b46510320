"""Readers who left: what they had taken and can't go on with is free again for others.

Who may read is asked of the account as it stands now, by the rules that let anybody reach a case (`serving.cases.access`). So it is one
question, whether the account was closed or its role or municipality is another one by now. A case that was decided already is not freed:
the leader sees that it was left, and passes it on (`serving.cases.passing_on`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from serving.access.accounts import account_of
from serving.auditing import log
from serving.cases.access import left_by_first_reader, reaches_to_read_second
from serving.cases.deadlines import due_in_state
from serving.cases.expiry import SYSTEM
from serving.cases.states import STEPS, CaseState, Step
from serving.cases.transitions import TRANSITIONS
from serving.storage.tables import AccountRow, CaseRow

_WAITS = CaseState.SECOND_OWN_VIEW
"""The state in which a case waits for one second reader and nobody else."""

_FREED = [state.value for state, steps in TRANSITIONS.items() if Step.RELEASE_CASE in steps]


def release_left(session: Session, project: Project, *, now: datetime) -> int:
    """Free every case and every second reading whose reader can't go on with it, and say how many."""
    return release_cases(session, project, now=now) + release_second_readings(session, project, now=now)


def release_cases(session: Session, project: Project, *, now: datetime) -> int:
    """Free every case that its first reader left undecided, and say how many.

    The review begins anew: need, own view, proposal. What the one who left wrote stays sealed. A case in which an objection was answered
    stays so, for anybody of the list to take up again.
    """
    left = session.scalars(select(CaseRow).where(CaseRow.state.in_(_FREED), left_by_first_reader()).order_by(CaseRow.id)).all()
    for case in left:
        _begin_anew(case, project, now=now)
        _free(session, project, case, Step.RELEASE_CASE, now=now)
    return len(left)


def release_second_readings(session: Session, project: Project, *, now: datetime) -> int:
    """Free every second reading whose reader can't finish it any more, and say how many.

    A reader who has written their view has done what was asked: such a case waits for nobody, and keeps their view.
    """
    waiting = session.scalars(select(CaseRow).where(CaseRow.state == _WAITS.value).order_by(CaseRow.id)).all()
    left = [case for case in waiting if not _can_finish(session, case)]
    for case in left:
        case.second_reader_id = None
        _free(session, project, case, Step.RELEASE_SECOND_READING, now=now)
    return len(left)


def _can_finish(session: Session, case: CaseRow) -> bool:
    reader = session.get(AccountRow, case.second_reader_id)
    return reader is not None and reader.closed_at is None and reaches_to_read_second(session, account_of(reader), case.id)


def _begin_anew(case: CaseRow, project: Project, *, now: datetime) -> None:
    case.assignee_id = None
    if CaseState(case.state) is CaseState.UPHELD:
        return  # taking it up again begins the new round
    case.round += 1
    case.sealed_need = case.second_reader_id = None
    case.expires_on = now.date() + timedelta(days=project.screening.retention.unreviewed_days)


def _free(session: Session, project: Project, case: CaseRow, step: Step, *, now: datetime) -> None:
    target = TRANSITIONS[CaseState(case.state)][step]
    before, case.state, case.state_since = case.state, target.value, now
    case.due_on = due_in_state(target, now.date(), project.screening.review)
    case.reminded_on = case.escalated_on = None
    session.flush()
    details = {"step": step.value, "from": before, "to": case.state}
    log.record(session, log.Event(STEPS[step].audit, actor=SYSTEM, role=SYSTEM, case_id=case.id, details=details), now=now)
