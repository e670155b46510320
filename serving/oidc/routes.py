"""The way to the identity provider and back, and the provider's own word that a login has ended.

None of these is under ``/api/v1``: browsers are sent here, and the provider calls here.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from features.errors import ReviewError
from serving.access import sessions
from serving.cases.leaving import release_left
from serving.http.cookies import find_token, is_secure, set_cookie
from serving.http.dependencies import ClockOf, DatabaseOf, ProjectOf, SettingsOf
from serving.http.rate_limits import LimitedAddress
from serving.http.security import is_own_path
from serving.oidc import login, logout
from serving.oidc.accounts import let_in
from serving.oidc.provider import CALLBACK, Provider
from serving.settings import Settings

router = APIRouter(include_in_schema=False, dependencies=[LimitedAddress])

STATE_COOKIE = "tidlig_login_state"
"""Ties the answer to the browser that asked; sent along when the provider sends the browser back, and gone afterwards."""


@router.get("/login/oidc")
def begin(
    request: Request,
    database: DatabaseOf,
    clock: ClockOf,
    settings: SettingsOf,
    next: Annotated[str, Query(max_length=300)] = "/",  # noqa: A002
) -> RedirectResponse:
    """Send the browser to the identity provider."""
    address, state = login.begin(database, _provider(request), return_to=next if is_own_path(next) else "/", now=clock())
    response = RedirectResponse(address, status_code=303)
    lasts = int(login.ATTEMPT_LASTS.total_seconds())
    is_tls = is_secure(request, settings)
    name = _state_cookie(request, settings)
    response.set_cookie(name, state, max_age=lasts, httponly=True, samesite="lax", secure=is_tls, path="/")
    return response


@router.get(CALLBACK)
def finish(
    request: Request,
    database: DatabaseOf,
    clock: ClockOf,
    settings: SettingsOf,
    project: ProjectOf,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    iss: Annotated[str | None, Query(max_length=300)] = None,
    error: Annotated[str | None, Query(max_length=200)] = None,
) -> RedirectResponse:
    """Take the provider's answer: who it is, what they work as, and the session."""
    provider, now = _provider(request), clock()
    name = _state_cookie(request, settings)
    attempt = login.use_attempt(database, state=state, kept=request.cookies.get(name), now=now)
    if error is not None or not code or iss not in (None, provider.issuer.name):
        raise login.refused()
    identity = login.identify(provider, attempt, code=code, now=now)
    with database.transaction() as session:
        found = let_in(session, provider, identity, now=now)
        release_left(session, project, now=now)
        token = (
            found
            if isinstance(found, ReviewError)
            else sessions.open_session(session, found, now=now, previous=find_token(request), provider_session=identity.session)
        )
    if isinstance(token, ReviewError):
        raise token
    response = RedirectResponse(attempt.return_to if is_own_path(attempt.return_to) else "/", status_code=303)
    set_cookie(response, token, request=request, settings=settings)
    response.delete_cookie(name, httponly=True, samesite="lax", secure=is_secure(request, settings), path="/")
    return response


@router.post("/logout/backchannel")
def end_from_outside(
    request: Request, database: DatabaseOf, clock: ClockOf, logout_token: Annotated[str, Form(max_length=20_000)] = ""
) -> Response:
    """End the sessions that the provider says have ended. No cookie is read here: the token is all that counts."""
    provider, now = _provider(request), clock()
    claims = logout.read_logout_token(logout_token, provider, now=now)
    with database.transaction() as session:
        logout.end_provider_sessions(session, provider, claims, now=now)
    return Response(status_code=200)


def _provider(request: Request) -> Provider:
    found: Provider = request.app.state.provider
    return found


def _state_cookie(request: Request, settings: Settings) -> str:
    return f"__Host-{STATE_COOKIE}" if is_secure(request, settings) else STATE_COOKIE
