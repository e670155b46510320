"""What a login through any provider does to a browser: sent away with a state in a cookie, taken back with that state, let in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from serving.http.cookies import is_secure, set_cookie
from serving.http.security import is_own_path
from serving.oidc import login
from serving.oidc.id_tokens import Identity
from serving.oidc.provider import Provider
from serving.settings import Settings
from serving.storage.database import Database

STATE_COOKIE = "tidlig_login_state"
"""Ties the answer to the browser that asked; sent along when the provider sends the browser back, and gone afterwards."""


class Answer(BaseModel):
    """What the provider sends a browser back with."""

    state: str = Field(default="", max_length=200)
    code: str = Field(default="", max_length=4000)
    iss: str | None = Field(default=None, max_length=300)
    error: str | None = Field(default=None, max_length=200)


@dataclass(frozen=True)
class Returned:
    """Somebody whom the provider has identified, and where they wanted to go."""

    identity: Identity
    return_to: str


def send_away(request: Request, database: Database, provider: Provider, settings: Settings, *, to: str, now: datetime) -> RedirectResponse:
    """Send the browser to the provider; it comes back to a path of this service, or to the start.

    Raises
    ------
    ReviewError
        TID732 when the provider can't be reached.
    """
    address, state = login.begin(database, provider, return_to=to if is_own_path(to) else "/", now=now)
    response = RedirectResponse(address, status_code=303)
    lasts = int(login.ATTEMPT_LASTS.total_seconds())
    is_tls = is_secure(request, settings)
    response.set_cookie(
        _cookie_name(request, provider, settings), state, max_age=lasts, httponly=True, samesite="lax", secure=is_tls, path="/"
    )
    return response


def take_back(request: Request, database: Database, provider: Provider, settings: Settings, answer: Answer, *, now: datetime) -> Returned:
    """Use the attempt up and change the provider's code for who it is.

    Raises
    ------
    ReviewError
        TID730, TID731, TID732.
    """
    kept = request.cookies.get(_cookie_name(request, provider, settings))
    attempt = login.use_attempt(database, state=answer.state, kept=kept, now=now)
    if answer.error is not None or not answer.code or answer.iss not in (None, provider.issuer.name):
        raise login.refused()
    return Returned(login.identify(provider, attempt, code=answer.code, now=now), attempt.return_to)


def let_go(request: Request, provider: Provider, settings: Settings, *, token: str, return_to: str) -> RedirectResponse:
    """Send the browser on with its session."""
    response = RedirectResponse(return_to if is_own_path(return_to) else "/", status_code=303)
    set_cookie(response, token, request=request, settings=settings)
    is_tls = is_secure(request, settings)
    response.delete_cookie(_cookie_name(request, provider, settings), httponly=True, samesite="lax", secure=is_tls, path="/")
    return response


def _cookie_name(request: Request, provider: Provider, settings: Settings) -> str:
    name = f"{STATE_COOKIE}{provider.mark}"
    return f"__Host-{name}" if is_secure(request, settings) else name
