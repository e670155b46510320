"""What a person has a right to see: the report on them, in one click, and the clock of a request."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from serving.api.cases import CaseId
from serving.api.identities import vault_of
from serving.api.routing import ApiRoute
from serving.api.schemas import Answer
from serving.citizens.whom import get_whom
from serving.http.dependencies import DeskOf, ProjectOf, checked_csrf
from serving.http.problems import responses
from serving.identities.vault import IdentityVault
from serving.persons.pages import Naming, report_html, report_policy
from serving.persons.report import give_report, report_of_case
from serving.persons.requests import RequestLine, register_request, requests_of_case
from serving.persons.told import PersonReport

router = APIRouter(tags=["persons"], responses=responses(401, 403, 404), route_class=ApiRoute)

LanguageOf = Annotated[Literal["nb", "nn", "en"], Query(description="Language of the page.")]


def naming_of(request: Request, project: ProjectOf, language: LanguageOf = "nb") -> Naming:
    """Give the words of a page in the language that was asked for."""
    found: Naming = request.app.state.report_naming(project, language)
    return found


NamingOf = Annotated[Naming, Depends(naming_of)]
VaultOf = Annotated[IdentityVault | None, Depends(vault_of)]
ChildOf = Annotated[str, Query(max_length=40, description="Of a guardian: the child, as their own page names it. Empty is oneself.")]


@router.get("/cases/{case_id}/person-report", summary="Give the person of a case their report", responses=responses(409))
def person_report(desk: DeskOf, case_id: CaseId) -> Answer[PersonReport]:
    """Give what is known and was done, machine-readable, to hand over. It is logged, and answers an open request.

    It passes through your hands, so what services keep confidential is left out whether there is any or not.
    """
    return Answer(synthetic=desk.project.is_synthetic, data=report_of_case(desk, case_id))


@router.get(
    "/cases/{case_id}/person-report.html",
    summary="The same as a page",
    responses={**responses(409), 200: {"content": {"text/html": {}}}},
    response_class=HTMLResponse,
)
def person_report_page(desk: DeskOf, naming: NamingOf, case_id: CaseId) -> HTMLResponse:
    """Give the report as a page to print."""
    return _page(report_html(report_of_case(desk, case_id), naming))


@router.post(
    "/cases/{case_id}/access-requests",
    summary="Register a request for access",
    dependencies=[Depends(checked_csrf)],
    status_code=201,
)
def new_request(desk: DeskOf, case_id: CaseId) -> Answer[RequestLine]:
    """Register that the person asks what is known of them. The answer is due in thirty days; making the report answers it."""
    return Answer(synthetic=desk.project.is_synthetic, data=register_request(desk, case_id))


@router.get("/cases/{case_id}/access-requests", summary="List the person's requests for access")
def list_requests(desk: DeskOf, case_id: CaseId) -> Answer[list[RequestLine]]:
    """List the requests, with the day on which each is due."""
    return Answer(synthetic=desk.project.is_synthetic, data=requests_of_case(desk, case_id))


@router.get("/me/report", summary="Read one's own report")
def my_report(desk: DeskOf, vault: VaultOf, child: ChildOf = "") -> Answer[PersonReport]:
    """Give a citizen everything that is known and was done about them, machine-readable; a guardian what they may see of their child."""
    whom = get_whom(desk, vault, child)
    return Answer(synthetic=desk.project.is_synthetic, data=give_report(desk, whom.subject_id, whom.reader))


@router.get("/me/report.html", summary="The same as a page", responses={200: {"content": {"text/html": {}}}}, response_class=HTMLResponse)
def my_report_page(desk: DeskOf, naming: NamingOf, vault: VaultOf, child: ChildOf = "") -> HTMLResponse:
    """Give a citizen their own report, or a guardian their child's, as a page."""
    whom = get_whom(desk, vault, child)
    return _page(report_html(give_report(desk, whom.subject_id, whom.reader), naming))


def _page(html: str) -> HTMLResponse:
    return HTMLResponse(html, headers={"Content-Security-Policy": report_policy()})
