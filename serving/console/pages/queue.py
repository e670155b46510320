"""The queue: which cases wait, for whom, until when. In order of deadline; there is no rank."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.cases import service
from serving.console.rendering import page
from serving.http.dependencies import DeskOf
from serving.scoring.suspensions import suspended_here

router = APIRouter()


@router.get("/queue")
def queue(desk: DeskOf, request: Request, said: str = "") -> HTMLResponse:
    """Show one's own cases and those that nobody took."""
    rows = service.list_queue(desk)
    return page(
        request,
        "queue.html",
        account=desk.account,
        mine=[row for row in rows if row.is_mine],
        free=[row for row in rows if row.is_unassigned],
        today=desk.today,
        is_stopped=suspended_here(desk.session, desk.account),
        has_objected=said == "objected",
    )
