"""One case: open it with a stated need, write one's own view, then see the proposal and decide.

Every form carries the version of the case that it was made from. A form that can't be saved comes back with what was written; a saved
one sends the reader on, so that loading the page again saves nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, cast, get_args

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse

from features.errors import ReviewError
from serving.cases import service
from serving.cases.pages import CasePage, Inclination
from serving.cases.states import DECISIONS, STEPS, CaseState, Step
from serving.console.forms import EMPTY, Draft, error_of, find_errors
from serving.console.language import Tongue
from serving.console.rendering import go_to, page, tongue_of
from serving.dependencies import DeskOf, checked_csrf
from serving.desk import Desk

router = APIRouter(prefix="/cases/{case_id}")

Version = Annotated[int, Form()]
Text = Annotated[str, Form()]
TongueOf = Annotated[Tongue, Depends(tongue_of)]
CHANGING = [Depends(checked_csrf)]

_STAGE_OF_WORK = {
    CaseState.ASSIGNED: "open",
    CaseState.OWN_VIEW: "own_view",
    CaseState.IN_REVIEW: "proposal",
    CaseState.NO_NEED: "decision",
    CaseState.WRONG_BASIS: "decision",
    CaseState.FOLLOWED_ALREADY: "decision",
    CaseState.NO_LEGAL_BASIS: "decision",
    CaseState.NEEDS_SECOND_READER: "decision",
    CaseState.WONDERING: "decision",
}
"""Which of the four steps at the top of the page a state belongs to."""


@router.get("")
def read_case(desk: DeskOf, request: Request, case_id: str) -> HTMLResponse:
    """Show what this reader may see of the case now."""
    return _case_page(desk, request, case_id)


@router.post("/assign", dependencies=CHANGING)
def assign(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version) -> Response:
    """Take a case."""
    return _save(desk, request, case_id, Draft(), lambda: service.assign(desk, case_id, version=version), text="main", t=t)


@router.post("/open", dependencies=CHANGING)
def open_case(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, need_to_know: Text = "") -> Response:
    """Open a case with a stated need."""
    values = {"need_to_know": need_to_know}
    draft = Draft(values, find_errors(values, texts=values, t=t))
    return _save(
        desk,
        request,
        case_id,
        draft,
        lambda: service.open_case(desk, case_id, need_to_know=need_to_know, version=version),
        text="need_to_know",
        t=t,
    )


@router.post("/own-view", dependencies=CHANGING)
def save_own_view(
    desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, text: Text = "", inclination: Text = ""
) -> Response:
    """Save what the reader knows, before the proposal is shown."""
    values = {"text": text, "inclination": inclination}
    draft = Draft(values, find_errors(values, texts=("text",), choices={"inclination": get_args(Inclination)}, t=t))
    leaning = cast("Inclination", inclination)
    return _save(
        desk,
        request,
        case_id,
        draft,
        lambda: service.save_own_view(desk, case_id, text=text, inclination=leaning, version=version),
        text="text",
        t=t,
    )


@router.post("/decide", dependencies=CHANGING)
def decide(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, step: Text = "", reason: Text = "") -> Response:
    """Decide this one case."""
    values = {"step": step, "reason": reason}
    draft = Draft(values, find_errors(values, texts=("reason",), choices={"step": [s.value for s in DECISIONS]}, t=t))
    return _save(
        desk,
        request,
        case_id,
        draft,
        lambda: service.decide(desk, case_id, step=Step(step), reason=reason, version=version),
        text="reason",
        t=t,
    )


@router.post("/close", dependencies=CHANGING)
def close(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version) -> Response:
    """Close a decided case."""
    return _save(desk, request, case_id, Draft(), lambda: service.close(desk, case_id, version=version), text="main", t=t)


@router.post("/objection", dependencies=CHANGING)
def register_objection(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, statement: Text = "") -> Response:
    """Register that the person or a guardian says no."""
    values = {"statement": statement}
    draft = Draft(values, find_errors(values, texts=values, t=t))
    return _save(
        desk,
        request,
        case_id,
        draft,
        lambda: service.register_objection(desk, case_id, statement=statement, version=version),
        text="statement",
        t=t,
    )


def _save(
    desk: Desk, request: Request, case_id: str, draft: Draft, step: Callable[[], CasePage], *, text: str, t: Tongue
) -> HTMLResponse | Response:
    """Take a step whole or not at all; show the form again when it has errors or the service refuses."""
    if draft.errors:
        return _case_page(desk, request, case_id, draft, status=422)
    try:
        with desk.session.begin_nested():
            step()
    except ReviewError as refusal:
        errors = error_of(refusal, text=text, t=t)
        return _case_page(desk, request, case_id, Draft(draft.values, errors), status=409 if "main" in errors else 422)
    return go_to(f"/cases/{case_id}")


def _case_page(desk: Desk, request: Request, case_id: str, draft: Draft = EMPTY, *, status: int = 200) -> HTMLResponse:
    case, t = service.read_case(desk, case_id), tongue_of(request)
    return page(
        request,
        "case.html",
        account=desk.account,
        status=status,
        path=f"/cases/{case_id}",
        case=case,
        decisions=[(step.value, t.words(STEPS[step].wording)) for step in case.steps if step in DECISIONS],
        draft=draft,
        stage_of_work=_STAGE_OF_WORK.get(case.row.state) if case.row.is_mine else None,
        today=desk.today,
    )
