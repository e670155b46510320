"""How a past proposal came about, for the data protection officer: break-glass with a stated reason (R-27)."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import Field

from serving.api.routing import ApiRoute
from serving.api.schemas import Answer, Body
from serving.cases.reconstruction import Reconstruction, reconstruct
from serving.http.dependencies import DeskOf, checked_csrf
from serving.http.problems import responses

router = APIRouter(prefix="/audit", tags=["audit"], responses=responses(401, 403), route_class=ApiRoute)


class ReconstructionBody(Body):
    """Which case, and why it has to be seen."""

    case_id: str = Field(pattern=r"^[0-9a-f]{32}$", examples=["4f9a2c31d07b4e0f8f6d1c2b3a495867"])
    reason: str = Field(max_length=2000, examples=["Klage fra den det gjelder, journalnummer 26/1042."])


@router.post(
    "/reconstructions",
    summary="Reconstruct a proposal",
    dependencies=[Depends(checked_csrf)],
    responses=responses(404, 422),
    status_code=201,
)
def make_reconstruction(desk: DeskOf, body: ReconstructionBody) -> Answer[Reconstruction]:
    """Show how one proposal came about, what was shown to whom, and what was decided and why. It is logged that you looked, and why.

    After a purge the answer is the tombstone: dates, states and digests.
    """
    return Answer(synthetic=desk.project.is_synthetic, data=reconstruct(desk, body.case_id, reason=body.reason))
