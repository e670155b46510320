"""What data may be used for: purposes with their legal bases, the data of each sector, and the controller's approval of the words."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from features.errors import ReviewError
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.console.forms import EMPTY, Draft, Fields, error_of, read_texts
from serving.console.pages.cases import CHANGING, Text, TongueOf
from serving.console.rendering import go_to, page
from serving.errors import NotFoundError
from serving.http.dependencies import CallerOf, ClockOf, DeskOf, ProjectOf, ReadingOf
from serving.purposes import approvals, data

router = APIRouter(prefix="/purposes")

_REFUSED: Fields = {"TID778": ("main", "purposes.refused.already")}


@router.get("")
def show(request: Request, account: CallerOf, session: ReadingOf, project: ProjectOf, clock: ClockOf) -> HTMLResponse:
    """Show every declared purpose, whether its words are approved, and which data may be used under it."""
    today = clock().date()
    lines = approvals.list_purposes(session, account, project, today=today)
    return page(
        request,
        "purposes.html",
        account=account,
        lines=lines,
        data={line.purpose.kind: data.data_under(project, line.purpose.kind) for line in lines},
        off=data.sectors_off(project),
        is_draft=data.is_draft,
        is_real=project.screening.project.data == "real",
        today=today,
    )


@router.get("/{digest}")
def show_one(desk: DeskOf, request: Request, digest: str) -> HTMLResponse:
    """Show one purpose's words and what the controller can do with them."""
    return _one(desk, request, digest)


@router.post("/{digest}/approve", dependencies=CHANGING)
def approve(desk: DeskOf, request: Request, t: TongueOf, digest: str) -> Response:
    """Approve the words as they stand."""
    return _do(desk, request, t, digest, EMPTY, lambda: approvals.approve(desk, digest))


@router.post("/{digest}/withdraw", dependencies=CHANGING)
def withdraw(desk: DeskOf, request: Request, t: TongueOf, digest: str, reason: Text = "") -> Response:
    """Take the approval back, with a reason; takes effect with this."""
    check_may(desk.account, Action.APPROVE_PURPOSES)
    draft = read_texts({"reason": reason}, texts=("reason",), t=t).draft
    return _do(desk, request, t, digest, draft, lambda: approvals.withdraw(desk, digest, reason=reason))


def _do(desk: Desk, request: Request, t: TongueOf, digest: str, draft: Draft, act: Callable[[], object]) -> Response:
    if draft.errors:
        return _one(desk, request, digest, draft, status=422)
    try:
        with desk.session.begin_nested():
            act()
    except ReviewError as refusal:
        errors = error_of(refusal, text="reason", fields=_REFUSED, t=t)
        return _one(desk, request, digest, Draft(draft.values, errors), status=409 if "main" in errors else 422)
    return go_to("/purposes")


def _one(desk: Desk, request: Request, digest: str, draft: Draft = EMPTY, *, status: int = 200) -> HTMLResponse:
    check_may(desk.account, Action.APPROVE_PURPOSES)
    lines = approvals.list_purposes(desk.session, desk.account, desk.project, today=desk.today)
    line = next((one for one in lines if one.digest == digest), None)
    if line is None:
        raise NotFoundError("purpose")
    is_real = desk.project.screening.project.data == "real"
    shown = {"line": line, "draft": draft, "is_real": is_real, "today": desk.today}
    return page(request, "purpose.html", account=desk.account, status=status, path=f"/purposes/{digest}", **shown)
