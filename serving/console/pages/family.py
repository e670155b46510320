"""The sheet that a family gets: what happened and what they can do, in plain words. Nothing on it is about anybody."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.console.rendering import page
from serving.http.dependencies import FoundCallerOf

router = APIRouter()


@router.get("/family-sheet")
def family_sheet(request: Request, account: FoundCallerOf) -> HTMLResponse:
    """Show the sheet, to print in the language that the family reads best."""
    return page(request, "family_sheet.html", account=account)
