"""What each step of a review does. One case at a time; every call writes its entry to the log in the same transaction.

All take a `Desk` and give back the case's page as this reader may now see it. `version` is `CasePage.version` as last shown. Refusals
are ReviewErrors with the codes of `serving.errors`.
"""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import select

from features.errors import ReviewError
from features.nationalid import holds_national_id
from serving import log
from serving.cases import building, exchange
from serving.cases.access import CaseForReview, get_case_for_review, get_case_in_queue, in_reach
from serving.cases.deadlines import due_in_state
from serving.cases.pages import CasePage, Inclination, ProposalView, QueueRow
from serving.cases.policies import MIN_REASON, MIN_TEXT, check_length, check_step, check_version
from serving.cases.shown_views import keep_shown_view
from serving.cases.states import DECISIONS, OPEN_STATES, STEPS, TRANSITIONS, CaseState, Step
from serving.desk import Desk
from serving.permissions import Action, check_may
from serving.tables import CaseRow, DecisionRow, OwnViewRow, RestrictionRow


def list_queue(desk: Desk) -> list[QueueRow]:
    """List the cases that wait for this person: new ones where they work, and their own that are open.

    Ordered by due date and then by reference. Never by score: a queue is no ranking (R-18).
    """
    check_may(desk.account, Action.LIST_CASES)
    states = [state.value for state in OPEN_STATES]
    rows = desk.session.scalars(select(CaseRow).where(in_reach(desk.account), CaseRow.state.in_(states))).all()
    log.record(desk.session, log.Event("queue.read", actor=desk.account.id, role=desk.account.role, details={"n": len(rows)}), now=desk.now)
    return sorted((building.build_row(desk, row) for row in rows), key=lambda row: (row.due_on or row.expires_on, row.reference))


def read_case(desk: Desk, case_id: str) -> CasePage:
    """Show a case of this person's list: all of it to the one who took it, that it exists to the others.

    Raises
    ------
    NotFoundError
        TID710 for a case of another municipality or person, or none at all.
    """
    case = get_case_in_queue(desk.session, desk.account, case_id, action=Action.LIST_CASES)
    page = building.build_page(desk, case)
    if page.proposal is not None:
        keep_shown_view(desk.session, desk.keys, case, page.proposal, account_id=desk.account.id, now=desk.now)
    _log(desk, case, "case.read", details={"proposal_shown": page.proposal is not None}, personal=building.shown(page))
    return page


def read_view(desk: Desk, case_id: str) -> ProposalView:
    """Show the model's proposal in a case that this person took, after their own view.

    Raises
    ------
    ReviewError
        TID702 before the own view is saved, TID708 when the content was purged.
    """
    case = get_case_for_review(desk.session, desk.account, case_id)
    view = building.show_proposal(desk, case)
    keep_shown_view(desk.session, desk.keys, case, view, account_id=desk.account.id, now=desk.now)
    _log(desk, case, "case.proposal_read", details={}, personal=building.shown_digest(view))
    return view


def assign(desk: Desk, case_id: str, *, version: int) -> CasePage:
    """Take a new case. From now on nobody else sees it."""
    case = get_case_in_queue(desk.session, desk.account, case_id, action=Action.TAKE_CASES)
    check_version(case, version)
    target = check_step(case, Step.ASSIGN)
    case.assignee_id = desk.account.id
    _move(desk, case, Step.ASSIGN, target)
    return building.build_page(desk, case)


def open_case(desk: Desk, case_id: str, *, need_to_know: str, version: int) -> CasePage:
    """Open a case, stating why one's work needs it (tjenstlig behov). The model's proposal stays hidden.

    Raises
    ------
    ReviewError
        TID703 when the stated need is shorter than 10 characters, TID707 when it holds a national identity number.
    """
    case = get_case_for_review(desk.session, desk.account, case_id)
    check_version(case, version)
    need = _checked_text(need_to_know, what="the stated need", at_least=MIN_TEXT)
    target = check_step(case, Step.OPEN)
    case.sealed_need = desk.keys.seal(desk.session, case.subject_id, need, now=desk.now)
    _move(desk, case, Step.OPEN, target, personal={"need_sha256": log.digest(need)})
    return building.build_page(desk, case)


def save_own_view(desk: Desk, case_id: str, *, text: str, inclination: Inclination, version: int) -> CasePage:
    """Save what the reviewer knows and leans to, before the proposal is shown (R-20). Can't be changed afterwards.

    Raises
    ------
    ReviewError
        TID703 when the text is shorter than 10 characters, TID707 when it holds a national identity number.
    """
    case = get_case_for_review(desk.session, desk.account, case_id)
    check_version(case, version)
    own = _checked_text(text, what="the own view", at_least=MIN_TEXT)
    target = check_step(case, Step.SAVE_OWN_VIEW)
    content = {"text": own, "inclination": inclination}
    sealed = desk.keys.seal(desk.session, case.subject_id, content, now=desk.now)
    desk.session.add(
        OwnViewRow(
            id=secrets.token_hex(16), case_id=case.id, account_id=desk.account.id, round=case.round, sealed=sealed, written_at=desk.now
        )
    )
    _move(desk, case, Step.SAVE_OWN_VIEW, target, personal={"own_view_sha256": log.digest(content)})
    return building.build_page(desk, case)


