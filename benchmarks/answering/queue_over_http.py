"""A reviewer's queue over real HTTP, the API's or the console's page: by clients who are logged in, each over a connection of its own.

Every read is an entry in the log, written through to disk before the answer. The server's time and memory count with the clients'.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection

from benchmarks.contender import Work

LOGIN, PASSWORD = "koordinator-9901", "demo-koordinator"
PATH = "/api/v1"
LEAST_ROWS = 20
"""Cases that every answer names, so that nothing else is timed."""
PAGES = {"api": f"{PATH}/cases", "console": "/queue"}


@contextmanager
def read_queue(clients: int, requests: int, cases: int = 20, page: str = "api") -> Iterator[Work]:
    """Share the requests out over so many clients at once; the server is up and all are logged in before the clock starts."""
    with ExitStack() as stack:
        port = stack.enter_context(running_server(cases))
        callers = [stack.enter_context(logged_in(port, PAGES[page])) for _ in range(clients)]
        pool = stack.enter_context(ThreadPoolExecutor(clients))

        def work() -> list[float]:
            shares = pool.map(lambda caller: [caller.read_queue() for _ in range(requests // clients)], callers)
            return [seconds for share in shares for seconds in share]

        yield work


@contextmanager
def running_server(cases: int) -> Iterator[int]:
    """Start the service in a process of its own, with so many cases that wait, and give its port.

    Raises
    ------
    RuntimeError
        When it does not start; why stands on standard error.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.answering.review_server", folder, str(cases)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            port = server.stdout.readline()
            if not port:
                raise RuntimeError(f"the review service did not start: status {server.wait()}.")
            yield int(port)


@contextmanager
def logged_in(port: int, path: str) -> Iterator[Caller]:
    """Log a coordinator in, who has read the queue once."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        body = json.dumps({"login": LOGIN, "password": PASSWORD})
        connection.request("POST", f"{PATH}/session", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        caller = Caller(connection, path, cookie=str(response.headers["Set-Cookie"]).partition(";")[0])
        caller.read_queue()
        yield caller


class Caller:
    """A client over one connection that is kept."""

    def __init__(self, connection: HTTPConnection, path: str, *, cookie: str) -> None:
        self._connection, self._path, self._headers = connection, path, {"Cookie": cookie}

    def read_queue(self) -> float:
        """Read the queue's first part; the seconds that it took.

        Raises
        ------
        RuntimeError
            When the answer is anything but the queue.
        """
        started = time.perf_counter()
        self._connection.request("GET", self._path, headers=self._headers)
        response = self._connection.getresponse()
        content = response.read()
        seconds = time.perf_counter() - started
        if response.status != 200 or content.count(b"T-") < LEAST_ROWS:
            raise RuntimeError(f"GET {self._path} answered {response.status}, expected 200 with {LEAST_ROWS} cases or more.")
        return seconds
