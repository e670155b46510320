"""Deadlines that passed: the reviewer is reminded once, and after the family was met the leader is told. Only expiry closes a case (R-25).

A reminder is a mark beside the state, so that work goes on from where it was. It does not count as a change of the case: a form that
somebody is filling in stays good.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from features.declarations.project import Project
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.auditing import log
from serving.cases.access import left_by_first_reader, waiting_in_reach
from serving.cases.deadlines import due_after
from serving.cases.expiry import SYSTEM
from serving.cases.pages import OverdueLine
from serving.cases.states import ESCALATING, OPEN_STATES, RESTRICTED, STATES, CaseState, Deadline, Step
from serving.cases.transitions import TRANSITIONS
from serving.storage.tables import AccountRow, CaseRow

ESCALATES_AFTER = Deadline(3, "working_days")
"""So long after a reminder a case that still stands where it stood is told to the leader."""

_WAITING = [state.value for state in (*OPEN_STATES, *RESTRICTED)]


def remind_and_escalate(session: Session, project: Project, *, now: datetime) -> tuple[int, int]:
    """Remind of deadlines that passed, tell leaders of those that were not answered, and say how many of each.

    Each at most once for a state; a case that moves on starts anew.
    """
    today = now.date()
    late = session.scalars(select(CaseRow).where(_is_late(today)).order_by(CaseRow.id)).all()
    reminded = [case for case in late if case.reminded_on is None]
    escalated = [case for case in late if _is_to_be_told(case, today)]
    for case in reminded:
        _mark(session, case, "case.reminded", now=now, reminded_on=today)
    for case in escalated:
        _mark(session, case, "case.escalated", now=now, escalated_on=today)
    return len(reminded), len(escalated)


def list_overdue(desk: Desk) -> list[OverdueLine]:
    """List the cases of a leader's municipality that are past their deadline or were left, and with whom; nothing of what is in them.

    A shielded person's case is in no list but the shielded caseworkers' own (R-08).
    """
    check_may(desk.account, Action.PASS_ON_CASES)
    query = select(CaseRow, AccountRow.login, left_by_first_reader()).outerjoin(AccountRow, AccountRow.id == CaseRow.assignee_id)
    waiting = and_(CaseRow.state.in_(_WAITING), waiting_in_reach(desk.account, today=desk.today))
    rows = desk.session.execute(query.where(waiting)).all()
    event = log.Event("overdue.read", actor=desk.account.id, role=desk.account.role, details={"n": len(rows)})
    log.record(desk.session, event, now=desk.now)
    return sorted(
        (build_line(case, login, has_left=has_left) for case, login, has_left in rows), key=lambda line: (line.due_on, line.reference)
    )


def _is_late(today: date) -> ColumnElement[bool]:
    return and_(CaseRow.state.in_(_WAITING), CaseRow.due_on < today)


def _is_to_be_told(case: CaseRow, today: date) -> bool:
    if CaseState(case.state) not in ESCALATING or case.reminded_on is None or case.escalated_on is not None:
        return False
    return due_after(case.reminded_on, ESCALATES_AFTER) < today


def _mark(session: Session, case: CaseRow, action: str, *, now: datetime, **marks: date) -> None:
    """Mark a case beside its version, so that nobody's open form is refused for it."""
    session.execute(update(CaseRow).where(CaseRow.id == case.id).values(marks).execution_options(synchronize_session=False))
    session.expire(case)
    details = {"state": case.state, "due_on": None if case.due_on is None else case.due_on.isoformat()}
    log.record(session, log.Event(action, actor=SYSTEM, role=SYSTEM, case_id=case.id, details=details), now=now)


def build_line(case: CaseRow, login: str | None, *, has_left: bool) -> OverdueLine:
    """Build a line of the list: where a case stands and with whom."""
    state = CaseState(case.state)
    can_be_passed_on = login is not None and Step.PASS_ON in TRANSITIONS.get(state, {})
    return OverdueLine(
        case_id=case.id,
        reference=case.reference,
        state=state,
        state_label=STATES[state].wording,
        since=case.state_since.date(),
        due_on=case.due_on or case.expires_on,
        assignee=login,
        is_escalated=case.escalated_on is not None,
        has_left=has_left,
        version=case.version,
        steps=(Step.PASS_ON,) if can_be_passed_on else (),
    )
