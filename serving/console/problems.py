"""Refusals as pages in plain words. The API answers the same refusals as problem+json; which of the two is told by the path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException

from features.errors import ScreeningError
from serving.console.rendering import go_to, page
from serving.http.dependencies import clock_of, database_of, find_current_account, settings_of
from serving.http.problems import status_of

Handler = Callable[[Request, Exception], Response | Awaitable[Response]]

NOT_PAGES = ("/api/", "/static/", "/health/", "/metrics", "/reports/", "/logout/backchannel", "/logout/citizen/backchannel")
"""Paths below which machines read; everything else answers people."""

EXPLAINED = frozenset({401, 403, 404, 405, 409, 412, 422, 429, 503})
"""Statuses with words of their own; any other reads as a fault of ours."""


FORM_REFUSED = "TID713"
"""A form without the session's token: of an earlier session, as a rule."""

OWN_WORDS = {
    "TID730": "problem.login_begun_elsewhere",
    "TID731": "problem.login_not_confirmed",
    "TID732": "problem.login_unreachable",
    "TID733": "problem.no_role",
    "TID717": "problem.two_roles",
    "TID764": "problem.citizen_not_recognised",
    FORM_REFUSED: "problem.form_too_old",
}
"""Refusals whose status says too little: code -> key of the words that say it."""

OWN_TITLES = {
    FORM_REFUSED: "problem.form_title",
    **dict.fromkeys(("TID717", "TID730", "TID731", "TID732", "TID733", "TID764"), "problem.login_title"),
}
"""Refusals whose status would give them a heading about something else."""


def install(app: FastAPI) -> None:
    """Answer people with pages and leave machines to the handlers that are already there. Call after `serving.http.problems.install`."""
    for kind in (ScreeningError, StaleDataError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _page_or(cast("Handler", app.exception_handlers[kind])))


def problem_page(request: Request, error: Exception) -> Response:
    """Show a refusal: what happened, and what to do now."""
    status, code = _status(error), getattr(error, "code", None)
    account = find_current_account(request, database_of(request), clock_of(request), settings_of(request))
    if status == 401 or (code == FORM_REFUSED and account is None):  # a form of a session that is over has nobody's token either
        return go_to(f"/login?ended={'true' if request.method == 'GET' else 'unsaved'}&next={quote(_next_path(request))}")
    shown = status if status in EXPLAINED else 500
    found: dict[str, Any] = {"status_code": shown, "code": code, "own_words": OWN_WORDS.get(code or "")}
    found["own_title"] = OWN_TITLES.get(code or "")
    return page(request, "problem.html", account=account, status=status, path="/", **found)


def is_page(request: Request) -> bool:
    """Answer whether a person asked."""
    return not request.url.path.startswith(NOT_PAGES)


def _page_or(for_machines: Handler) -> Handler:
    async def answer(request: Request, error: Exception) -> Response:
        if is_page(request):
            return problem_page(request, error)
        answered = for_machines(request, error)
        return answered if isinstance(answered, Response) else await answered

    return answer


def _status(error: Exception) -> int:
    if isinstance(error, ScreeningError):
        return status_of(error)
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, RequestValidationError):
        return 422
    return 412 if isinstance(error, StaleDataError) else 500


def _next_path(request: Request) -> str:
    """Lead back to the page that was asked for, or that held the form."""
    if request.method == "GET":
        return request.url.path
    return "/".join(request.url.path.split("/")[:3]) if request.url.path.startswith("/cases/") else "/"
