"""In and out: the front page, login, logout, and what everybody may read."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select

from features.declarations.reviewing import Municipality
from features.errors import ReviewError
from serving.access import sessions
from serving.console.forms import Draft
from serving.console.navigation import start_of
from serving.console.rendering import go_to, page, tongue_of
from serving.demo.accounts import DemoLogin, demo_logins
from serving.http.cookies import address_of, clear_cookie, find_token, is_secure, set_cookie
from serving.http.dependencies import (
    CallerOf,
    ClockOf,
    DatabaseOf,
    FoundCallerOf,
    ProjectOf,
    SettingsOf,
    checked_csrf,
    database_of,
    project_of,
    settings_of,
)
from serving.http.security import is_own_path
from serving.oidc.login import logout_address
from serving.oidc.provider import Provider
from serving.roles import Role
from serving.storage.tables import AccountRow

router = APIRouter()

FORM_COOKIE = "tidlig_login_form"
"""Ties the login form to the browser that it was shown in; there is no session yet to do so."""


PROVIDERS = {"ansattporten": "Ansattporten", "id-porten": "ID-porten", "entra-id": "Microsoft Entra ID"}
"""Names that people know an identity provider by."""


@dataclass(frozen=True)
class DemoPlace:
    """A municipality of the demo with who there is to log in as; None holds those who work for no municipality."""

    place: Municipality | None
    logins: list[DemoLogin]


@router.get("/")
def front(account: FoundCallerOf) -> RedirectResponse:
    """Lead to where the reader's work starts."""
    return go_to("/login" if account is None else start_of(account))


@router.get("/login")
def show_login(request: Request, account: FoundCallerOf, next: str = "/", ended: str = "") -> Response:  # noqa: A002
    """Show the login form, and in a demo who there is to log in as."""
    if account is not None:
        return go_to(start_of(account))
    return _login_page(request, Draft(), next_path=next, ended=ended)


@router.post("/login")
def log_in(
    request: Request,
    database: DatabaseOf,
    project: ProjectOf,
    settings: SettingsOf,
    clock: ClockOf,
    login: Annotated[str, Form(max_length=80)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    csrf: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    """Check login and password; the same words whatever was wrong."""
    sessions.check_csrf(request.cookies.get(FORM_COOKIE), csrf)
    try:
        token, _ = sessions.log_in(
            database,
            login=login,
            password=password,
            address=address_of(request),
            project=project,
            settings=settings,
            throttle=request.app.state.throttle,
            now=clock(),
            previous=find_token(request),
        )
    except ReviewError as refusal:
        return _refused(request, refusal, login=login, next_path=next)
    response = go_to(next if is_own_path(next) else "/")
    set_cookie(response, token, request=request, settings=settings)
    response.delete_cookie(FORM_COOKIE)
    return response


@router.post("/logout", dependencies=[Depends(checked_csrf)])
def log_out(request: Request, account: CallerOf, database: DatabaseOf, clock: ClockOf, settings: SettingsOf) -> Response:
    """End the session, and lead on to the identity provider where the login came from one."""
    now = clock()
    with database.transaction() as session:  # over before the provider is asked, which may take its time
        sessions.log_out(session, find_token(request) or "", account, now=now)
    response: Response = (
        go_to("/login") if account.issuer is None else _logged_out_page(request, now, is_citizen=account.role is Role.CITIZEN)
    )
    clear_cookie(response, request=request, settings=settings)
    return response


@router.get("/about")
def about(request: Request, account: FoundCallerOf) -> HTMLResponse:
    """Say what the service does, what a proposal is not, and what one can do about it."""
    return page(request, "about.html", account=account)


def _refused(request: Request, refusal: ReviewError, *, login: str, next_path: str) -> HTMLResponse:
    reasons = {"TID714": ("problem.login", 401), "TID715": ("problem.login_wait", 429)}
    if refusal.code not in reasons:
        raise refusal
    key, status = reasons[refusal.code]
    return _login_page(request, Draft({"login": login}, {"login": tongue_of(request)(key)}), next_path=next_path, status=status)


def _demo_accounts(request: Request) -> list[DemoPlace]:
    """List the demo accounts that exist, by municipality; in production there are none."""
    project = project_of(request)
    if settings_of(request).env == "prod" or not project.is_synthetic:
        return []
    with database_of(request).reading() as session:
        existing = set(session.scalars(select(AccountRow.login).where(AccountRow.is_demo, AccountRow.closed_at.is_(None))))
    places = {place.number: place for place in project.screening.municipality}
    found: dict[str | None, list[DemoLogin]] = {number: [] for number in places}
    for demo in demo_logins(project):
        if demo.login in existing:
            found.setdefault(demo.municipality if demo.municipality in places else None, []).append(demo)
    return [DemoPlace(None if number is None else places.get(number), logins) for number, logins in found.items() if logins]


def _provider_name(request: Request) -> str | None:
    """Name the identity provider that people log in with; None where there is none."""
    settings = settings_of(request)
    if settings.oidc_issuer is None:
        return None
    return PROVIDERS.get(settings.oidc_preset or "") or urlsplit(settings.oidc_issuer).netloc


def _logged_out_page(request: Request, now: datetime, *, is_citizen: bool) -> HTMLResponse:
    """Say that the session here is over, and lead on to where the login itself is ended."""
    state = request.app.state
    provider: Provider | None = state.citizen_provider if is_citizen else state.provider
    name = PROVIDERS["id-porten"] if is_citizen else _provider_name(request)
    try:
        onwards = None if provider is None else logout_address(provider, now=now)
    except ReviewError:  # the provider does not answer: the session here is over all the same, and the page says what is left to do
        onwards = None
    response = page(request, "logged_out.html", account=None, path="/login", onwards=onwards, name=name)
    if onwards is not None:
        # A page and a header rather than a redirect: browsers hold a form's redirects against the policy that forms stay here.
        response.headers["Refresh"] = f"0; url={onwards}"
    return response


def _login_page(request: Request, draft: Draft, *, next_path: str, ended: str = "", status: int = 200) -> HTMLResponse:
    token = secrets.token_urlsafe(16)
    response = page(
        request,
        "login.html",
        account=None,
        status=status,
        draft=draft,
        next=next_path if is_own_path(next_path) else "/",
        ended=ended,
        demo_places=_demo_accounts(request),
        provider=_provider_name(request),
        has_citizen_login=request.app.state.citizen_provider is not None,
        has_passwords=settings_of(request).env != "prod",
        form_token=sessions.csrf_token(token),
    )
    response.set_cookie(FORM_COOKIE, token, httponly=True, samesite="strict", secure=is_secure(request, settings_of(request)))
    return response
