"""How many requests are worked on at once.

Each takes a thread at a time, and one that writes waits for its turn in it (`serving.storage.turns`). Were there more requests than
threads, all threads could wait for a writer who waits for a thread; so there never are.
"""

from __future__ import annotations

import asyncio

from anyio.to_thread import current_default_thread_limiter
from starlette.types import ASGIApp, Receive, Scope, Send

THREADS = 64


class Admission:
    """Let so many requests in at once; the others wait at the door, first come first served, without a thread."""

    def __init__(self, app: ASGIApp, *, at_once: int = THREADS) -> None:
        self._app = app
        self._at_once = at_once
        self._places: asyncio.Semaphore | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on when there is a place; what is no request, such as the start of the service, needs none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        async with self._door():
            await self._app(scope, receive, send)

    def _door(self) -> asyncio.Semaphore:
        """Give this event loop's door, with a thread for each place."""
        limiter = current_default_thread_limiter()
        if self._places is None or limiter.total_tokens < self._at_once:
            limiter.total_tokens = max(limiter.total_tokens, self._at_once)
            self._places = asyncio.Semaphore(self._at_once)
        return self._places
