"""The kill switch over HTTP (R-30)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from serving.access.permissions import Action, check_may
from serving.api.routing import ApiRoute
from serving.api.schemas import Answer, Body
from serving.http.dependencies import CallerOf, DeskOf, ProjectOf, ReadingOf, checked_csrf
from serving.http.problems import responses
from serving.scoring import suspensions
from serving.scoring.suspensions import MIN_SUSPENSION_REASON, SuspensionLine

router = APIRouter(prefix="/suspensions", tags=["suspensions"], responses=responses(401, 403), route_class=ApiRoute)

SuspensionId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{32}$", description="The suspension's id.", examples=["4f9a2c31d07b4e0f8f6d1c2b3a495867"])
]
Changing = Depends(checked_csrf)
Why = Annotated[
    str,
    Field(
        max_length=2000,
        description=f"At least {MIN_SUSPENSION_REASON} characters, about the model or its use, never about a person.",
        examples=["Fraværet fra skolesystemet mangler siden mandag; forslagene bygger på halve opplysninger."],
    ),
]


class SuspensionBody(Body):
    """What to stop."""

    model_name: str | None = Field(
        default=None, max_length=200, description="A model; none stops all of them.", examples=["norway-ikke_fullfort_vgo-grade_10"]
    )
    municipality: str | None = Field(
        default=None,
        pattern=r"^\d{4}$",
        description="A municipality; none stops everywhere, or, for a leader, the own one.",
        examples=["9001"],
    )
    reason: Why


class LiftBody(Body):
    """Why it may serve again."""

    reason: Why


@router.get("", summary="List suspensions")
def list_suspensions(account: CallerOf, session: ReadingOf, project: ProjectOf) -> Answer[list[SuspensionLine]]:
    """List what was ever stopped and why, newest first. Open to everyone who may see models (R-35)."""
    check_may(account, Action.SEE_MODELS)
    return Answer(synthetic=project.is_synthetic, data=suspensions.list_suspensions(session, account))


@router.post(
    "", summary="Stop a model, a municipality or everything", dependencies=[Changing], status_code=201, responses=responses(409, 422)
)
def suspend(desk: DeskOf, body: SuspensionBody) -> Answer[SuspensionLine]:
    """Stop at once: no new proposals, those that wait are hidden, and posted histories are not scored."""
    line = suspensions.suspend(desk, model_name=body.model_name, municipality=body.municipality, reason=body.reason)
    return Answer(synthetic=desk.project.is_synthetic, data=line)


@router.post("/{suspension_id}/lift", summary="Lift a suspension", dependencies=[Changing], responses=responses(404, 409, 422))
def lift(desk: DeskOf, suspension_id: SuspensionId, body: LiftBody) -> Answer[SuspensionLine]:
    """Let it serve again, with a reason. What the controller stopped only the controller lifts."""
    return Answer(synthetic=desk.project.is_synthetic, data=suspensions.lift(desk, suspension_id, reason=body.reason))
