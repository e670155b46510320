"""The leader's pages: objections that wait for an answer, what is past its deadline, how many were proposed; never what is in a case.

Objections of persons with a protected address have a list of their own, for the shielded caseworkers who answer them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from features.errors import ReviewError
from serving.access.accounts import Account
from serving.access.desk import Desk
from serving.access.permissions import Action, can
from serving.aggregates import overview
from serving.api.identities import ForgetOf
from serving.cases import objections, overdue
from serving.cases.access import get_case_of_objection
from serving.cases.pages import CasePage, ObjectionLine
from serving.console.confirmation import read_confirmation
from serving.console.forms import EMPTY, Draft, Filled, error_of, read_texts
from serving.console.language import Tongue
from serving.console.pages.cases import CHANGING, Text, TongueOf, Version
from serving.console.rendering import go_to, page
from serving.console.shown_models import list_shown, list_waiting
from serving.errors import NotFoundError
from serving.http.dependencies import DeskOf

router = APIRouter()


@router.get("/leader")
def leader(desk: DeskOf, request: Request) -> HTMLResponse:
    """Show what waits for the leader, and how the service is used here."""
    here = desk.account.municipality or ""
    return page(
        request,
        "leader.html",
        account=desk.account,
        objections=objections.list_objections(desk),
        overdue=overdue.list_overdue(desk),
        screenings=[
            line for line in overview.list_screenings(desk.session, desk.account, desk.project) if here in line.cases_by_municipality
        ],
        place=next((place for place in desk.project.screening.municipality if place.number == here), None),
        period=desk.project.screening.review.capacity_period,
        today=desk.today,
        models=list_shown(desk.project),
        waiting=list_waiting(desk.project, now=desk.now),
    )


@router.get("/objections")
def list_objections(desk: DeskOf, request: Request) -> HTMLResponse:
    """List the objections that this person answers."""
    return page(request, "objections.html", account=desk.account, objections=objections.list_objections(desk), today=desk.today)


@router.get("/objections/{case_id}")
def show_objection(desk: DeskOf, request: Request, case_id: str) -> HTMLResponse:
    """Show one objection's statement and the two answers that there are."""
    return _objection_page(desk, request, case_id)


@router.post("/objections/{case_id}/uphold", dependencies=CHANGING)
def uphold(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, reason: Text = "") -> Response:
    """Answer that weighty reasons let the processing go on, in writing."""
    filled = read_texts({"reason": reason}, texts=("reason",), t=t)

    def answer(told: Mapping[str, str]) -> CasePage:
        return objections.uphold_processing(desk, case_id, reason=told["reason"], version=version)

    return _answer(desk, request, case_id, filled, answer, t)


@router.post("/objections/{case_id}/erase", dependencies=CHANGING)
def erase(
    desk: DeskOf,
    request: Request,
    t: TongueOf,
    forget: ForgetOf,
    case_id: str,
    version: Version,
    reference: Text = "",
    understood: Text = "",
) -> Response:
    """Uphold the objection: everything about the person here is erased, once the reader has said in words that it is this case."""
    case = get_case_of_objection(desk.session, desk.account, case_id)
    filled = read_confirmation(reference, understood, expected=case.reference, t=t)

    def answer(_: Mapping[str, str]) -> CasePage:
        return objections.erase_after_objection(desk, case_id, version=version, forget=forget)

    return _answer(desk, request, case_id, filled, answer, t)


def _answer(
    desk: Desk,
    request: Request,
    case_id: str,
    filled: Filled[Mapping[str, str]],
    answer: Callable[[Mapping[str, str]], CasePage],
    t: Tongue,
) -> Response:
    if filled.content is None:
        return _objection_page(desk, request, case_id, filled.draft)
    try:
        with desk.session.begin_nested():
            answer(filled.content)
    except ReviewError as refusal:
        errors = error_of(refusal, text="reason", t=t)
        return _objection_page(desk, request, case_id, Draft(filled.draft.values, errors))
    return go_to(_list_of(desk.account))


def _objection_page(desk: Desk, request: Request, case_id: str, draft: Draft = EMPTY) -> HTMLResponse:
    line = _get_objection(desk, case_id)
    return page(
        request,
        "objection.html",
        account=desk.account,
        status=draft.status,
        path=f"/objections/{case_id}",
        back=_list_of(desk.account),
        line=line,
        draft=draft,
        today=desk.today,
    )


def _list_of(account: Account) -> str:
    return "/leader" if can(account, Action.SEE_OVERDUE) else "/objections"


def _get_objection(desk: Desk, case_id: str) -> ObjectionLine:
    found = next((line for line in objections.list_objections(desk) if line.case_id == case_id), None)
    if found is None:
        raise NotFoundError
    return found
