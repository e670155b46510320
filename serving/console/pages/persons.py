"""What a person has a right to see: the report on them, one click from the case, and the clock of their request."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup

from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.console.pages.cases import CHANGING
from serving.console.papers.making import build_paper
from serving.console.rendering import go_to, page, paper_response, tongue_of
from serving.console.told import report_naming
from serving.errors import NotFoundError
from serving.http.dependencies import DeskOf
from serving.persons.pages import report_body
from serving.persons.report import own_report, report_of_case
from serving.persons.requests import list_open_requests, register_request, requests_of_case
from serving.persons.told import PersonReport

router = APIRouter()


@router.get("/cases/{case_id}/person-report")
def person_report(desk: DeskOf, request: Request, case_id: str) -> HTMLResponse:
    """Show the report of a case's person, to print and hand over. Making it is logged, and answers an open request."""
    path = f"/cases/{case_id}/person-report"
    return _report_page(desk, request, report_of_case(desk, case_id), paper=f"{path}.pdf", copy=f"/api/v1{path}", back=f"/cases/{case_id}")


@router.get("/cases/{case_id}/person-report.pdf")
def person_report_paper(desk: DeskOf, request: Request, case_id: str) -> Response:
    """Give the report of a case's person as a PDF to hand over. Making it is logged, as the page is."""
    return _report_paper(desk, request, report_of_case(desk, case_id))


@router.get("/my-report")
def my_report(desk: DeskOf, request: Request) -> HTMLResponse:
    """Show somebody what is known of them and was done."""
    try:
        report = own_report(desk)
    except NotFoundError:  # an account of somebody about whom nothing is kept here
        return page(request, "no_report.html", account=desk.account)
    return _report_page(desk, request, report, paper="/my-report.pdf", copy="/api/v1/me/report", back=None)


@router.get("/my-report.pdf")
def my_report_paper(desk: DeskOf, request: Request) -> Response:
    """Give somebody their own report as a PDF to keep."""
    return _report_paper(desk, request, own_report(desk))


@router.get("/cases/{case_id}/access-requests")
def requests(desk: DeskOf, request: Request, case_id: str) -> HTMLResponse:
    """Show the person's requests for access, each with the day on which it is due."""
    lines = requests_of_case(desk, case_id)
    return page(request, "requests_of_case.html", account=desk.account, lines=lines, case_id=case_id, today=desk.today)


@router.post("/cases/{case_id}/access-requests", dependencies=CHANGING)
def new_request(desk: DeskOf, case_id: str) -> RedirectResponse:
    """Register that the person asks what is known of them."""
    register_request(desk, case_id)
    return go_to(f"/cases/{case_id}/access-requests")


@router.get("/access-requests")
def open_requests(desk: DeskOf, request: Request) -> HTMLResponse:
    """Show the data protection officer the clocks of open requests: when each is due, never whose it is."""
    check_may(desk.account, Action.SEE_ACCESS_REQUESTS)
    lines = [line for _, line in list_open_requests(desk.session, today=desk.today)]
    return page(request, "access_requests.html", account=desk.account, lines=lines, today=desk.today)


def _report_page(desk: Desk, request: Request, report: PersonReport, *, paper: str, copy: str, back: str | None) -> HTMLResponse:
    body = Markup(_body(desk, request, report))  # noqa: S704 - rendered with everything escaped
    return page(request, "person_report.html", account=desk.account, body=body, paper=paper, copy=copy, back=back)


def _report_paper(desk: Desk, request: Request, report: PersonReport) -> Response:
    t = tongue_of(request)
    paper = build_paper(_body(desk, request, report), language=t.language, title=t("report.title"))
    return paper_response(paper, name=t("report.file"), language=t.language)


def _body(desk: Desk, request: Request, report: PersonReport) -> str:
    return report_body(report, report_naming(desk.project, tongue_of(request).language))
