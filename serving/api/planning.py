"""Figures for planners over HTTP: aggregates, never a case (R-09)."""

from __future__ import annotations

from fastapi import APIRouter

from serving.aggregates.planning import PlanningPage, build_planning_page
from serving.api.routing import ApiRoute
from serving.api.schemas import Answer
from serving.http.dependencies import CallerOf, ClockOf, ProjectOf, ReadingOf
from serving.http.problems import responses

router = APIRouter(prefix="/planning", tags=["planning"], responses=responses(401, 403), route_class=ApiRoute)


@router.get("", summary="Figures for planning services")
def planning(account: CallerOf, session: ReadingOf, project: ProjectOf, clock: ClockOf) -> Answer[PlanningPage]:
    """Read how many were proposed, what came of it and how soon, by quarter or year, in your own area.

    A period is told once, when it is over.
    """
    return Answer(synthetic=project.is_synthetic, data=build_planning_page(session, account, project, now=clock()))
