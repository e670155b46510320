"""Histories scored with reasons over real HTTP, by clients each over a connection of its own: ours, and what MLflow serves.

The server's time and memory count with the clients'. Ours is asked with a person's records and answers with a band and reasons; the peer is
asked with the finished features of the same person and answers with a probability and shap's contributions.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import numpy as np

from benchmarks.contender import Work
from tests.support.machines import TOKEN

Check = Callable[[bytes], bool]
START_SECONDS = 180


@contextmanager
def ours(work: str, clients: int, requests: int) -> Iterator[Work]:
    """Ask the review service: ``POST /api/v1/scores``."""
    bodies = [json.dumps(body) for body in json.loads((Path(work) / "bodies.json").read_text(encoding="utf-8"))]
    command = [sys.executable, "-m", "benchmarks.answering.scoring_server", work]
    with _server(command) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline() or _not_started(server))
        with _asking(port, "/api/v1/scores", bodies, clients, requests, check=lambda content: b'"coarse"' in content) as asked:
            yield asked


@contextmanager
def mlflow_with_shap(work: str, clients: int, requests: int) -> Iterator[Work]:
    """Ask ``mlflow models serve`` of the same trees, with shap computed on the row in the model's own ``predict``."""
    rows = np.load(Path(work) / "rows.npy", allow_pickle=False).astype(np.float64)
    names = json.loads((Path(work) / "names.json").read_text(encoding="utf-8"))
    bodies = [json.dumps({"dataframe_split": {"columns": names, "data": [_known(row)]}}) for row in rows]
    port = _free_port()
    model = str(Path(work) / "mlflow_model")
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", model, "--env-manager", "local", "-h", "127.0.0.1", "-p", str(port)]
    with _server(command) as server:
        _wait_for(port, server)
        with _asking(port, "/invocations", bodies, clients, requests, check=lambda content: b'"contributions"' in content) as asked:
            yield asked


@contextmanager
def _asking(port: int, path: str, bodies: Sequence[str], clients: int, requests: int, *, check: Check) -> Iterator[Work]:
    """Share the requests out; every client has asked once before the clock starts."""
    with ExitStack() as stack:
        connections = [stack.enter_context(closing(HTTPConnection("127.0.0.1", port, timeout=120))) for _ in range(clients)]
        pool = stack.enter_context(ThreadPoolExecutor(clients))
        for connection in connections:
            _ask(connection, path, bodies[0], check)

        def share(number: int) -> list[float]:
            asked = [bodies[(number + step * clients) % len(bodies)] for step in range(requests // clients)]
            return [_ask(connections[number], path, body, check) for body in asked]

        yield lambda: [seconds for share_of_one in pool.map(share, range(clients)) for seconds in share_of_one]


def _ask(connection: HTTPConnection, path: str, body: str, check: Check) -> float:
    started = time.perf_counter()
    connection.request("POST", path, body, {"Content-Type": "application/json", **TOKEN})
    response = connection.getresponse()
    content = response.read()
    seconds = time.perf_counter() - started
    if response.status != 200 or not check(content):
        raise RuntimeError(f"POST {path} answered {response.status}: {content[:300]!r}.")
    return seconds


@contextmanager
def _server(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """Run a server in a process group of its own, and end all of it."""
    # mlflow starts uvicorn by name, which lies beside this interpreter.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PATH": path}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
        start_new_session=True,
    ) as server:
        try:
            yield server
        finally:
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(server.pid, signal.SIGTERM)


def _wait_for(port: int, server: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            _not_started(server)
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/ping")
                if connection.getresponse().status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    _not_started(server)


def _not_started(server: subprocess.Popen[str]) -> str:
    raise RuntimeError(f"the server did not start: status {server.poll()}.")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _known(row: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in row]
