"""What lies ahead in one's own cases, by day: conversations, evaluations, consents that end, deadlines, requests to answer.

Only the cases that the reader took, and of a case that was passed on and not opened yet its deadline alone. It is read here and leaves
nowhere: no file for another calendar is made, whose owner would not be known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from sqlalchemy import select

from features.declarations.catalogue import Wording
from serving.access.desk import Desk
from serving.access.permissions import Action, can, check_may
from serving.auditing import log
from serving.cases import follow_up
from serving.cases.handover import FIRST_LOOK, LAST_LOOK
from serving.cases.policies import is_to_be_opened
from serving.cases.reading import find_note
from serving.cases.states import OPEN_STATES, STATES, CaseState, Step
from serving.storage.tables import AccessRequestRow, CaseRow

Kind = Literal["talk", "evaluation", "consent_ends", "deadline", "access_request"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In this order within a day: what is agreed with people before what is a limit."""

_MEASURES = (CaseState.BTI_1, CaseState.BTI_2, CaseState.BTI_3)
_WITH_CONSENT = (CaseState.CONSENT_GIVEN, *_MEASURES, CaseState.EVALUATED)


@dataclass(frozen=True)
class Appointment:
    """Something that falls on a day in one of the reader's cases."""

    on: date
    kind: Kind
    case_id: str
    reference: str
    state_label: Wording
    first_day: date | None = None
    """Of an evaluation: from when it can be made."""
    last_day: date | None = None
    """Of an evaluation: by when."""


def list_appointments(desk: Desk) -> list[Appointment]:
    """List what lies ahead, and what should have been done, by day.

    Raises
    ------
    NotAllowedError
        TID712.
    """
    check_may(desk.account, Action.REVIEW_CASES)
    states = [state.value for state in OPEN_STATES]
    cases = desk.session.scalars(select(CaseRow).where(CaseRow.assignee_id == desk.account.id, CaseRow.state.in_(states))).all()
    found = [one for case in cases for one in _of_case(desk, case)]
    event = log.Event("calendar.read", actor=desk.account.id, role=desk.account.role, details={"n": len(cases)})
    log.record(desk.session, event, now=desk.now)
    return sorted(found, key=lambda one: (one.on, KINDS.index(one.kind), one.reference))


def _of_case(desk: Desk, case: CaseRow) -> Iterator[Appointment]:
    def on(day: date, kind: Kind, *, first_day: date | None = None, last_day: date | None = None) -> Appointment:
        return Appointment(day, kind, case.id, case.reference, STATES[CaseState(case.state)].wording, first_day, last_day)

    state = CaseState(case.state)
    if case.due_on is not None:
        yield on(case.due_on, "deadline")
    if is_to_be_opened(case):
        return
    if state is CaseState.TALK_PLANNED and (talk := find_note(desk, case, Step.PLAN_TALK)) is not None:
        yield on(date.fromisoformat(talk["planned_on"]), "talk")
    if state in _WITH_CONSENT and (consent := follow_up.find_consent_row(desk, case)) is not None and consent.withdrawn_at is None:
        yield on(consent.valid_to, "consent_ends")
    if state in _MEASURES and (measure := follow_up.build_follow_up(desk, case).handover) is not None:
        began = measure.made_at.date()
        yield on(measure.evaluate_on, "evaluation", first_day=began + FIRST_LOOK, last_day=began + LAST_LOOK)
    if can(desk.account, Action.GIVE_PERSON_REPORT) and case.sealed_need is not None:
        yield from (on(day, "access_request") for day in _requests_due(desk, case))


def _requests_due(desk: Desk, case: CaseRow) -> Iterator[date]:
    """Give the days by which requests of the case's person are to be answered."""
    open_requests = AccessRequestRow.answered_at.is_(None)
    yield from desk.session.scalars(select(AccessRequestRow.due_on).where(AccessRequestRow.subject_id == case.subject_id, open_requests))
