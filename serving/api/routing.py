"""What every route of the API has, without saying so."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from serving import idempotency
from serving.idempotency import AlreadyAnsweredError, OpenCall

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class ApiRoute(APIRoute):
    """A route that makes a change once when it is asked twice under one idempotency key.

    Every router of the API is made with ``route_class=ApiRoute``. The answer is kept after the route gave it and before its transaction
    ends, which is the order in which FastAPI ends what a route depends on.
    """

    def get_route_handler(self) -> Handler:
        """Wrap what FastAPI would do."""
        answer = super().get_route_handler()
        return _once(answer) if self.methods and "POST" in self.methods else answer


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
