"""The console's pages under one router, and its files.

`mount` puts all of it into an app: the pages, ``/static``, and pages instead of problem+json for people.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles

from serving.console import problems
from serving.console.pages import (
    alarms,
    calendar,
    cases,
    cohorts,
    comparing,
    corrections,
    doors,
    family,
    follow_up,
    handovers,
    identity,
    incidents,
    leader,
    log,
    models,
    months,
    own,
    permissions,
    persons,
    planner,
    planning,
    promotions,
    protection,
    purposes,
    queue,
    reconstruction,
    reports,
    second_readings,
    sign_offs,
    suspensions,
    waiting,
)

STATIC = Path(__file__).parent / "static"

router = APIRouter(include_in_schema=False)
for _pages in (
    doors,
    family,
    queue,
    calendar,
    cases,
    cohorts,
    corrections,
    follow_up,
    second_readings,
    handovers,
    identity,
    leader,
    waiting,
    suspensions,
    planning,
    own,
    persons,
    alarms,
    reconstruction,
    models,
    planner,
    comparing,
    promotions,
    reports,
    incidents,
    sign_offs,  # before the months, whose parts would take its address
    months,
    protection,
    purposes,
    permissions,
    log,
):
    router.include_router(_pages.router)


def mount(app: FastAPI) -> None:
    """Put the console into an app. Call after `serving.http.problems.install`."""
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    problems.install(app)
