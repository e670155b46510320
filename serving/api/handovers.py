"""What a relay holder reads, over HTTP: agreed needs while a consent holds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from serving.api.routing import ApiRoute
from serving.api.schemas import Answer
from serving.cases import handover
from serving.cases.pages import HandoverLine, HandoverPage
from serving.http.dependencies import DeskOf
from serving.http.problems import responses

router = APIRouter(responses=responses(401, 403), route_class=ApiRoute)

HandoverId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{32}$", description="The handover's id.", examples=["b7d1e5f0a3c24d6e8f9a0b1c2d3e4f50"])
]


@router.get("/handovers", tags=["handovers"], summary="List what was handed over to you")
def list_handovers(desk: DeskOf) -> Answer[list[HandoverLine]]:
    """List the handovers that a consent lets you read today, by day of evaluation."""
    return Answer(synthetic=desk.project.is_synthetic, data=handover.list_handovers(desk))


@router.get("/handovers/{handover_id}", tags=["handovers"], summary="Read a handover", responses=responses(404))
def read_handover(desk: DeskOf, handover_id: HandoverId) -> Answer[HandoverPage]:
    """Read the agreed needs. The consent is asked at every read: 404 once it is over, withdrawn, or names your service no more."""
    return Answer(synthetic=desk.project.is_synthetic, data=handover.read_handover(desk, handover_id))
