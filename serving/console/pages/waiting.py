"""Cases that wait too long or were left: which they are and with whom, and the form that passes one on. Nothing of what is in them.

A leader finds the list on their own page; those of persons with a protected address have a page for the shielded caseworkers.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from features.errors import ReviewError
from serving.access.desk import Desk
from serving.access.permissions import Action, can
from serving.cases import overdue, passing_on
from serving.cases.pages import OverdueLine
from serving.cases.states import Step
from serving.console.forms import EMPTY, Draft, Fields, error_of, read_texts
from serving.console.pages.cases import CHANGING, Text, TongueOf, Version
from serving.console.rendering import go_to, page
from serving.errors import NotFoundError
from serving.http.dependencies import DeskOf

router = APIRouter(prefix="/overdue")

_PASS_ON: Fields = {"TID787": ("to", "problem.choose.to")}


@router.get("")
def list_overdue(desk: DeskOf, request: Request) -> HTMLResponse:
    """List the cases that wait too long or were left."""
    return page(request, "overdue.html", account=desk.account, overdue=overdue.list_overdue(desk), today=desk.today)


@router.get("/{case_id}")
def show_pass_on(desk: DeskOf, request: Request, case_id: str) -> HTMLResponse:
    """Show where one case stands, and who can take it over."""
    return _pass_on_page(desk, request, case_id)


@router.post("/{case_id}/pass-on", dependencies=CHANGING)
def pass_on(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, to: Text = "", reason: Text = "") -> Response:
    """Pass a case on to somebody else."""
    offered = [line.login for line in passing_on.list_successors(desk, case_id)]
    filled = read_texts({"to": to, "reason": reason}, texts=("reason",), choices={"to": offered}, t=t)
    if filled.content is None:
        return _pass_on_page(desk, request, case_id, filled.draft)
    try:
        with desk.session.begin_nested():
            passing_on.pass_on(desk, case_id, to=filled.content["to"], reason=filled.content["reason"], version=version)
    except ReviewError as refusal:
        errors = error_of(refusal, text="reason", t=t, fields=_PASS_ON)
        return _pass_on_page(desk, request, case_id, Draft(filled.draft.values, errors))
    return go_to(_list_of(desk))


def _pass_on_page(desk: Desk, request: Request, case_id: str, draft: Draft = EMPTY) -> HTMLResponse:
    line = _get_line(desk, case_id)
    return page(
        request,
        "pass_on.html",
        account=desk.account,
        status=draft.status,
        path=f"/overdue/{case_id}",
        back=_list_of(desk),
        line=line,
        offered=[(one.login, one.login) for one in passing_on.list_successors(desk, case_id)],
        draft=draft,
        today=desk.today,
    )


def _list_of(desk: Desk) -> str:
    return "/leader" if can(desk.account, Action.SEE_OVERDUE) else "/overdue"


def _get_line(desk: Desk, case_id: str) -> OverdueLine:
    found = next((line for line in overdue.list_overdue(desk) if line.case_id == case_id and Step.PASS_ON in line.steps), None)
    if found is None:
        raise NotFoundError
    return found
