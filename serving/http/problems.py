"""Errors as ``application/problem+json`` (RFC 9457): the one place where an error becomes a status code."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException

from features.errors import (
    DataError,
    GateError,
    IntakeError,
    LedgerError,
    ModelError,
    ProjectError,
    PurposeError,
    ReviewError,
    ScreeningError,
)
from serving.errors import CaseChangedError, TooManyCallsError

MEDIA_TYPE = "application/problem+json"

STATUS_BY_CODE = {
    "TID703": 422,
    "TID705": 412,
    "TID707": 422,
    "TID710": 404,
    "TID711": 401,
    "TID712": 403,
    "TID713": 403,
    "TID714": 401,
    "TID715": 429,
    "TID716": 403,
    "TID718": 428,
    "TID719": 503,
    "TID430": 422,
    "TID730": 403,
    "TID731": 403,
    "TID732": 503,
    "TID733": 403,
    "TID734": 403,
    "TID735": 401,
    "TID736": 403,
    "TID737": 400,
    "TID740": 429,
    "TID741": 422,
    "TID743": 422,
    "TID744": 422,
    "TID746": 503,
    "TID747": 403,
    "TID748": 503,
    "TID749": 422,
    "TID764": 503,
    "TID771": 403,
    "TID772": 422,
    "TID776": 403,
    "TID722": 422,
    "TID723": 422,
    "TID724": 422,
    "TID725": 422,
    "TID726": 422,
    "TID728": 422,
    "TID729": 422,
    "TID787": 422,
}
"""Codes whose status differs from their class's."""

STATUS_BY_CLASS: dict[type[ScreeningError], int] = {
    ReviewError: 409,
    PurposeError: 403,
    ProjectError: 500,
    IntakeError: 422,
    DataError: 409,
    ModelError: 503,
    GateError: 409,
    LedgerError: 500,
}


class Problem(BaseModel):
    """What went wrong, for people and machines."""

    type: str = Field(description="Names the kind of problem; stable.", examples=["urn:tidlig:TID701"])
    title: str = Field(description="The status in words.", examples=["Conflict"])
    status: int = Field(examples=[409])
    detail: str = Field(description="What was refused, what was expected and what to do; never a person's values.")
    code: str = Field(description="Stable code of this very refusal.", examples=["TID701"])


def status_of(error: ScreeningError) -> int:
    """Map an error to its HTTP status.

    Examples
    --------
    >>> from features.errors import ReviewError
    >>> status_of(ReviewError("TID701", "no")), status_of(CaseChangedError())
    (409, 412)
    """
    if error.code in STATUS_BY_CODE:
        return STATUS_BY_CODE[error.code]
    return next((status for kind, status in STATUS_BY_CLASS.items() if isinstance(error, kind)), 500)


def problem(status: int, code: str, detail: str) -> JSONResponse:
    """Build a problem response."""
    body = Problem(type=f"urn:tidlig:{code}", title=_TITLES.get(status, "Error"), status=status, detail=detail, code=code)
    return JSONResponse(body.model_dump(), status_code=status, media_type=MEDIA_TYPE)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe error responses for OpenAPI."""
    return {status: {"model": Problem, "description": _TITLES[status], "content": {MEDIA_TYPE: {}}} for status in statuses}


def problem_example(status: int) -> dict[str, Any]:
    """Show a problem of a status, for the API's description: a code that has it, where one does."""
    known = {**{code: own for code, own in STATUS_BY_CODE.items() if code.startswith("TID7")}, "TID701": 409, "TID799": 500}
    code = next((code for code, of_code in known.items() if of_code == status), "TID700")
    detail = "what was refused, what was expected, and what to do."
    return Problem(type=f"urn:tidlig:{code}", title=_TITLES[status], status=status, detail=detail, code=code).model_dump()


def install(app: FastAPI) -> None:
    """Let every refusal leave the service as a problem; routes need no try."""
    app.add_exception_handler(ScreeningError, _refused)
    app.add_exception_handler(StaleDataError, _stale)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)


def _refused(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ScreeningError):
        raise error
    response = problem(status_of(error), error.code, error.message)
    if error.code in ("TID735", "TID736"):  # what a caller with a bearer token looks at (RFC 6750)
        response.headers["WWW-Authenticate"] = "Bearer" if error.code == "TID735" else 'Bearer error="insufficient_scope"'
    if isinstance(error, TooManyCallsError):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _stale(request: Request, error: Exception) -> JSONResponse:
    return _refused(request, CaseChangedError())


def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Say which fields are wrong and how, never what was in them: it may be about a person."""
    if not isinstance(error, RequestValidationError):
        raise error
    places = "; ".join(f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors())
    return problem(422, "TID700", f"the request does not fit its contract: {places}. See /api/v1/openapi.json.")


def _http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    response = problem(error.status_code, "TID700", str(error.detail))
    response.headers.update(error.headers or {})
    return response


def _fault(request: Request, error: Exception) -> JSONResponse:
    """Say that the fault is ours and nothing of it: what happened is in the server's log, without the values it happened with."""
    return problem(500, "TID799", "something went wrong on our side; nothing was stored. Try again, and tell the operator if it goes on.")


_TITLES = {
    400: "Bad request",
    401: "Not logged in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    412: "Changed since it was read",
    413: "Too large",
    422: "Does not fit the contract",
    428: "Version missing",
    429: "Too many attempts",
    500: "Server error",
    503: "Unavailable",
}
