"""What a person has a right to see: the report on them, one click from the case, and the clock of their request."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup

from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.citizens.whom import find_self, get_whom
from serving.console.pages.cases import CHANGING
from serving.console.pages.own import VaultOf, own_path
from serving.console.papers.making import build_paper
from serving.console.rendering import go_to, page, paper_response, tongue_of
from serving.console.told import report_naming
from serving.http.dependencies import DeskOf
from serving.persons.pages import report_body
from serving.persons.report import give_report, report_of_case
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
def my_report(desk: DeskOf, request: Request, vault: VaultOf, child: str = "") -> HTMLResponse:
    """Show somebody what is known of them and was done, or a guardian what they may see of their child."""
    if not child and find_self(desk) is None:  # an account of somebody about whom nothing is kept here
        return page(request, "no_report.html", account=desk.account)
    whom = get_whom(desk, vault, child)
    paper, copy = own_path("/my-report.pdf", whom), own_path("/api/v1/me/report", whom)
    report = give_report(desk, whom.subject_id, whom.reader)
    return _report_page(desk, request, report, paper=paper, copy=copy, back=own_path("/my-page", whom), back_to="own.title")


@router.get("/my-report.pdf")
def my_report_paper(desk: DeskOf, request: Request, vault: VaultOf, child: str = "") -> Response:
    """Give somebody their own report, or a guardian their child's, as a PDF to keep."""
    whom = get_whom(desk, vault, child)
    return _report_paper(desk, request, give_report(desk, whom.subject_id, whom.reader))


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


def _report_page(
    desk: Desk, request: Request, report: PersonReport, *, paper: str, copy: str, back: str, back_to: str = "report.back"
) -> HTMLResponse:
    body = Markup(_body(desk, request, report))  # noqa: S704 - rendered with everything escaped
    return page(request, "person_report.html", account=desk.account, body=body, paper=paper, copy=copy, back=back, back_to=back_to)


def _report_paper(desk: Desk, request: Request, report: PersonReport) -> Response:
    t = tongue_of(request)
    paper = build_paper(_body(desk, request, report), language=t.language, title=t("report.title"))
    return paper_response(paper, name=t("report.file"), language=t.language)


def _body(desk: Desk, request: Request, report: PersonReport) -> str:
    return report_body(report, report_naming(desk.project, tongue_of(request).language))
