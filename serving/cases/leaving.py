"""A second reader who left: the reading that they took is free again for another.

Who may read second is asked of the account as it stands now, by the rule that lets anybody reach such a case (`serving.cases.access`). So
it is one question, whether the account was closed or its role or municipality is another one by now.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from serving.access.accounts import account_of
from serving.auditing import log
from serving.cases.access import reaches_to_read_second
from serving.cases.deadlines import due_in_state
from serving.cases.expiry import SYSTEM
from serving.cases.states import STEPS, TRANSITIONS, CaseState, Step
from serving.storage.tables import AccountRow, CaseRow

_WAITS = CaseState.SECOND_OWN_VIEW
"""The state in which a case waits for one second reader and nobody else."""


def release_second_readings(session: Session, project: Project, *, now: datetime) -> int:
    """Free every second reading whose reader can't finish it any more, and say how many.

    A reader who has written their view has done what was asked: such a case waits for nobody, and keeps their view.
    """
    waiting = session.scalars(select(CaseRow).where(CaseRow.state == _WAITS.value).order_by(CaseRow.id)).all()
    left = [case for case in waiting if not _can_finish(session, case)]
    for case in left:
        _release(session, project, case, now=now)
    return len(left)


def _can_finish(session: Session, case: CaseRow) -> bool:
    reader = session.get(AccountRow, case.second_reader_id)
    return reader is not None and reader.closed_at is None and reaches_to_read_second(session, account_of(reader), case.id)


def _release(session: Session, project: Project, case: CaseRow, *, now: datetime) -> None:
    target = TRANSITIONS[_WAITS][Step.RELEASE_SECOND_READING]
    before, case.state, case.state_since, case.second_reader_id = case.state, target.value, now, None
    case.due_on = due_in_state(target, now.date(), project.screening.review)
    case.reminded_on = case.escalated_on = None
    session.flush()
    details = {"step": Step.RELEASE_SECOND_READING.value, "from": before, "to": case.state}
    action = STEPS[Step.RELEASE_SECOND_READING].audit
    log.record(session, log.Event(action, actor=SYSTEM, role=SYSTEM, case_id=case.id, details=details), now=now)