def decide(desk: Desk, case_id: str, *, step: Step, reason: str, version: int) -> CasePage:
    """Decide one case, with a reason of the reviewer's own. There is no way to decide two at once (R-01).

    Raises
    ------
    ReviewError
        TID701 when the step is no decision or the state does not allow it, TID702 without an own view, TID703 when the reason is shorter
        than 30 characters, TID704 when the reviewer gave the same reason in another case, TID706 when a second reader has to look
        first, TID707 when it holds a national identity number.
    """
    case = get_case_for_review(desk.session, desk.account, case_id)
    check_version(case, version)
    if step not in DECISIONS:
        raise ReviewError("TID701", f"`{step}` is no decision. Decisions are {', '.join(DECISIONS)}.")
    target = check_step(case, step)
    own_view = building.get_own_view(desk, case)
    words = _checked_text(reason, what="the reason", at_least=MIN_REASON)
    mark = _new_reason_mark(desk, case, words)
    sealed = desk.keys.seal(desk.session, case.subject_id, words, now=desk.now)
    desk.session.add(
        DecisionRow(
            id=secrets.token_hex(16),
            case_id=case.id,
            account_id=desk.account.id,
            step=step.value,
            sealed=sealed,
            reason_mark=mark,
            inclination=own_view.inclination,
            decided_at=desk.now,
        )
    )
    _move(desk, case, step, target, personal={"reason_sha256": log.digest(words)})
    exchange.write_finished_table(desk.session, desk.project)
    return building.build_page(desk, case)


def close(desk: Desk, case_id: str, *, version: int) -> CasePage:
    """Close a case that was decided to need nothing more from this service."""
    case = get_case_for_review(desk.session, desk.account, case_id)
    check_version(case, version)
    _move(desk, case, Step.CLOSE, check_step(case, Step.CLOSE))
    return building.build_page(desk, case)


def register_objection(desk: Desk, case_id: str, *, statement: str, version: int) -> CasePage:
    """Register that the person, or a guardian, objects. Takes effect in this very transaction (R-22).

    Every open case of the person stops, whoever works it, and the restriction is written to the table that intake and every later run
    reads. Nobody has to approve it.

    Raises
    ------
    ReviewError
        TID707 when the statement holds a national identity number.
    """
    case = get_case_in_queue(desk.session, desk.account, case_id, action=Action.REGISTER_OBJECTIONS)
    check_version(case, version)
    check_step(case, Step.OBJECT)
    words = _checked_text(statement, what="the statement", at_least=0)
    _stop_all_cases_of(desk, case, words)
    sealed = desk.keys.seal(desk.session, case.subject_id, words, now=desk.now)
    desk.session.add(
        RestrictionRow(
            id=secrets.token_hex(16),
            subject_id=case.subject_id,
            case_id=case.id,
            kind="objection",
            role=desk.account.role.value,
            sealed_statement=sealed,
            registered_at=desk.now,
        )
    )
    desk.session.flush()
    exchange.write_restrictions_table(desk.session, desk.project)
    exchange.write_finished_table(desk.session, desk.project)
    return building.build_page(desk, case)


def _stop_all_cases_of(desk: Desk, registered: CaseRow, statement: str) -> None:
    rows = desk.session.scalars(select(CaseRow).where(CaseRow.subject_id == registered.subject_id)).all()
    for case in rows:
        if Step.OBJECT in TRANSITIONS.get(CaseState(case.state), {}):
            personal = {"statement_sha256": log.digest(statement)} if case is registered else None
            _move(desk, case, Step.OBJECT, check_step(case, Step.OBJECT), personal=personal)
            _move(desk, case, Step.STOP, check_step(case, Step.STOP))


def _move(desk: Desk, case: CaseRow, step: Step, target: CaseState, *, personal: dict[str, Any] | None = None) -> None:
    before = case.state
    case.state, case.state_since, case.due_on = target.value, desk.now, due_in_state(target, desk.today, desk.project.screening.review)
    desk.session.flush()
    _log(desk, case, STEPS[step].audit, details={"step": step.value, "from": before, "to": target.value}, personal=personal)


def _log(desk: Desk, case: CaseRow, action: str, *, details: dict[str, Any], personal: dict[str, Any] | None = None) -> None:
    event = log.Event(action, actor=desk.account.id, role=desk.account.role, case_id=case.id, details=details)
    log.record(desk.session, event, now=desk.now, about=log.About(desk.keys, case.subject_id, personal))


def _new_reason_mark(desk: Desk, case: CaseForReview, words: str) -> str:
    mark = desk.keys.mark(words, of=desk.account.id)
    used = select(DecisionRow.id).where(
        DecisionRow.account_id == desk.account.id, DecisionRow.reason_mark == mark, DecisionRow.case_id != case.id
    )
    if desk.session.scalar(used) is not None:
        raise ReviewError("TID704", "you gave exactly this reason in another case. Write what is true of this one.")
    return mark


def _checked_text(text: str, *, what: str, at_least: int) -> str:
    words = check_length(text, what=what, at_least=at_least)
    if holds_national_id(words):
        raise ReviewError(
            "TID707", f"{what} holds what looks like a national identity number. Leave it out; the case already says who it is about."
        )
    return words
