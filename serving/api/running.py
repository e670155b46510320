"""Whether the service runs, and in what numbers: for those who operate it."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from features.errors import ReviewError
from serving.api.schemas import Health
from serving.http.dependencies import DatabaseOf, DeployedOf, KeysOf, SettingsOf
from serving.http.problems import responses
from serving.operation.metrics import Metrics
from serving.operation.readiness import check_ready
from serving.settings import Settings

router = APIRouter(tags=["health"])

_PROXY_HEADERS = ("forwarded", "x-forwarded-for", "via")


@router.get("/health/live", summary="Is the process alive")
async def live() -> Health:
    """Answer as long as the process answers."""
    return Health(status="ok")


@router.get("/health/ready", summary="Can the service work", responses=responses(503))
def ready(database: DatabaseOf, models: DeployedOf, keys: KeysOf) -> Health:
    """Answer when the database has this version's schema, every model that serves loads, and persons' keys open. Says which part fails."""
    found = check_ready(database, models, keys)
    return Health(status="ok", parts={"database": found.database, "models": found.models, "keys": found.keys})


@router.get(
    "/metrics",
    summary="Read metrics",
    response_class=Response,
    responses={
        **responses(403),
        200: {"description": "Prometheus' text format.", "content": {"text/plain": {"schema": {"type": "string"}}}},
    },
)
def metrics(request: Request, settings: SettingsOf) -> Response:
    """Give counts and durations for Prometheus; nothing in them is about a person. By token where one is set, else on this machine only."""
    _check_may_watch(request, settings)
    counted: Metrics = request.app.state.metrics
    return Response(generate_latest(counted.registry), media_type=CONTENT_TYPE_LATEST)


def _check_may_watch(request: Request, settings: Settings) -> None:
    """Let in who has the token; without one set, who calls from this very machine with no proxy between.

    Raises
    ------
    ReviewError
        TID747.
    """
    if settings.metrics_token is None:
        is_let_in = _is_loopback(request) and not any(name in request.headers for name in _PROXY_HEADERS)
    else:
        given = request.headers.get("authorization", "").encode("latin-1")
        is_let_in = hmac.compare_digest(given, b"Bearer " + settings.metrics_token.get_secret_value().encode())
    if not is_let_in:
        raise ReviewError(
            "TID747", "metrics are for the operator's monitoring: send its bearer token, or ask from the service's own machine."
        )


def _is_loopback(request: Request) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False
