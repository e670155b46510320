"""How one proposal came about, for the data protection officer: break-glass with a stated reason, logged before anything is shown."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from features.errors import ReviewError
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.cases.reconstruction import Reconstruction, reconstruct
from serving.cases.wording import outcome_label, stage_label
from serving.console.forms import EMPTY, Draft, Fields, error_of, find_errors
from serving.console.pages.cases import CHANGING, Text, TongueOf
from serving.console.rendering import page
from serving.http.dependencies import DeskOf

router = APIRouter(prefix="/reconstruction")

_REFUSED: Fields = {"TID703": ("stated_reason", "problem.reason_too_short"), "TID710": ("case_id", "problem.no_such_case")}


@router.get("")
def ask(desk: DeskOf, request: Request, case_id: str = "") -> HTMLResponse:
    """Ask for the case and the reason."""
    return _page(desk, request, Draft({"case_id": case_id}))


@router.post("", dependencies=CHANGING)
def show(desk: DeskOf, request: Request, t: TongueOf, case_id: Text = "", stated_reason: Text = "") -> Response:
    """Show what is left of how the proposal came about; the answer to this form and no page of its own, so that each look is logged."""
    values = {"case_id": case_id.strip(), "stated_reason": stated_reason}
    errors = find_errors(values, texts=("stated_reason",), t=t)
    if errors:
        return _page(desk, request, Draft(values, errors))
    try:
        with desk.session.begin_nested():
            found = reconstruct(desk, values["case_id"], reason=stated_reason)
    except ReviewError as refusal:
        errors = error_of(refusal, text="stated_reason", fields=_REFUSED, t=t)
        return _page(desk, request, Draft(values, errors))
    return _page(desk, request, EMPTY, found=found)


def _page(desk: Desk, request: Request, draft: Draft, *, found: Reconstruction | None = None) -> HTMLResponse:
    check_may(desk.account, Action.RECONSTRUCT)
    words = (
        {} if found is None else {"stage": stage_label(desk.project, found.stage), "outcome": outcome_label(desk.project, found.outcome)}
    )
    return page(
        request,
        "reconstruction.html",
        account=desk.account,
        status=draft.status,
        path="/reconstruction",
        draft=draft,
        found=found,
        **words,
    )
