"""The way to the identity provider of those who work here and back, and the provider's own word that a login has ended.

None of these is under ``/api/v1``: browsers are sent here, and the provider calls here.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from features.errors import ReviewError
from serving.access import sessions
from serving.cases.leaving import release_left
from serving.http.cookies import find_token
from serving.http.dependencies import ClockOf, DatabaseOf, ProjectOf, SettingsOf
from serving.http.rate_limits import LimitedAddress
from serving.oidc import browsers, logout
from serving.oidc.accounts import let_in
from serving.oidc.provider import CALLBACK, Provider

router = APIRouter(include_in_schema=False, dependencies=[LimitedAddress])


@router.get("/login/oidc")
def begin(
    request: Request,
    database: DatabaseOf,
    clock: ClockOf,
    settings: SettingsOf,
    next: Annotated[str, Query(max_length=300)] = "/",  # noqa: A002
) -> RedirectResponse:
    """Send the browser to the identity provider."""
    return browsers.send_away(request, database, _provider(request), settings, to=next, now=clock())


@router.get(CALLBACK)
def finish(
    request: Request,
    database: DatabaseOf,
    clock: ClockOf,
    settings: SettingsOf,
    project: ProjectOf,
    answer: Annotated[browsers.Answer, Query()],
) -> RedirectResponse:
    """Take the provider's answer: who it is, what they work as, and the session."""
    provider, now = _provider(request), clock()
    returned = browsers.take_back(request, database, provider, settings, answer, now=now)
    with database.transaction() as session:
        found = let_in(session, provider, returned.identity, now=now)
        release_left(session, project, now=now)
        token = (
            found
            if isinstance(found, ReviewError)
            else sessions.open_session(session, found, now=now, previous=find_token(request), provider_session=returned.identity.session)
        )
    if isinstance(token, ReviewError):
        raise token
    return browsers.let_go(request, provider, settings, token=token, return_to=returned.return_to)


@router.post("/logout/backchannel")
def end_from_outside(
    request: Request, database: DatabaseOf, clock: ClockOf, logout_token: Annotated[str, Form(max_length=20_000)] = ""
) -> Response:
    """End the sessions that the provider says have ended. No cookie is read here: the token is all that counts."""
    return logout.end_from_outside(database, _provider(request), logout_token, now=clock())


def _provider(request: Request) -> Provider:
    found: Provider = request.app.state.provider
    return found
