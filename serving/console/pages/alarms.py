"""The data protection officer's alarms: who looked at far more than their work explains. Nothing of what they looked at."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from serving.access import alarms
from serving.console.pages.cases import CHANGING
from serving.console.rendering import go_to, page
from serving.http.dependencies import DeskOf

router = APIRouter(prefix="/alarms")


@router.get("")
def show(desk: DeskOf, request: Request) -> HTMLResponse:
    """List alarms: those that nobody looked into first."""
    lines = alarms.list_alarms(desk)
    return page(
        request,
        "alarms.html",
        account=desk.account,
        waiting=[line for line in lines if line.seen_at is None],
        seen=[line for line in lines if line.seen_at is not None],
    )


@router.post("/{alarm_id}/seen", dependencies=CHANGING)
def mark_seen(desk: DeskOf, alarm_id: str) -> RedirectResponse:
    """Note that the officer looked into it."""
    alarms.mark_seen(desk, alarm_id)
    return go_to("/alarms")
