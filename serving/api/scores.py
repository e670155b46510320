"""Histories scored for other systems: nothing stored, nobody named."""

from __future__ import annotations

from fastapi import APIRouter

from serving.api.routing import ApiRoute
from serving.api.schemas import Answer
from serving.histories.bodies import Scored, ScoringBody
from serving.histories.scoring import score_histories
from serving.http.dependencies import ClockOf, DatabaseOf, DeployedOf, MachineOf
from serving.http.problems import responses
from serving.http.rate_limits import LimitedMachine

router = APIRouter(prefix="/scores", tags=["scores"], responses=responses(401, 403), route_class=ApiRoute)


@router.post("", summary="Score and explain histories", dependencies=[LimitedMachine], responses=responses(409, 413, 422, 503))
def score(machine: MachineOf, body: ScoringBody, database: DatabaseOf, models: DeployedOf, clock: ClockOf) -> Answer[Scored]:
    """Score up to 200 histories with one model as of one day: a band in words, and reasons, for each.

    For machine clients with a bearer token. Nothing of the histories is stored; the log says how many were scored. Nothing is decided here,
    and there is no probability to read: who is proposed to a reviewer is for a screening to say.
    """
    scored = score_histories(database, models, machine, body, now=clock())
    return Answer(synthetic=models.project.is_synthetic, data=scored)
