"""The data protection officer's page: objections, consents, retention, and who opened what. Counts, never whose."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.access.permissions import Action, check_may
from serving.console.rendering import page
from serving.http.dependencies import DeskOf
from serving.protection.opened import WITHIN, by_role, list_opened
from serving.protection.standing import RUNS_OUT_DAYS, build_standing

router = APIRouter(prefix="/protection")


@router.get("")
def show(desk: DeskOf, request: Request) -> HTMLResponse:
    """Show how data protection stands now."""
    check_may(desk.account, Action.SEE_PROTECTION)
    standing = build_standing(desk.session, desk.account, desk.project, today=desk.today)
    opened = list_opened(desk)
    return page(
        request,
        "protection.html",
        account=desk.account,
        standing=standing,
        opened=opened,
        sums=by_role(opened),
        retention=desk.project.screening.retention,
        runs_out_days=RUNS_OUT_DAYS,
        days=WITHIN.days,
        today=desk.today,
    )
