"""One case: open it with a stated need, write one's own view, then see the proposal and decide.

Every form carries the version of the case that it was made from. A form that can't be saved comes back with what was written; a saved
one sends the reader on, so that loading the page again saves nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, cast, get_args

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse

from serving.cases import objections, service
from serving.cases.pages import Inclination
from serving.cases.states import DECISIONS, Step
from serving.console.case_page import list_of, show_case, take_step
from serving.console.forms import NOTHING, Filled, read_texts
from serving.console.language import Tongue
from serving.console.rendering import tongue_of
from serving.http.dependencies import DeskOf, checked_csrf

router = APIRouter(prefix="/cases/{case_id}")

Version = Annotated[int, Form()]
Text = Annotated[str, Form()]
TongueOf = Annotated[Tongue, Depends(tongue_of)]
CHANGING = [Depends(checked_csrf)]


@router.get("")
def read_case(desk: DeskOf, request: Request, case_id: str) -> HTMLResponse:
    """Show what this reader may see of the case now."""
    return show_case(desk, request, case_id)


@router.post("/assign", dependencies=CHANGING)
def assign(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version) -> Response:
    """Take a case."""
    return take_step(desk, request, case_id, NOTHING, lambda _: service.assign(desk, case_id, version=version), text="main", t=t)


@router.post("/open", dependencies=CHANGING)
def open_case(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, need_to_know: Text = "") -> Response:
    """Open a case with a stated need."""
    filled = read_texts({"need_to_know": need_to_know}, texts=("need_to_know",), t=t)

    def step(told: Mapping[str, str]) -> None:
        service.open_case(desk, case_id, need_to_know=told["need_to_know"], version=version)

    return take_step(desk, request, case_id, filled, step, text="need_to_know", t=t)


@router.post("/own-view", dependencies=CHANGING)
def save_own_view(
    desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, text: Text = "", inclination: Text = ""
) -> Response:
    """Save what the reader knows, before the proposal is shown."""
    filled = read_view(text, inclination, t)

    def step(told: Mapping[str, str]) -> None:
        service.save_own_view(desk, case_id, text=told["text"], inclination=cast("Inclination", told["inclination"]), version=version)

    return take_step(desk, request, case_id, filled, step, text="text", t=t)


@router.post("/decide", dependencies=CHANGING)
def decide(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, step: Text = "", reason: Text = "") -> Response:
    """Decide this one case."""
    values = {"step": step, "reason": reason}
    filled = read_texts(values, texts=("reason",), choices={"step": [s.value for s in DECISIONS]}, t=t)

    def take(told: Mapping[str, str]) -> None:
        service.decide(desk, case_id, step=Step(told["step"]), reason=told["reason"], version=version)

    return take_step(desk, request, case_id, filled, take, text="reason", t=t)


@router.post("/close", dependencies=CHANGING)
def close(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version) -> Response:
    """Close a case that needs nothing more."""
    return take_step(desk, request, case_id, NOTHING, lambda _: service.close(desk, case_id, version=version), text="main", t=t)


@router.post("/objection", dependencies=CHANGING)
def register_objection(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, statement: Text = "") -> Response:
    """Register that the person or a guardian says no."""
    filled = read_texts({"statement": statement}, texts=("statement",), t=t)

    def step(told: Mapping[str, str]) -> str | None:
        case = objections.register_objection(desk, case_id, statement=told["statement"], version=version)
        # Nobody but a leader reads a stopped case that nobody had taken.
        return None if case.row.is_mine else f"{list_of(desk, case)}?said=objected"

    return take_step(desk, request, case_id, filled, step, text="statement", t=t)


@router.post("/resume", dependencies=CHANGING)
def resume(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version) -> Response:
    """Take the case up again after a leader's answer, from its start."""
    return take_step(desk, request, case_id, NOTHING, lambda _: objections.resume(desk, case_id, version=version), text="main", t=t)


def read_view(text: str, inclination: str, t: Tongue) -> Filled[Mapping[str, str]]:
    """Read an own view, the first reader's or the second's."""
    values = {"text": text, "inclination": inclination}
    return read_texts(values, texts=("text",), choices={"inclination": get_args(Inclination)}, t=t)
