"""The first half of a review: taking a case, opening it, one's own view, the decision. One case at a time.

All take a `Desk` and give back the case's page as this reader may now see it. `version` is `CasePage.version` as last shown. Refusals
are ReviewErrors with the codes of `serving.errors`. What comes after is in files of its own: `second_reading`, `corrections`,
`conversation`, `consents`, `handover`, `objections`.
"""

from __future__ import annotations

import secrets

from sqlalchemy import select

from features.errors import ReviewError
from serving.access.desk import Desk
from serving.access.permissions import Action
from serving.auditing import log
from serving.cases import building, exchange
from serving.cases.access import (
    CaseForReview,
    CaseForSecondReading,
    get_case_for_review,
    get_case_for_second_reading,
    get_case_in_queue,
    get_case_to_read,
    is_second_reading,
)
from serving.cases.moving import checked_text, end_handovers, log_about, move, seal, stay
from serving.cases.pages import CasePage, Inclination, ProposalView
from serving.cases.policies import MIN_REASON, MIN_TEXT, check_step, check_version
from serving.cases.shown_views import keep_shown_view
from serving.cases.states import DECISIONS, Step
from serving.scoring.suppressors import suppressors_now
from serving.scoring.suspensions import check_not_suspended
from serving.storage.tables import CaseRow, DecisionRow, OwnViewRow


def read_case(desk: Desk, case_id: str) -> CasePage:
    """Show a case of this person's list: all of it to those who read it, that it exists to the others.

    Raises
    ------
    NotFoundError
        TID710 for a case of another municipality or person, or none at all.
    """
    case = get_case_to_read(desk.session, desk.account, case_id)
    page = building.build_page(desk, case)
    if page.proposal is not None:
        keep_shown_view(desk.session, desk.keys, case, page.proposal, account_id=desk.account.id, now=desk.now)
    log_about(desk, case, "case.read", details={"proposal_shown": page.proposal is not None}, personal=building.shown(page))
    return page


def read_view(desk: Desk, case_id: str) -> ProposalView:
    """Show the model's proposal in a case that this person reads, after their own view.

    Raises
    ------
    ReviewError
        TID702 before the own view is saved, TID708 when the content was purged, TID770 while proposals are stopped here, TID783 before the
        decision in a case of study mode; in a decided case that was passed on to them TID786 before they have opened it, and from then on
        TID788, since there is no own view to save before it any more.
    """
    case = _get_case_of_reader(desk, case_id)
    view = building.show_proposal(desk, case)
    keep_shown_view(desk.session, desk.keys, case, view, account_id=desk.account.id, now=desk.now)
    log_about(desk, case, "case.proposal_read", details={}, personal=building.shown_digest(view))
    return view


def assign(desk: Desk, case_id: str, *, version: int) -> CasePage:
    """Take a new case. From now on nobody else sees it.

    Raises
    ------
    ReviewError
        TID770 while the model that proposed it is stopped here.
    """
    case = get_case_in_queue(desk.session, desk.account, case_id, action=Action.TAKE_CASES)
    check_version(case, version)
    check_not_suspended(desk.session, model_name=building.model_of(desk, case), municipality=case.municipality)
    target = check_step(case, Step.ASSIGN)
    case.assignee_id = desk.account.id
    move(desk, case, Step.ASSIGN, target)
    return building.build_page(desk, case)


def open_case(desk: Desk, case_id: str, *, need_to_know: str, version: int) -> CasePage:
    """Open a case, stating why one's work needs it (tjenstlig behov). The model's proposal stays hidden.

    A decided case that was passed on is opened where it stands, and goes on from there.

    What keeps somebody from being proposed is asked again, since weeks may lie between (R-31): a person who is followed up by now, or has
    said no elsewhere, is not looked into. The case then closes at once, and nobody is told which of these it was.

    Raises
    ------
    ReviewError
        TID703 when the stated need is shorter than 10 characters, TID707 when it holds a national identity number.
    """
    case = get_case_for_review(desk.session, desk.account, case_id)
    check_version(case, version)
    need = checked_text(need_to_know, what="the stated need", at_least=MIN_TEXT)
    target = check_step(case, Step.OPEN)
    if target == case.state:
        case.sealed_need = seal(desk, case, need)
        stay(desk, case, Step.OPEN, personal={"need_sha256": log.digest(need)})
        return building.build_page(desk, case)
    if suppressors_now(desk.project, case.subject_id, on=desk.today):
        move(desk, case, Step.LAPSE, check_step(case, Step.LAPSE))
        return building.build_page(desk, case)
    case.sealed_need = seal(desk, case, need)
    move(desk, case, Step.OPEN, target, personal={"need_sha256": log.digest(need)})
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
    target = check_step(case, Step.SAVE_OWN_VIEW)
    move(desk, case, Step.SAVE_OWN_VIEW, target, personal=add_own_view(desk, case, text, inclination))
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
    words = checked_text(reason, what="the reason", at_least=MIN_REASON)
    mark = _new_reason_mark(desk, case, words)
    desk.session.add(
        DecisionRow(
            id=secrets.token_hex(16),
            case_id=case.id,
            account_id=desk.account.id,
            step=step.value,
            sealed=seal(desk, case, words),
            reason_mark=mark,
            inclination=own_view.inclination,
            decided_at=desk.now,
        )
    )
    move(desk, case, step, target, personal={"reason_sha256": log.digest(words)})
    exchange.write_finished_table(desk.session, desk.project, keys=desk.keys)
    return building.build_page(desk, case)


def close(desk: Desk, case_id: str, *, version: int) -> CasePage:
    """Close a case that needs nothing more from this service; a handover ends with it."""
    case = get_case_for_review(desk.session, desk.account, case_id)
    check_version(case, version)
    target = check_step(case, Step.CLOSE)
    end_handovers(desk, case)
    move(desk, case, Step.CLOSE, target)
    return building.build_page(desk, case)


def add_own_view(desk: Desk, case: CaseRow, text: str, inclination: Inclination) -> dict[str, str]:
    """Keep what a reader knows and leans to in this round, sealed, and give its digest for the log."""
    content = {"text": checked_text(text, what="the own view", at_least=MIN_TEXT), "inclination": inclination}
    desk.session.add(
        OwnViewRow(
            id=secrets.token_hex(16),
            case_id=case.id,
            account_id=desk.account.id,
            round=case.round,
            sealed=seal(desk, case, content),
            written_at=desk.now,
        )
    )
    return {"own_view_sha256": log.digest(content)}


def _get_case_of_reader(desk: Desk, case_id: str) -> CaseForReview | CaseForSecondReading:
    """Give a case that this person took, or that they read second."""
    case = get_case_to_read(desk.session, desk.account, case_id)
    if is_second_reading(desk.account, case):
        return get_case_for_second_reading(desk.session, desk.account, case_id)
    return get_case_for_review(desk.session, desk.account, case_id)


def _new_reason_mark(desk: Desk, case: CaseForReview, words: str) -> str:
    mark = desk.keys.mark(words, of=desk.account.id)
    used = select(DecisionRow.id).where(
        DecisionRow.account_id == desk.account.id, DecisionRow.reason_mark == mark, DecisionRow.case_id != case.id
    )
    if desk.session.scalar(used) is not None:
        raise ReviewError("TID704", "you gave exactly this reason in another case. Write what is true of this one.")
    return mark
