"""Second readings over HTTP (R-17): one's own view first, blind to the proposal and to the first reader's."""

from __future__ import annotations

from fastapi import APIRouter, Response

from serving.api.cases import CHANGED, CaseId, Changing, Version, answer_with
from serving.api.routing import ApiRoute
from serving.api.schemas import Answer, OwnViewBody
from serving.cases import second_reading
from serving.cases.pages import CasePage, QueueRow
from serving.http.dependencies import DeskOf
from serving.http.problems import responses

router = APIRouter(tags=["second readings"], responses=responses(401, 403), route_class=ApiRoute)


@router.get("/second-readings", summary="List the cases that wait for a second reading")
def list_second_readings(desk: DeskOf) -> Answer[list[QueueRow]]:
    """List cases where you work that a colleague asked to have read a second time, and those that you took."""
    return Answer(synthetic=desk.project.is_synthetic, data=second_reading.list_second_readings(desk))


@router.post("/cases/{case_id}/second-reading", summary="Take a second reading", dependencies=[Changing], responses=CHANGED)
def take_second_reading(desk: DeskOf, case_id: CaseId, version: Version, response: Response) -> Answer[CasePage]:
    """Take the second reading of a case that somebody else took."""
    return answer_with(desk, response, second_reading.take_second_reading(desk, case_id, version=version))


@router.post("/cases/{case_id}/second-view", summary="Save the second reader's view", dependencies=[Changing], responses=CHANGED)
def save_second_view(desk: DeskOf, case_id: CaseId, version: Version, body: OwnViewBody, response: Response) -> Answer[CasePage]:
    """Save what you know and lean to. After this both readers see both views and the proposal; the first one decides."""
    page = second_reading.save_second_view(desk, case_id, text=body.text, inclination=body.inclination, version=version)
    return answer_with(desk, response, page)
