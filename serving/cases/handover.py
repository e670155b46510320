"""Handing a case over to BTI levels 1 to 3, and what a relay holder reads of it: agreed needs, never the proposal or its score.

A relay holder's right to read hangs on a consent that holds on that very day and names their service; it is asked at every read (R-23).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, and_, select

from features.errors import ReviewError
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.auditing import log
from serving.cases import building, follow_up
from serving.cases.access import CaseForReview, get_case_for_review
from serving.cases.consents import check_services
from serving.cases.conversation import date_error
from serving.cases.forms import EvaluationForm, HandoverForm
from serving.cases.moving import add_note, checked_text, end_handovers, log_about, move, seal
from serving.cases.pages import CasePage, HandoverLine, HandoverPage
from serving.cases.policies import MIN_TEXT, check_step, check_version, is_to_be_opened
from serving.cases.reading import is_readable, unseal
from serving.cases.states import CaseState, Step
from serving.errors import NotFoundError
from serving.roles import Role
from serving.storage.tables import AccountRow, CaseRow, ConsentRow, HandoverRow

LEVELS: dict[Step, int] = {Step.HAND_OVER_1: 1, Step.HAND_OVER_2: 2, Step.HAND_OVER_3: 3}
"""Step -> BTI level."""

FIRST_LOOK, LAST_LOOK = timedelta(weeks=6), timedelta(weeks=12)
"""When a measure is evaluated: six to twelve weeks after it began (domain §4.3)."""

_FOLLOWED = tuple(state.value for state in (CaseState.BTI_1, CaseState.BTI_2, CaseState.BTI_3, CaseState.EVALUATED))


def hand_over(desk: Desk, case_id: str, *, step: Step, handover: HandoverForm, version: int) -> CasePage:
    """Hand a case over at a level, with what the family agreed on.

    Level 1 without a relay holder is the own service going on alone; nothing is shared, and no consent is needed.

    Raises
    ------
    ReviewError
        TID701 when the step is no handover or the state does not allow it, TID727 without a consent that holds and covers the holder's
        service, TID728 when nobody of that name takes handovers here, TID729 when the young person was not heard (R-39), TID725 for an
        evaluation outside six to twelve weeks, TID703 and TID707 as every text.
    """
    case = get_case_for_review(desk.session, desk.account, case_id)
    check_version(case, version)
    if step not in LEVELS:
        raise ReviewError("TID701", f"`{step}` is no handover. Handovers are {', '.join(LEVELS)}.")
    target = check_step(case, step, known=follow_up.known_of(desk, case))
    content = _checked_content(desk, handover)
    row = _build_row(desk, case, LEVELS[step], handover)
    row.sealed = seal(desk, case, content)
    end_handovers(desk, case)
    desk.session.add(row)
    details = {"level": row.level, "handover": row.id, "shared": row.consent_id is not None, "child_heard": handover.child_heard}
    move(desk, case, step, target, personal={"needs_sha256": log.digest(content)}, **details)
    return building.build_page(desk, case)


def evaluate(desk: Desk, case_id: str, *, evaluation: EvaluationForm, version: int) -> CasePage:
    """Evaluate the measure: how it went for the young person, not for the model. Then another level, or closing.

    Raises
    ------
    ReviewError
        TID782 before six weeks have passed since the handover, TID703 and TID707 as every text.
    """
    case = get_case_for_review(desk.session, desk.account, case_id)
    check_version(case, version)
    target = check_step(case, Step.EVALUATE)
    first_day = case.state_since.date() + FIRST_LOOK
    if desk.today < first_day:
        raise ReviewError("TID782", f"a measure needs six weeks before it shows how it works. Evaluate from {first_day} on.")
    texts = {
        "outcome": checked_text(evaluation.outcome, what="the outcome for the young person", at_least=MIN_TEXT),
        "child_said": checked_text(evaluation.child_said, what="what the young person says", at_least=MIN_TEXT),
    }
    note = evaluation.model_copy(update=texts).model_dump(mode="json")
    move(desk, case, Step.EVALUATE, target, personal=add_note(desk, case, Step.EVALUATE, note), wellbeing=evaluation.wellbeing)
    return building.build_page(desk, case)


def list_handovers(desk: Desk) -> list[HandoverLine]:
    """List what a relay holder may read today; what a consent no longer covers is not there."""
    check_may(desk.account, Action.READ_HANDOVERS)
    found = [(row, case, consent) for row, case, consent in _in_reach(desk) if _covers(desk, case, consent)]
    event = log.Event("handovers.read", actor=desk.account.id, role=desk.account.role, details={"n": len(found)})
    log.record(desk.session, event, now=desk.now)
    pages = [_page(desk, row, case, consent) for row, case, consent in found]
    lines = [HandoverLine(p.handover_id, p.reference, p.level, p.made_on, p.evaluate_on, p.consent_valid_to) for p in pages]
    return sorted(lines, key=lambda line: (line.evaluate_on, line.reference))


def read_handover(desk: Desk, handover_id: str) -> HandoverPage:
    """Read agreed needs, while a consent that names the reader's service holds today.

    Raises
    ------
    NotFoundError
        TID710 for every other one: withdrawn, over, another's, or none at all; the same words for all.
    """
    check_may(desk.account, Action.READ_HANDOVERS)
    for row, case, consent in _in_reach(desk, HandoverRow.id == handover_id):
        if _covers(desk, case, consent):
            log_about(desk, case, "handover.read", details={"handover": row.id, "consent": consent.id})
            return _page(desk, row, case, consent)
    raise NotFoundError("handover")


def _in_reach(desk: Desk, *more: ColumnElement[bool]) -> Iterable[tuple[HandoverRow, CaseRow, ConsentRow]]:
    """Find the handovers to this account that run, under a consent that holds today."""
    holds = and_(ConsentRow.withdrawn_at.is_(None), ConsentRow.given_on <= desk.today, ConsentRow.valid_to >= desk.today)
    query = (
        select(HandoverRow, CaseRow, ConsentRow)
        .join(CaseRow, CaseRow.id == HandoverRow.case_id)
        .join(ConsentRow, ConsentRow.id == HandoverRow.consent_id)
        .where(HandoverRow.holder_id == desk.account.id, HandoverRow.ended_at.is_(None), CaseRow.state.in_(_FOLLOWED), holds, *more)
    )
    return [(row, case, consent) for row, case, consent in desk.session.execute(query)]


def _covers(desk: Desk, case: CaseRow, consent: ConsentRow) -> bool:
    """Answer whether a consent names the reader's service; one whose content is gone names nobody's."""
    if consent.sealed is None or not is_readable(desk, case):
        return False
    return desk.account.service in unseal(desk, case, consent.sealed)["services"]


def _page(desk: Desk, row: HandoverRow, case: CaseRow, consent: ConsentRow) -> HandoverPage:
    told, consented = HandoverForm.model_validate(unseal(desk, case, row.sealed)), unseal(desk, case, consent.sealed)
    reviewer = desk.session.get(AccountRow, case.assignee_id) if case.assignee_id else None
    return HandoverPage(
        handover_id=row.id,
        reference=case.reference,
        level=row.level,
        subject_id=case.subject_id,
        needs=told.needs,
        child_heard=told.child_heard,
        child_heard_how=told.child_heard_how,
        purpose=consented["purpose"],
        services=tuple(consented["services"]),
        categories=tuple(consented["categories"]),
        made_on=row.made_at.date(),
        evaluate_on=told.evaluate_on,
        consent_valid_to=consent.valid_to,
        reviewer="" if reviewer is None else reviewer.login,
    )


def _checked_content(desk: Desk, handover: HandoverForm) -> dict[str, object]:
    if handover.child_heard == "not_yet":
        raise ReviewError(
            "TID729", "the young person has to be heard before anything begins (R-39). Speak with them, then say how they were heard."
        )
    earliest, latest = desk.today + FIRST_LOOK, desk.today + LAST_LOOK
    if not earliest <= handover.evaluate_on <= latest:
        raise date_error("the day of the evaluation", f"a day from {earliest} to {latest}")
    texts = {
        "needs": checked_text(handover.needs, what="the agreed needs", at_least=MIN_TEXT),
        "child_heard_how": checked_text(handover.child_heard_how, what="how the young person was heard", at_least=MIN_TEXT),
    }
    return handover.model_copy(update=texts).model_dump(mode="json")


def _build_row(desk: Desk, case: CaseForReview, level: int, handover: HandoverForm) -> HandoverRow:
    row = HandoverRow(id=secrets.token_hex(16), case_id=case.id, level=level, holder_id=desk.account.id, made_at=desk.now)
    if handover.holder is None:
        if level > 1:
            raise ReviewError("TID728", f"level {level} is more than the own service: name the relay holder who follows up.")
        return row
    holder, consent = _get_holder(desk, case, handover.holder), follow_up.find_consent_row(desk, case)
    if consent is None or not follow_up.consent_holds(consent, desk) or not _names(desk, case, consent, holder):
        raise ReviewError(
            "TID727", "no consent that holds today names the relay holder's service, so nothing can be shared with them (R-23)."
        )
    row.holder_id, row.consent_id = holder.id, consent.id
    return row


def _names(desk: Desk, case: CaseRow, consent: ConsentRow, holder: AccountRow) -> bool:
    return holder.service in unseal(desk, case, consent.sealed)["services"]


def _get_holder(desk: Desk, case: CaseForReview, login: str) -> AccountRow:
    row = desk.session.scalar(_holders_for(case).where(AccountRow.login == login))
    if row is None or row.service is None:
        raise ReviewError("TID728", "nobody of that name takes handovers here. Name the login of a relay holder of the municipality.")
    check_services(desk.project, (row.service,), municipality=case.municipality)
    return row


def list_relay_holders(desk: Desk, case_id: str) -> list[tuple[str, str]]:
    """List login and service of the relay holders to whom the case's consent lets it go over; none without a consent that holds."""
    case = get_case_for_review(desk.session, desk.account, case_id)
    consent = follow_up.find_consent_row(desk, case)
    if consent is None or not follow_up.consent_holds(consent, desk) or is_to_be_opened(case):
        return []
    rows = desk.session.scalars(_holders_for(case).order_by(AccountRow.login))
    return [(row.login, row.service) for row in rows if row.service is not None and _names(desk, case, consent, row)]


def _holders_for(case: CaseForReview) -> Select[AccountRow]:
    """Select the relay holders of a case's municipality; of a shielded person's case all of them, since it names none (R-08)."""
    here = AccountRow.municipality == case.municipality if case.municipality is not None else AccountRow.municipality.is_not(None)
    return select(AccountRow).where(AccountRow.role == Role.RELAY_HOLDER.value, AccountRow.closed_at.is_(None), here)
