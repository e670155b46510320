"""The relay holder's pages: whom they follow up, and what was agreed, while a consent that names their service holds. Never the model's."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.cases import handover
from serving.cases.wording import services_here
from serving.console.rendering import SECTORS, page, tongue_of
from serving.http.dependencies import DeskOf

router = APIRouter(prefix="/handovers")


@router.get("")
def handovers(desk: DeskOf, request: Request) -> HTMLResponse:
    """List what this relay holder may read today."""
    return page(request, "handovers.html", account=desk.account, handovers=handover.list_handovers(desk), today=desk.today)


@router.get("/{handover_id}")
def read(desk: DeskOf, request: Request, handover_id: str) -> HTMLResponse:
    """Show what was agreed, how far the consent reaches, and until when."""
    t, shown = tongue_of(request), handover.read_handover(desk, handover_id)
    services = services_here(desk.project, municipality=desk.account.municipality, sectors=SECTORS)
    return page(
        request,
        "handover.html",
        account=desk.account,
        handover=shown,
        services_here=[(line.code, t.words(line.name)) for line in services],
        today=desk.today,
    )
