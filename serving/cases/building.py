"""Build what a reader sees of a case. Nothing is decided here; what may be seen comes from policies."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter

from serving.access.desk import Desk
from serving.access.permissions import Action, can
from serving.cases import follow_up
from serving.cases.access import (
    CaseForReview,
    CaseForSecondReading,
    CaseInQueue,
    CaseOfObjection,
    answered_objection,
    answers_objection,
    is_second_reading,
)
from serving.cases.history import history_of
from serving.cases.pages import CasePage, FollowUp, IndicatorLine, OwnViewText, ProposalView, QueueRow
from serving.cases.policies import (
    can_see_proposal,
    check_can_see_proposal,
    check_goes_on_to_reader,
    check_readable,
    has_second_view,
    is_to_be_opened,
    steps_open_to_people,
)
from serving.cases.proposal import Proposal, build_view, visible_indicators
from serving.cases.reading import find_decision, find_view, find_view_text, is_readable, unseal
from serving.cases.states import BEFORE_THE_PROPOSAL, OPEN_STATES, SEALED, STATES, STEPS, Actor, CaseState, Step
from serving.cases.wording import outcome_label, stage_label
from serving.errors import NotFoundError
from serving.scoring.suspensions import check_not_suspended, is_suspended
from serving.storage.tables import CaseRow, ScreeningRow

AnyCase = CaseInQueue | CaseForReview | CaseForSecondReading | CaseOfObjection

_NEEDS: dict[Step, Action] = {Step.ASSIGN: Action.TAKE_CASES, Step.OBJECT: Action.REGISTER_OBJECTIONS}
"""Permission that a step takes which needs no case of one's own."""

_NEEDS_OF: dict[Actor, Action] = {
    Actor.REVIEWER: Action.REVIEW_CASES,
    Actor.SECOND_READER: Action.SECOND_READ,
}
"""Permission that every other step takes, by who takes it."""


def build_row(desk: Desk, case: CaseRow) -> QueueRow:
    """Build a queue row: nothing in it is about the person but that the case exists."""
    state, screening = CaseState(case.state), desk.session.get_one(ScreeningRow, case.screening_id)
    is_second = is_second_reading(desk.account, case) and can(desk.account, Action.SECOND_READ)
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
        is_mine=desk.account.id in (case.assignee_id, case.second_reader_id),
        is_unassigned=(case.second_reader_id if is_second else case.assignee_id) is None,
        is_reminded=case.reminded_on is not None,
        is_second_reading=is_second,
    )


def build_page(desk: Desk, case: AnyCase) -> CasePage:
    """Build a case's page: its content for those who read it, that it exists for the others in reach."""
    if CaseState(case.state) in SEALED:
        return _page(desk, case, is_reader=False, decides=False, is_mine=case.assignee_id == desk.account.id)
    if case.assignee_id == desk.account.id:
        return _page(desk, case, is_reader=case.sealed_need is not None, decides=True, is_mine=True)
    is_reader = desk.account.id == case.second_reader_id and is_second_reading(desk.account, case)
    return _page(desk, case, is_reader=is_reader, decides=False, is_mine=False)


def show_proposal(desk: Desk, case: CaseForReview | CaseForSecondReading) -> ProposalView:
    """Show the proposal alone.

    Raises
    ------
    ReviewError
        TID702 before the own view, TID708 when the content is gone, TID770 while proposals are stopped here, TID783 before the decision in
        a case of study mode; TID786 and TID788 in a decided case that was passed on to this reader.
    """
    has_own_view = find_view(desk, case, desk.account.id) is not None
    if not has_own_view and took_over(desk, case):
        check_goes_on_to_reader(case)
    check_can_see_proposal(case, has_own_view=has_own_view)
    check_not_suspended(desk.session, model_name=model_of(desk, case), municipality=case.municipality)
    found = find_proposal(desk, case)
    if found is None:
        raise NotFoundError
    return build_view(desk.project, found, municipality=case.municipality)


def took_over(desk: Desk, case: CaseRow) -> bool:
    """Answer whether this reader has a case that somebody else had read, written their view of and decided in this round."""
    return (
        case.assignee_id == desk.account.id
        and CaseState(case.state) not in BEFORE_THE_PROPOSAL
        and find_view(desk, case, desk.account.id) is None
    )


def get_own_view(desk: Desk, case: CaseForReview) -> OwnViewText:
    """Give the reader's own view, without which nothing is decided.

    Raises
    ------
    ReviewError
        TID702 before the own view, TID708 when the content is gone.
    """
    found = find_view_text(desk, case, desk.account.id)
    if find_view(desk, case, desk.account.id) is None:
        check_can_see_proposal(case, has_own_view=False)
    check_readable(case)
    if found is None:
        raise NotFoundError
    return found


