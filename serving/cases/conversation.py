"""The conversation of wondering: planned, then held; the family knows what was looked at, and the young person is heard."""

from __future__ import annotations

from datetime import date

from features.errors import ReviewError
from serving.access.desk import Desk
from serving.cases import building, exchange
from serving.cases.access import get_case_for_review
from serving.cases.forms import FamilyInformed, PlannedTalk
from serving.cases.moving import add_note, checked_text, move
from serving.cases.pages import CasePage
from serving.cases.policies import MIN_TEXT, check_step, check_version
from serving.cases.states import Step


def plan_talk(desk: Desk, case_id: str, *, talk: PlannedTalk, version: int) -> CasePage:
    """Plan a conversation with the family.

    Raises
    ------
    ReviewError
        TID725 for a day that is over, TID703 when what it wonders about is shorter than 10 characters, TID707 when a text holds a national
        identity number.
    """
    case = get_case_for_review(desk.session, desk.account, case_id)
    check_version(case, version)
    target = check_step(case, Step.PLAN_TALK)
    if talk.planned_on < desk.today:
        raise date_error("the day of the conversation", f"today, {desk.today}, or later")
    about = checked_text(talk.about, what="what the conversation is about", at_least=MIN_TEXT)
    talks = checked_text(talk.talks, what="who speaks", at_least=1)
    note = talk.model_copy(update={"about": about, "talks": talks}).model_dump(mode="json")
    move(desk, case, Step.PLAN_TALK, target, personal=add_note(desk, case, Step.PLAN_TALK, note))
    return building.build_page(desk, case)


def inform_family(desk: Desk, case_id: str, *, informed: FamilyInformed, version: int) -> CasePage:
    """Record that the family was told, by whom, and how the young person was heard.

    That the young person was not heard yet can be said, with the reason; a handover then waits until they were (R-39).

    Raises
    ------
    ReviewError
        TID723 when the plain-language sheet was not given, TID725 for a day still to come or before the case came here, TID703 when how
        the young person was heard is shorter than 10 characters, TID707 when a text holds a national identity number.
    """
    case = get_case_for_review(desk.session, desk.account, case_id)
    check_version(case, version)
    target = check_step(case, Step.INFORM_FAMILY)
    if not informed.sheet_given:
        raise ReviewError(
            "TID723", "the family has to get the plain-language sheet, so that they know what was used and how to say no. Give it first."
        )
    if not case.created_at.date() <= informed.informed_on <= desk.today:
        raise date_error("the day on which the family was informed", "a day since the case came here, not later than today")
    how = checked_text(informed.child_heard_how, what="how the young person was heard", at_least=MIN_TEXT)
    talked = checked_text(informed.talked, what="who spoke", at_least=1)
    note = informed.model_copy(update={"child_heard_how": how, "talked": talked}).model_dump(mode="json")
    move(desk, case, Step.INFORM_FAMILY, target, personal=add_note(desk, case, Step.INFORM_FAMILY, note), child_heard=informed.child_heard)
    exchange.write_finished_table(desk.session, desk.project, keys=desk.keys)
    return building.build_page(desk, case)


def date_error(what: str, expected: str, *, at: date | None = None) -> ReviewError:
    """Build the refusal of a date: what it is of, and what was expected, never the date that was given."""
    return ReviewError("TID725", f"{what} lies outside what is allowed. Expected {expected}{'' if at is None else f' ({at})'}.")
