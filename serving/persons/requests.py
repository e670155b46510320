"""Requests for access, each with its clock of thirty days (GDPR Art. 12(3); R-21)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.auditing import log
from serving.cases.access import get_case_for_review
from serving.person_keys import PersonKeys
from serving.storage.tables import AccessRequestRow

DAYS_TO_ANSWER = 30


@dataclass(frozen=True)
class RequestLine:
    """A request for access."""

    id: str
    asked_on: date
    due_on: date
    answered_on: date | None
    is_overdue: bool


def register_request(desk: Desk, case_id: str) -> RequestLine:
    """Register that the person of a case one took asks what is known of them. Asking again while a request is open changes nothing.

    Raises
    ------
    NotAllowedError, NotFoundError
        TID712, TID710.
    """
    check_may(desk.account, Action.GIVE_PERSON_REPORT)
    case = get_case_for_review(desk.session, desk.account, case_id)
    return register_for(
        desk.session,
        desk.keys,
        subject_id=case.subject_id,
        case_id=case.id,
        actor=desk.account.id,
        role=desk.account.role.value,
        now=desk.now,
    )


def requests_of_case(desk: Desk, case_id: str) -> list[RequestLine]:
    """List the requests of the person of a case one took, oldest first.

    Raises
    ------
    NotAllowedError, NotFoundError
        TID712, TID710.
    """
    check_may(desk.account, Action.GIVE_PERSON_REPORT)
    case = get_case_for_review(desk.session, desk.account, case_id)
    event = log.Event("person.requests_read", actor=desk.account.id, role=desk.account.role, case_id=case.id)
    log.record(desk.session, event, now=desk.now, about=log.About(desk.keys, case.subject_id, None))
    rows = desk.session.scalars(
        select(AccessRequestRow).where(AccessRequestRow.subject_id == case.subject_id).order_by(AccessRequestRow.asked_at)
    )
    return [_line(row, today=desk.today) for row in rows]


def register_for(
    session: Session, keys: PersonKeys, *, subject_id: str, case_id: str | None, actor: str, role: str, now: datetime
) -> RequestLine:
    """Register a request of a person; the one that is open where there is one."""
    row = session.scalar(select(AccessRequestRow).where(AccessRequestRow.subject_id == subject_id, AccessRequestRow.answered_at.is_(None)))
    if row is None:
        row = AccessRequestRow(
            id=secrets.token_hex(16), subject_id=subject_id, asked_at=now, due_on=now.date() + timedelta(days=DAYS_TO_ANSWER)
        )
        session.add(row)
        session.flush()
        event = log.Event("person.report_requested", actor=actor, role=role, case_id=case_id, details={"due_on": row.due_on.isoformat()})
        log.record(session, event, now=now, about=log.About(keys, subject_id, None))
    return _line(row, today=now.date())


def list_open_requests(session: Session, *, today: date) -> list[tuple[str, RequestLine]]:
    """List what is still to be answered, the first due first: subject id and request, for the key holder."""
    rows = session.scalars(select(AccessRequestRow).where(AccessRequestRow.answered_at.is_(None)).order_by(AccessRequestRow.due_on))
    return [(row.subject_id, _line(row, today=today)) for row in rows]


def answer_requests(session: Session, *, subject_id: str, answered_by: str, now: datetime) -> int:
    """Note that the person's open requests are answered; say how many."""
    rows = session.scalars(
        select(AccessRequestRow).where(AccessRequestRow.subject_id == subject_id, AccessRequestRow.answered_at.is_(None))
    ).all()
    for row in rows:
        row.answered_at, row.answered_by = now, answered_by
    session.flush()
    return len(rows)


def _line(row: AccessRequestRow, *, today: date) -> RequestLine:
    answered = None if row.answered_at is None else row.answered_at.date()
    return RequestLine(row.id, row.asked_at.date(), row.due_on, answered, answered is None and row.due_on < today)
