"""Cohorts that were screened: what came of each, in numbers that are about nobody, and one's own cases of it, which open one by one."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.aggregates import cohorts
from serving.aggregates.planning import TALKS, Course
from serving.console.rendering import page
from serving.http.dependencies import DeskOf

router = APIRouter(prefix="/cohorts")

WHAT_CAME = (Course.NO_FURTHER.value, TALKS, Course.NO_DECISION.value)
"""What came of a case, in the order of the table; what came of the conversations stands below them."""
OF_TALKS = (Course.TALK.value, Course.FAMILY_INFORMED.value, Course.HANDED_OVER.value)


@router.get("")
def list_cohorts(desk: DeskOf, request: Request) -> HTMLResponse:
    """List the cohorts that were screened in the reader's municipality."""
    return page(request, "cohorts.html", account=desk.account, cohorts=cohorts.list_cohorts(desk))


@router.get("/{screening_id}")
def show_cohort(desk: DeskOf, request: Request, screening_id: str) -> HTMLResponse:
    """Show one cohort, and the reader's own cases of it."""
    found = cohorts.get_cohort(desk, screening_id)
    return page(
        request,
        "cohort.html",
        account=desk.account,
        cohort=found,
        today=desk.today,
        what_came=WHAT_CAME,
        of_talks=OF_TALKS,
        talks=TALKS,
    )
