"""The sheet that a family gets: what happened and what they can do, in plain words. Nothing on it is about anybody."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from serving.console.language import Language, tongue
from serving.console.papers.making import build_paper
from serving.console.rendering import environment, page, paper_response, tongue_of
from serving.http.dependencies import FoundCallerOf

router = APIRouter()


@router.get("/family-sheet")
def family_sheet(request: Request, account: FoundCallerOf) -> HTMLResponse:
    """Show the sheet, to print in the language that the family reads best."""
    return page(request, "family_sheet.html", account=account)


@router.get("/family-sheet.pdf")
def family_sheet_paper(request: Request, account: FoundCallerOf) -> Response:
    """Give the sheet as a PDF that a screen reader reads as well as the page; the words are the page's own."""
    t = tongue_of(request)
    return paper_response(_sheet(t.language), name=t("sheet.file"), language=t.language)


@cache
def _sheet(language: Language) -> bytes:
    """Make the sheet once: it is about nobody, and the same for everybody who reads a language."""
    t = tongue(language)
    return build_paper(environment().get_template("family_sheet_body.html").render(t=t), language=language, title=t("sheet.title"))
