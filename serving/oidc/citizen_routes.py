"""The way of young people and guardians to ID-porten and back; apart from that of those who work here, by routes, cookies and accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from features.errors import ReviewError
from serving.access import sessions
from serving.http.cookies import find_token
from serving.http.dependencies import ClockOf, DatabaseOf, ProjectOf, SettingsOf
from serving.http.rate_limits import LimitedAddress
from serving.oidc import browsers, logout
from serving.oidc.citizens import check_recognises, let_citizen_in
from serving.oidc.provider import CITIZEN_CALLBACK, Provider

router = APIRouter(include_in_schema=False, dependencies=[LimitedAddress])


@router.get("/login/citizen")
def begin(
    request: Request,
    database: DatabaseOf,
    clock: ClockOf,
    settings: SettingsOf,
    next: Annotated[str, Query(max_length=300)] = "/",  # noqa: A002
) -> RedirectResponse:
    """Send the browser to ID-porten, where the service can tell who comes back."""
    check_recognises(request.app.state.identities)
    return browsers.send_away(request, database, _provider(request), settings, to=next, now=clock())


@router.get(CITIZEN_CALLBACK)
def finish(
    request: Request,
    database: DatabaseOf,
    clock: ClockOf,
    settings: SettingsOf,
    project: ProjectOf,
    answer: Annotated[browsers.Answer, Query()],
) -> RedirectResponse:
    """Take ID-porten's answer: whom the login is about, and the session."""
    provider, now = _provider(request), clock()
    vault = check_recognises(request.app.state.identities)
    returned = browsers.take_back(request, database, provider, settings, answer, now=now)
    with database.transaction() as session:
        found = let_citizen_in(session, provider, vault, project, returned.identity, claim=settings.citizen_identifier_claim, now=now)
        token = (
            found
            if isinstance(found, ReviewError)
            else sessions.open_session(session, found, now=now, previous=find_token(request), provider_session=returned.identity.session)
        )
    if isinstance(token, ReviewError):
        raise token
    return browsers.let_go(request, provider, settings, token=token, return_to=returned.return_to)


@router.post("/logout/citizen/backchannel")
def end_from_outside(
    request: Request, database: DatabaseOf, clock: ClockOf, logout_token: Annotated[str, Form(max_length=20_000)] = ""
) -> Response:
    """End the sessions that ID-porten says have ended."""
    return logout.end_from_outside(database, _provider(request), logout_token, now=clock())


def _provider(request: Request) -> Provider:
    found: Provider = request.app.state.citizen_provider
    return found
