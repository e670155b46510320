"""Alarms on snooping, for the data protection officer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from serving.access import alarms
from serving.access.alarms import AlarmLine
from serving.api.routing import ApiRoute
from serving.api.schemas import Answer
from serving.http.dependencies import DeskOf, checked_csrf
from serving.http.problems import responses

router = APIRouter(prefix="/alarms", tags=["alarms"], responses=responses(401, 403), route_class=ApiRoute)

AlarmId = Annotated[str, Path(description="The alarm's id.", max_length=32, examples=["9d1c31d07b4e0f8f6d1c2b3a49586741"])]


@router.get("", summary="List alarms")
def list_alarms(desk: DeskOf) -> Answer[list[AlarmLine]]:
    """List who looked at far more than their work explains, newest first. Nothing of what they looked at."""
    return Answer(synthetic=desk.project.is_synthetic, data=alarms.list_alarms(desk))


@router.post(
    "/{alarm_id}/seen", summary="Note that an alarm was looked into", dependencies=[Depends(checked_csrf)], responses=responses(404)
)
def mark_seen(desk: DeskOf, alarm_id: AlarmId) -> Answer[AlarmLine]:
    """Note that you looked into it; the first time counts."""
    return Answer(synthetic=desk.project.is_synthetic, data=alarms.mark_seen(desk, alarm_id))
