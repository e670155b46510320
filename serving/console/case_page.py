"""The page of one case, and what happens when a form on it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from features.errors import ReviewError
from serving.access.desk import Desk
from serving.access.permissions import Action, can
from serving.cases import handover, service
from serving.cases.pages import CasePage
from serving.cases.states import DECISIONS, STEPS, CaseState, Step
from serving.cases.wording import services_here
from serving.console.forms import EMPTY, Content, Draft, Fields, Filled, error_of
from serving.console.language import Tongue
from serving.console.rendering import SECTORS, go_to, page, tongue_of
from serving.console.services import relevant_first
from serving.console.stages import WITH_OTHERS, stage_of_work
from serving.console.timeline import build_timeline

NOBODY = "nobody"
"""What a reader chooses who follows up without handing anything to another service."""

SAID = {"rescored": ("correction.proposed_again", CaseState.NEW)}
"""Name in the address -> key of the words, and the state in which they are true: an address can be kept and opened later."""

NO_FIELDS: Fields = MappingProxyType({})


def show_case(desk: Desk, request: Request, case_id: str, draft: Draft = EMPTY) -> HTMLResponse:
    """Show what this reader may see of the case now."""
    case, t = service.read_case(desk, case_id), tongue_of(request)
    relevant, others = ([], []) if case.proposal is None else relevant_first(desk.project, case.proposal)
    return page(
        request,
        "case.html",
        account=desk.account,
        status=draft.status,
        path=f"/cases/{case_id}",
        case=case,
        draft=draft,
        timeline=None if case.proposal is None else build_timeline(t, case.proposal),
        relevant=relevant,
        others=others,
        stage_of_work=stage_of_work(case.row.state) if case.row.is_mine else None,
        today=desk.today,
        said=_said(request, case),
        back=list_of(desk, case),
        place=next((place for place in desk.project.screening.municipality if place.number == case.municipality), None),
        review=desk.project.screening.review,
        may_learn_who=can(desk.account, Action.REVEAL_IDENTITY)
        and request.app.state.identities is not None
        and case.subject_id is not None,
        may_give_report=can(desk.account, Action.GIVE_PERSON_REPORT) and case.row.is_mine and not case.row.is_second_reading,
        **_offers(desk, case, t),
    )


def take_step(
    desk: Desk,
    request: Request,
    case_id: str,
    filled: Filled[Content],
    step: Callable[[Content], object],
    *,
    text: str,
    t: Tongue,
    fields: Fields = NO_FIELDS,
    said: str | None = None,
) -> Response:
    """Take a step whole or not at all; show the form again when it has errors or the service refuses.

    Parameters
    ----------
    step
        Takes the step; may give the path of the page that follows, where that is not the case's own.
    text, fields
        As in `serving.console.forms.error_of`.
    said
        What the page that follows says of it, where the case itself does not show what happened; one of `SAID`.
    """
    if filled.content is None or filled.draft.errors:
        return show_case(desk, request, case_id, filled.draft)
    try:
        with desk.session.begin_nested():
            elsewhere = step(filled.content)
    except ReviewError as refusal:
        errors = error_of(refusal, text=text, t=t, fields=fields)
        return show_case(desk, request, case_id, Draft(filled.draft.values, errors))
    return go_to(elsewhere if isinstance(elsewhere, str) else f"/cases/{case_id}" + ("" if said is None else f"?said={said}"))


def _said(request: Request, case: CasePage) -> str | None:
    """Give the key of what a step before came to; None where the case has moved on since."""
    key, state = SAID.get(request.query_params.get("said", ""), ("", None))
    return key if state is case.row.state else None


def list_of(desk: Desk, case: CasePage) -> str:
    """Say which list the reader came from."""
    return "/second-readings" if case.row.is_second_reading or not can(desk.account, Action.LIST_CASES) else "/queue"


def _offers(desk: Desk, case: CasePage, t: Tongue) -> dict[str, Any]:
    """Say what the case's forms offer to choose from."""
    levels = [step for step in handover.LEVELS if step in case.steps]
    names = _names_of_services(desk, case, t)
    return {
        "decisions": [(step.value, t.words(STEPS[step].wording)) for step in case.steps if step in DECISIONS],
        "hints": {step.value: t(f"decide.hint.{step.value}") for step in case.steps if step in (*DECISIONS, *handover.LEVELS)},
        "levels": [(step.value, t.words(STEPS[step].wording)) for step in levels],
        "holders": _holders(desk, case, levels, names, t) if levels else [],
        "services_here": list(names.items()),
        "indicators": [(line.code, t.words(line.label)) for line in case.correctable],
        "evaluate_from": _evaluate_from(case),
        "shows_proposal_first": not _has_met_the_family(case),
        "is_with_others": _is_with_others(case),
    }


def _holders(desk: Desk, case: CasePage, levels: list[Step], names: Mapping[str, str], t: Tongue) -> list[tuple[str, str]]:
    found = [(login, f"{names.get(code, code)} ({login})") for login, code in handover.list_relay_holders(desk, case.row.case_id)]
    return [*found, (NOBODY, t("handover.nobody"))] if Step.HAND_OVER_1 in levels else found


def _names_of_services(desk: Desk, case: CasePage, t: Tongue) -> dict[str, str]:
    return {line.code: t.words(line.name) for line in services_here(desk.project, municipality=case.municipality, sectors=SECTORS)}


def _evaluate_from(case: CasePage) -> date | None:
    """Say from which day the measure that runs can be evaluated."""
    running = case.follow_up.handover
    return None if running is None else running.made_at.date() + handover.FIRST_LOOK


def _is_with_others(case: CasePage) -> bool:
    """Answer whether somebody else has to do something before this reader does."""
    if case.row.is_second_reading:
        return not {Step.TAKE_SECOND_READING, Step.SAVE_SECOND_VIEW} & set(case.steps)
    return case.row.state in WITH_OTHERS


def _has_met_the_family(case: CasePage) -> bool:
    """Answer whether the talk is what the case is about by now, and no longer the proposal."""
    return case.follow_up.informed is not None
