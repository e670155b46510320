"""Build what a reader sees of a case. Nothing is decided here; what may be seen comes from policies."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select

from serving.cases.access import CaseForReview, CaseInQueue
from serving.cases.history import history_of
from serving.cases.pages import CasePage, DecisionText, OwnViewText, ProposalView, QueueRow
from serving.cases.policies import can_see_proposal, check_can_see_proposal, steps_open_to_people
from serving.cases.proposal import Proposal, build_view
from serving.cases.states import OPEN_STATES, STATES, STEPS, Actor, CaseState, Step
from serving.cases.wording import outcome_label, stage_label
from serving.desk import Desk
from serving.errors import NotFoundError
from serving.permissions import Action, can
from serving.tables import CaseRow, DecisionRow, OwnViewRow, ScreeningRow

_NEEDS: dict[Step, Action] = {Step.ASSIGN: Action.TAKE_CASES, Step.OBJECT: Action.REGISTER_OBJECTIONS}
"""Permission that a step takes which needs no case of one's own."""

_NEEDS_OF: dict[Actor, Action] = {
    Actor.REVIEWER: Action.REVIEW_CASES,
    Actor.SECOND_READER: Action.SECOND_READ,
    Actor.LEADER: Action.ANSWER_OBJECTIONS,
}
"""Permission that every other step takes, by who takes it."""


def build_row(desk: Desk, case: CaseRow) -> QueueRow:
    """Build a queue row: nothing in it is about the person but that the case exists."""
    state, screening = CaseState(case.state), desk.session.get_one(ScreeningRow, case.screening_id)
    return QueueRow(
        case_id=case.id,
        reference=case.reference,
        state=state,
        state_label=STATES[state].wording,
        stage_label=stage_label(desk.project, screening.stage),
        outcome_label=outcome_label(desk.project, screening.outcome),
        as_of=screening.as_of,
        created_on=case.created_at.date(),
        due_on=case.due_on,
        is_overdue=state in OPEN_STATES and case.due_on is not None and case.due_on < desk.today,
        expires_on=case.expires_on,
        is_mine=case.assignee_id == desk.account.id,
        is_unassigned=case.assignee_id is None,
    )


def build_page(desk: Desk, case: CaseInQueue | CaseForReview) -> CasePage:
    """Build a case's page: its content for the one who took it, that it exists for the others in reach."""
    is_mine = case.assignee_id == desk.account.id
    is_opened = is_mine and case.sealed_need is not None
    own_view = _own_view(desk, case) if is_mine else None
    return CasePage(
        row=build_row(desk, case),
        version=case.version,
        municipality=case.municipality,
        subject_id=case.subject_id if is_opened else None,
        need_to_know=_unseal(desk, case, case.sealed_need) if is_opened and _is_readable(desk, case) else None,
        own_view=own_view,
        proposal=_proposal(desk, case) if is_mine and can_see_proposal(case, has_own_view=own_view is not None) else None,
        decision=_decision(desk, case) if is_mine else None,
        needs_second_reader=case.needs_second_reader,
        steps=tuple(s for s in steps_open_to_people(case) if _may(desk, s, is_mine=is_mine)),
        history=history_of(desk.session, case.id) if is_mine else (),
        is_purged=case.purged_at is not None,
    )


def show_proposal(desk: Desk, case: CaseForReview) -> ProposalView:
    """Show the proposal alone.

    Raises
    ------
    ReviewError
        TID702 before the own view, TID708 when the content is gone.
    """
    check_can_see_proposal(case, has_own_view=_find_own_view(desk, case) is not None)
    found = _proposal(desk, case)
    if found is None:
        raise NotFoundError
    return found


def get_own_view(desk: Desk, case: CaseForReview) -> OwnViewText:
    """Give the reader's own view, without which nothing is shown or decided.

    Raises
    ------
    ReviewError
        TID702 before the own view, TID708 when the content is gone.
    """
    found = _own_view(desk, case)
    check_can_see_proposal(case, has_own_view=found is not None)
    if found is None:
        raise NotFoundError
    return found


def shown(page: CasePage) -> dict[str, Any] | None:
    """Give what goes into the log, sealed, of a proposal that was shown: the digest of exactly that."""
    return None if page.proposal is None else shown_digest(page.proposal)


def shown_digest(view: ProposalView) -> dict[str, Any]:
    """Digest a proposal as shown, so that it can be proved later which one a reader saw."""
    return {"proposal_sha256": sha256(_view_adapter().dump_json(view)).hexdigest()}


@cache
def _view_adapter() -> TypeAdapter[ProposalView]:
    return TypeAdapter(ProposalView)


def _may(desk: Desk, step: Step, *, is_mine: bool) -> bool:
    if step in _NEEDS:
        return can(desk.account, _NEEDS[step])
    by = STEPS[step].by
    return is_mine is (by is Actor.REVIEWER) and can(desk.account, _NEEDS_OF[by])


def _is_readable(desk: Desk, case: CaseRow) -> bool:
    return desk.keys.find(desk.session, case.subject_id) is not None


def _unseal(desk: Desk, case: CaseRow, sealed: bytes | None) -> Any:
    return None if sealed is None else desk.keys.unseal(desk.session, case.subject_id, sealed)


def _proposal(desk: Desk, case: CaseRow) -> ProposalView | None:
    if case.sealed_proposal is None or not _is_readable(desk, case):
        return None
    proposal = Proposal.from_json(_unseal(desk, case, case.sealed_proposal))
    return build_view(desk.project, proposal, municipality=case.municipality)


def _find_own_view(desk: Desk, case: CaseRow) -> OwnViewRow | None:
    return desk.session.scalar(select(OwnViewRow).where(OwnViewRow.case_id == case.id, OwnViewRow.account_id == desk.account.id))


def _own_view(desk: Desk, case: CaseRow) -> OwnViewText | None:
    row = _find_own_view(desk, case)
    if row is None or not _is_readable(desk, case):
        return None
    content = _unseal(desk, case, row.sealed)
    return OwnViewText(content["text"], content["inclination"], row.written_at)


def _decision(desk: Desk, case: CaseRow) -> DecisionText | None:
    row = desk.session.scalar(select(DecisionRow).where(DecisionRow.case_id == case.id).order_by(DecisionRow.decided_at.desc()))
    if row is None or not _is_readable(desk, case):
        return None
    step = Step(row.step)
    return DecisionText(step, STEPS[step].wording, _unseal(desk, case, row.sealed), row.decided_at)
