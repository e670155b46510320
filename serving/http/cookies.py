"""The session's cookie: no script reads it, no other site's form carries it."""

from __future__ import annotations

from fastapi import Request, Response

from serving.settings import Settings

COOKIE = "tidlig_session"
"""Its name where there is no TLS, which is a demo on one's own machine."""


def session_cookie(request: Request, settings: Settings) -> str:
    """Give the cookie's name: under TLS with the prefix that binds it to this host, so that no neighbour can plant one."""
    return f"__Host-{COOKIE}" if is_secure(request, settings) else COOKIE


def find_token(request: Request) -> str | None:
    """Find the session's token that a request carries."""
    settings: Settings = request.app.state.settings
    return request.cookies.get(session_cookie(request, settings))


def set_cookie(response: Response, token: str, *, request: Request, settings: Settings) -> None:
    """Hand out a session: HttpOnly, SameSite=Lax, and Secure everywhere but on a demo without TLS."""
    response.set_cookie(
        session_cookie(request, settings),
        token,
        max_age=settings.session_hours * 3600,
        httponly=True,
        samesite="lax",
        secure=is_secure(request, settings),
        path="/",
    )


def clear_cookie(response: Response, *, request: Request, settings: Settings) -> None:
    """Take the session back."""
    name = session_cookie(request, settings)
    response.delete_cookie(name, httponly=True, samesite="lax", secure=is_secure(request, settings), path="/")


def address_of(request: Request) -> str:
    """Give the caller's address, for counting failed logins."""
    return request.client.host if request.client is not None else "unknown"


def is_secure(request: Request, settings: Settings) -> bool:
    """Answer whether a cookie may travel over TLS only; in production also behind a proxy that ends TLS."""
    return settings.env == "prod" or request.url.scheme == "https"
