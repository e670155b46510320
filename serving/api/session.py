"""Logging in and out."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from serving.access import sessions
from serving.access.permissions import MATRIX
from serving.api.routing import ApiRoute
from serving.api.schemas import Answer, LoginBody, Me
from serving.http.cookies import address_of, clear_cookie, find_token, set_cookie
from serving.http.dependencies import CallerOf, ClockOf, DatabaseOf, ProjectOf, SessionOf, SettingsOf, checked_csrf, csrf_token
from serving.http.problems import responses

router = APIRouter(prefix="/session", tags=["session"], route_class=ApiRoute)


@router.post("", summary="Log in", responses=responses(401, 403, 422, 429), status_code=201)
def log_in(
    body: LoginBody, request: Request, response: Response, database: DatabaseOf, project: ProjectOf, settings: SettingsOf, clock: ClockOf
) -> Answer[Me]:
    """Log in with an account of the service. The session travels in a cookie that scripts can't read."""
    token, account = sessions.log_in(
        database,
        login=body.login,
        password=body.password,
        address=address_of(request),
        project=project,
        settings=settings,
        throttle=request.app.state.throttle,
        now=clock(),
        previous=find_token(request),
    )
    set_cookie(response, token, request=request, settings=settings)
    return Answer(synthetic=project.is_synthetic, data=_me(account, sessions.csrf_token(token)))


@router.get("", summary="Who am I", responses=responses(401))
def me(account: CallerOf, request: Request, project: ProjectOf) -> Answer[Me]:
    """Say who is logged in, in which role, and what that role may do."""
    return Answer(synthetic=project.is_synthetic, data=_me(account, csrf_token(request)))


@router.delete("", summary="Log out", responses=responses(401, 403), status_code=204, dependencies=[Depends(checked_csrf)])
def log_out(account: CallerOf, session: SessionOf, request: Request, response: Response, clock: ClockOf, settings: SettingsOf) -> None:
    """End the session at once, here and on the server."""
    sessions.log_out(session, find_token(request) or "", account, now=clock())
    clear_cookie(response, request=request, settings=settings)


def _me(account: CallerOf, csrf: str) -> Me:
    return Me(
        login=account.login,
        role=account.role,
        municipality=account.municipality,
        permissions=[action.value for action in MATRIX[account.role]],
        csrf=csrf,
    )
