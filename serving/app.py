"""The composition root: from settings and a project to a running service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute
from starlette.types import Lifespan

from features.declarations.project import Project
from serving.access.sessions import build_throttle
from serving.api import (
    alarms,
    identities,
    openapi,
    overview,
    persons,
    planning,
    reconstructions,
    reports,
    review,
    running,
    scores,
    session,
    suspensions,
)
from serving.auditing.anchors import anchor_now_and_then, check_anchor_folder
from serving.cases.deadlines import check_deadlines
from serving.console.told import report_naming
from serving.http import problems, security
from serving.http.admission import Admission
from serving.http.dependencies import Clock
from serving.http.problems import responses
from serving.http.rate_limits import LimitedAccount, LimitedAddress, build_rate_limits
from serving.identities.vault import find_vault
from serving.oidc import setup as identity
from serving.operation.metrics import Counting, build_metrics
from serving.operation.timer import look, look_now_and_then, warm_up
from serving.person_keys import PersonKeys, read_or_make_service_key, read_service_key
from serving.scoring.deployed import DeployedModels
from serving.settings import Settings
from serving.storage.database import Database, open_database
from serving.storage.migrate import upgrade

DESCRIPTION = """A model proposes; a person looks, decides and owns the decision.

Log in with `POST /session`; the session travels in a cookie. Everything that changes something carries the header `X-CSRF-Token`
(from `GET /session`) and, on cases, `If-Match` with the ETag that reading the case gave. Errors are `application/problem+json` with a
stable code. There is no route that decides more than one case, that lists scores or exports them, or that shows a proposal before the
reader's own view."""


def open_service(settings: Settings, project: Project) -> tuple[Database, PersonKeys]:
    """Open the database with this version's schema, and the key that wraps person keys.

    Raises
    ------
    ProjectError
        TID120 when the key file is missing in production or with real data, or holds something else.
    """
    check_deadlines(project)
    path = settings.person_key_file_for(project)
    is_given = settings.env == "prod" or project.screening.project.data == "real"  # a made key would lie beside real people's data
    keys = PersonKeys(read_service_key(path) if is_given else read_or_make_service_key(path))
    if settings.database_url is None:
        project.var.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.url_for(project))
    upgrade(database)
    return database, keys


def create_app(settings: Settings, project: Project, *, clock: Clock, with_console: bool = True) -> FastAPI:
    """Build the service.

    Parameters
    ----------
    clock
        Gives aware UTC now; the only clock of the whole service.
    with_console
        False serves the API alone.

    Raises
    ------
    ProjectError
        TID120 as `open_service` says, TID781 as `check_deadlines`, TID738 when login by identity provider is not set up, or missing in
        production.
    ReviewError
        TID762 when the anchor folder that the settings name is not there, TID758 when the identity vault is not apart from the rest.
    """
    anchor_folders = [] if settings.anchor_folder is None else [settings.anchor_folder]
    for folder in anchor_folders:
        check_anchor_folder(folder)
    check_deadlines(project)
    database, keys = open_service(settings, project)
    metrics = build_metrics(database, project, clock=clock)
    vault = find_vault(settings, project)

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(look, database, project, clock, metrics, vault)
        stopping = asyncio.Event()
        warming = asyncio.create_task(asyncio.to_thread(warm_up, app.state.deployed))
        expiring = asyncio.create_task(look_now_and_then(database, project, clock, metrics, vault, stopping))
        anchoring = [asyncio.create_task(anchor_now_and_then(database, project, folder, clock, stopping)) for folder in anchor_folders]
        yield
        stopping.set()  # not cancelled: a look that has begun ends before the database closes under it
        await asyncio.gather(warming, expiring, *anchoring)
        app.state.http.close()
        database.close()

    app = describe_app(lifespan=living)
    app.state.settings, app.state.project, app.state.clock = settings, project, clock
    app.state.database, app.state.person_keys, app.state.throttle = database, keys, build_throttle(settings)
    app.state.deployed, app.state.rate_limits = DeployedModels(project), build_rate_limits(settings)
    app.state.metrics, app.state.report_naming = metrics, report_naming
    app.state.identities = vault
    problems.install(app)
    identity.install(app, settings, project)
    if with_console:
        from serving.console.routes import mount  # an API alone needs no templates

        mount(app)
    app.add_middleware(Admission)
    security.install(app, is_synthetic=project.is_synthetic, tls_only=settings.env == "prod")
    app.add_middleware(Counting, metrics=metrics, routes=lambda: app.routes)
    return app


def describe_app(*, lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Build the app's routes and their description, with nothing behind them yet: enough for the reference page."""
    app = FastAPI(
        title="Tidlig",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        openapi_tags=openapi.tags(),
        generate_unique_id_function=openapi.operation_id,
    )
    app.router.routes.extend(_routes())
    openapi.install(app)
    return app


@cache
def _routes() -> list[BaseRoute]:
    """Give every route, described once a process: none depends on an app, and describing them is most of what building one takes."""
    everything = APIRouter(generate_unique_id_function=openapi.operation_id)
    for part in (_api(), running.router, reports.router):
        everything.include_router(part)
    return list(everything.routes)


def _api() -> APIRouter:
    router = APIRouter(prefix="/api/v1", dependencies=[LimitedAddress, LimitedAccount], responses=responses(429))
    for part in (
        session.router,
        review.router,
        overview.router,
        identities.router,
        persons.router,
        reconstructions.router,
        scores.router,
        suspensions.router,
        alarms.router,
        planning.router,
    ):
        router.include_router(part)
    return router
