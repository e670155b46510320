"""Headers of every response, and the refusal of changes that another site sends."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from hashlib import sha256
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool

from serving.access import alarms
from serving.http.problems import problem

CONTENT_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, nothing inline."""

REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; frame-ancestors 'none'"
)
"""For report pages, which carry their own scripts: they run, but in a sandbox without an origin, and reach nothing at all."""

HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

_log = logging.getLogger(__name__)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Next = Callable[[Request], Awaitable[Response]]


def install(app: FastAPI, *, is_synthetic: bool, tls_only: bool) -> None:
    """Put the headers on everything that leaves, errors too."""

    @app.middleware("http")
    async def protect(request: Request, call_next: Next) -> Response:
        if request.method not in _SAFE and not _is_own(request):
            response: Response = problem(403, "TID713", "the request comes from another site. Send it from the service's own pages.")
        else:
            response = await _answer(app, request, call_next)
            if response.status_code == 404:
                await run_in_threadpool(_note_probe, app, request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if not request.url.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        if tls_only:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if is_synthetic:
            response.headers["X-Tidlig-Synthetic"] = "true"
        return response


async def _answer(app: FastAPI, request: Request, call_next: Next) -> Response:
    """Let the route answer; a fault of ours becomes a response here, inside, so that it carries the headers like any other."""
    try:
        return await call_next(request)
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer leaves with its headers, and the log has it
        _log.exception("a fault of ours in %s %s", request.method, getattr(request.scope.get("route"), "path", "an unknown route"))
        answered = app.exception_handlers[Exception](request, error)
        return answered if isinstance(answered, Response) else await answered


def _note_probe(app: FastAPI, request: Request) -> None:
    """Note that somebody who is logged in asked by an id for what is not there for them: somebody may be trying ids (R-28)."""
    account, asked = getattr(request.state, "account", None), request.scope.get("path_params")
    if account is not None and asked:
        target = sha256("|".join(map(str, asked.values())).encode()).hexdigest()
        with app.state.database.transaction() as session:
            alarms.check_probing(session, account, target, now=app.state.clock(), limits=alarms.limits_of(app.state.settings))


def is_own_path(path: str | None) -> bool:
    """Answer whether a path leads somewhere on this site, so that a login can't be made to lead away from it.

    Examples
    --------
    >>> is_own_path("/queue"), is_own_path("//elsewhere.example"), is_own_path("https://elsewhere.example")
    (True, False, False)
    """
    if path is None or not path.startswith("/") or path.startswith("//"):
        return False
    return not any(sign in path for sign in "\\:\r\n\t")


def _is_own(request: Request) -> bool:
    """Answer whether a change comes from our own pages. Without an Origin it is no browser's, and carries no cookie unasked."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
