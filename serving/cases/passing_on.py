"""Passing a case on: somebody else takes it over, because the one who had it left, is away for long, or does not get to it.

Whoever passes it on sees where it stands and with whom, and nothing else of it. What was decided and agreed goes on where it stood, once
the one who takes over has stated their need; where nothing was decided the review begins anew, and what was written stays sealed.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, update

from features.errors import ReviewError
from serving.access.desk import Desk
from serving.cases.access import CaseToPassOn, get_case_to_pass_on, may_take_over
from serving.cases.deadlines import due_in_state
from serving.cases.moving import add_note, begin_anew, checked_text, move, stay
from serving.cases.overdue import build_line
from serving.cases.pages import OverdueLine, SuccessorLine
from serving.cases.policies import MIN_REASON, check_step, check_version
from serving.cases.states import CaseState, Step
from serving.storage.tables import AccountRow, HandoverRow


def list_successors(desk: Desk, case_id: str) -> list[SuccessorLine]:
    """List who can take a case over, by login: those who work where it is, but nobody who read it second."""
    case = get_case_to_pass_on(desk.session, desk.account, case_id, today=desk.today)
    rows = desk.session.scalars(select(AccountRow.login).where(*_others(desk, case)).order_by(AccountRow.login))
    return [SuccessorLine(login) for login in rows]


def pass_on(desk: Desk, case_id: str, *, to: str, reason: str, version: int) -> OverdueLine:
    """Pass a case on to somebody else of those who work where it is, with a reason of 30 characters.

    Raises
    ------
    ReviewError
        TID703 when the reason is too short, TID707 when it holds a national identity number, TID787 when nobody of that name can take the
        case over.
    """
    case = get_case_to_pass_on(desk.session, desk.account, case_id, today=desk.today)
    check_version(case, version)
    target = check_step(case, Step.PASS_ON)
    words = checked_text(reason, what="the reason", at_least=MIN_REASON)
    successor, before = _get_successor(desk, case, to), case.assignee_id
    personal = add_note(desk, case, Step.PASS_ON, {"reason": words})
    case.assignee_id = successor.id
    if target is CaseState.ASSIGNED:
        begin_anew(desk, case)
        move(desk, case, Step.PASS_ON, target, personal=personal, account=successor.id, before=before, round=case.round)
    else:
        _give_over(desk, case, before=before)
        stay(desk, case, Step.PASS_ON, personal=personal, account=successor.id, before=before)
    return build_line(case, successor.login, has_left=False)


def _give_over(desk: Desk, case: CaseToPassOn, *, before: str | None) -> None:
    """Leave a case where it stands, for somebody who has to open it first: as long as one has for a new case, where less is left."""
    case.sealed_need = None
    time_to_read = due_in_state(CaseState.ASSIGNED, desk.today, desk.project.screening.review)
    if case.due_on is not None and time_to_read is not None:
        case.due_on = max(case.due_on, time_to_read)
    case.reminded_on = case.escalated_on = None
    running = update(HandoverRow).where(HandoverRow.case_id == case.id, HandoverRow.ended_at.is_(None), HandoverRow.consent_id.is_(None))
    desk.session.execute(running.where(HandoverRow.holder_id == before).values(holder_id=case.assignee_id))


def _get_successor(desk: Desk, case: CaseToPassOn, login: str) -> AccountRow:
    row = desk.session.scalar(select(AccountRow).where(AccountRow.login == login, *_others(desk, case)))
    if row is None:
        raise ReviewError("TID787", "nobody of that name can take this case over. Name a login of those that are listed for it.")
    return row


def _others(desk: Desk, case: CaseToPassOn) -> tuple[ColumnElement[bool], ...]:
    """Build the conditions on whom this person may name: not themselves, since giving a case and taking it are two people's."""
    return may_take_over(case), AccountRow.id != desk.account.id
