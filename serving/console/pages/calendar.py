"""What lies ahead in one's own cases, week by week: a plain list with week numbers and holidays."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.cases.calendar import list_appointments
from serving.console.rendering import page
from serving.console.weeks import weeks_of
from serving.http.dependencies import DeskOf

router = APIRouter()


@router.get("/calendar")
def calendar(desk: DeskOf, request: Request) -> HTMLResponse:
    """Show what should have been done, then the weeks ahead."""
    found = list_appointments(desk)
    return page(
        request,
        "calendar.html",
        account=desk.account,
        late=[one for one in found if one.on < desk.today],
        weeks=weeks_of(found, today=desk.today),
        today=desk.today,
    )