def find_proposal(desk: Desk, case: CaseRow) -> Proposal | None:
    """Read the sealed proposal; None where it was purged or the person's key is gone."""
    if case.sealed_proposal is None or not is_readable(desk, case):
        return None
    return Proposal.from_json(unseal(desk, case, case.sealed_proposal))


def correctable_indicators(desk: Desk, case: CaseRow) -> tuple[IndicatorLine, ...]:
    """List the indicators that this case shows, as reasons or as missing: those whose information can be reported as wrong."""
    proposal = find_proposal(desk, case)
    return () if proposal is None else visible_indicators(proposal)


def shown(page: CasePage) -> dict[str, Any] | None:
    """Give what goes into the log, sealed, of a proposal that was shown: the digest of exactly that."""
    return None if page.proposal is None else shown_digest(page.proposal)


def shown_digest(view: ProposalView) -> dict[str, Any]:
    """Digest a proposal as shown, so that it can be proved later which one a reader saw."""
    return {"proposal_sha256": sha256(_view_adapter().dump_json(view)).hexdigest()}


@cache
def _view_adapter() -> TypeAdapter[ProposalView]:
    return TypeAdapter(ProposalView)


def _page(desk: Desk, case: AnyCase, *, is_reader: bool, decides: bool, is_mine: bool) -> CasePage:
    """Build a page for the one who decides, the one who reads second, or somebody who sees that the case exists.

    Parameters
    ----------
    is_mine
        Whether this person took the case, also where its content is shown to nobody.
    """
    is_stopped = is_suspended(desk.session, model_name=model_of(desk, case), municipality=case.municipality)
    own_view = find_view_text(desk, case, desk.account.id) if decides or is_reader else None
    other = case.second_reader_id if decides else case.assignee_id
    shows_proposal = is_reader and can_see_proposal(case, has_own_view=own_view is not None, is_suspended=is_stopped)
    proposal = find_proposal(desk, case) if shows_proposal else None
    goes_on = decides and not is_to_be_opened(case)
    is_wrong = decides and CaseState(case.state) is CaseState.WRONG_BASIS and shows_proposal
    return CasePage(
        row=build_row(desk, case),
        version=case.version,
        municipality=case.municipality,
        subject_id=case.subject_id if is_reader else None,
        need_to_know=unseal(desk, case, case.sealed_need) if decides and is_reader and is_readable(desk, case) else None,
        own_view=own_view,
        other_view=find_view_text(desk, case, other) if own_view is not None and has_second_view(case) else None,
        proposal=None if proposal is None else build_view(desk.project, proposal, municipality=case.municipality),
        decision=find_decision(desk, case) if goes_on else None,
        needs_second_reader=case.needs_second_reader,
        steps=tuple(step for step in _steps(desk, case, is_mine=is_mine) if not (is_stopped and step is Step.ASSIGN)),
        history=history_of(desk.session, case.id) if is_mine else (),
        is_purged=case.purged_at is not None,
        is_without_proposal=case.without_proposal and (decides or is_reader),
        is_suspended=is_stopped and (decides or is_reader or case.state == CaseState.NEW),
        correctable=correctable_indicators(desk, case) if is_wrong else (),
        correction=follow_up.find_correction(desk, case) if goes_on else None,
        follow_up=follow_up.build_follow_up(desk, case) if goes_on else FollowUp(),
    )


def _steps(desk: Desk, case: CaseRow, *, is_mine: bool) -> tuple[Step, ...]:
    known = follow_up.known_of(desk, case)
    return tuple(step for step in steps_open_to_people(case, known=known) if _may(desk, case, step, is_mine=is_mine))


def _may(desk: Desk, case: CaseRow, step: Step, *, is_mine: bool) -> bool:
    """Answer whether this person, as they stand to the case, is the one who takes a step."""
    if STEPS[step].by is Actor.WHO_SEES_THAT_IT_WAITS:
        return False  # offered in the list of what waits, which shows nothing of a case; no page of one leads there
    if STEPS[step].by is Actor.LEADER:
        return not is_mine and answers_objection(desk.session, desk.account, case)
    if not is_mine and answered_objection(desk.session, desk.account, case):
        return False
    if step in _NEEDS:
        return can(desk.account, _NEEDS[step]) and not is_second_reading(desk.account, case)
    by = STEPS[step].by
    is_the_one = {
        Actor.REVIEWER: is_mine or (step is Step.RESUME and case.assignee_id is None),
        Actor.SECOND_READER: not is_mine and case.second_reader_id in (None, desk.account.id),
    }
    return is_the_one[by] and can(desk.account, _NEEDS_OF[by])


def model_of(desk: Desk, case: AnyCase) -> str:
    """Name the model that proposed a case."""
    return desk.session.get_one(ScreeningRow, case.screening_id).model_name
