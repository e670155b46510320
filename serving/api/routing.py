"""What every route of the API has, without saying so: changes that are made once, and answers that need not be sent twice."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from serving.http import idempotency
from serving.http.idempotency import AlreadyAnsweredError, OpenCall

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class ApiRoute(APIRoute):
    """A route that makes a change once when it is asked twice under one idempotency key, and answers 304 to whom has the answer already.

    Every router of the API is made with ``route_class=ApiRoute``. The answer is kept after the route gave it and before its transaction
    ends, which is the order in which FastAPI ends what a route depends on.
    """

    def get_route_handler(self) -> Handler:
        """Wrap what FastAPI would do."""
        answer = _tagged(super().get_route_handler())
        return _once(answer) if self.methods and "POST" in self.methods else answer


def _tagged(answer: Handler) -> Handler:
    """Add to the version that a route gave as ETag what this reader sees of it: roles and days change an answer without a new version."""

    async def handle(request: Request) -> Response:
        response = await answer(request)
        version = response.headers.get("etag", "").strip('"')
        if not version.isdigit():
            return response
        tag = f'"{version}.{sha256(bytes(response.body)).hexdigest()[:16]}"'
        response.headers["ETag"] = tag
        is_known = request.method == "GET" and tag in _tags(request.headers.get("if-none-match", ""))
        return Response(status_code=304, headers={"ETag": tag}) if is_known else response

    return handle


def _tags(header: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]


def _once(answer: Handler) -> Handler:
    async def handle(request: Request) -> Response:
        request.state.call = await idempotency.read_call(request)
        try:
            response = await answer(request)
        except AlreadyAnsweredError as before:
            return before.response
        opened: OpenCall | None = getattr(request.state, "open_call", None)
        if opened is not None:
            await run_in_threadpool(idempotency.keep, opened, response)
        return response

    return handle
