"""The second reader's list and steps: blind to the proposal and to the colleague until both have written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from serving.cases import second_reading
from serving.cases.pages import Inclination
from serving.console.case_page import take_step
from serving.console.forms import NOTHING
from serving.console.pages.cases import CHANGING, Text, TongueOf, Version, read_view
from serving.console.rendering import page
from serving.http.dependencies import DeskOf

router = APIRouter()


@router.get("/second-readings")
def second_readings(desk: DeskOf, request: Request) -> HTMLResponse:
    """Show the cases that colleagues asked to have read."""
    rows = second_reading.list_second_readings(desk)
    return page(
        request,
        "second_readings.html",
        account=desk.account,
        mine=[row for row in rows if row.is_mine],
        free=[row for row in rows if not row.is_mine],
        today=desk.today,
    )


@router.post("/cases/{case_id}/second-reading", dependencies=CHANGING)
def take(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version) -> Response:
    """Take a second reading."""

    def step(_: bool) -> None:
        second_reading.take_second_reading(desk, case_id, version=version)

    return take_step(desk, request, case_id, NOTHING, step, text="main", t=t)


@router.post("/cases/{case_id}/second-view", dependencies=CHANGING)
def save(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, text: Text = "", inclination: Text = "") -> Response:
    """Save what the second reader thinks; then both see both."""

    def step(told: Mapping[str, str]) -> None:
        leaning = cast("Inclination", told["inclination"])
        second_reading.save_second_view(desk, case_id, text=told["text"], inclination=leaning, version=version)

    return take_step(desk, request, case_id, read_view(text, inclination, t), step, text="text", t=t)
