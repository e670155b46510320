"""The real server in a process of its own, and people who work cases with it over HTTP."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import httpx

from tests.support.mlflow_processes import free_port
from tests.support.projects import KEYS

NO_LIMITS = {"TIDLIG_CALLS_PER_MINUTE": "1000000", "TIDLIG_CALLS_PER_MINUTE_ADDRESS": "1000000"}
"""Everybody here comes from one address."""

NEED = "Jeg er kontaktlærer og koordinator for trinnet."
VIEW = {"text": "Har vært mye borte etter jul, men virker i godt driv.", "inclination": "unsure"}


@contextmanager
def served(root: Path, environ: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run `tidlig serve` and give the process, once it answers, with its address; killed, not stopped, at the end.

    What it writes goes to ``server.log`` beside the project.
    """
    port = free_port()
    command = [sys.executable, "-m", "tidlig", "serve", "--project", str(root), "--port", str(port)]
    with (root.parent / "server.log").open("ab") as written:
        running = subprocess.Popen(command, env={**os.environ, **KEYS, **NO_LIMITS, **environ}, stdout=written, stderr=written)
    try:
        _wait_until_it_answers(running, f"http://127.0.0.1:{port}/health/ready")
        yield running, f"http://127.0.0.1:{port}"
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()


def _wait_until_it_answers(running: subprocess.Popen[bytes], address: str, *, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    with httpx.Client(verify=False) as client:  # one for all tries: each would read the machine's certificates anew
        while time.monotonic() < until:
            assert running.poll() is None, "the server ended while it started"
            try:
                if client.get(address).status_code == 200:
                    return
            except httpx.TransportError:
                pass  # not listening yet
            time.sleep(0.05)
    raise AssertionError(f"the server did not answer within {seconds} seconds")


class RefusedError(AssertionError):
    """The server answered with something that nobody here expected."""


class StoppedError(Exception):
    """The server is gone, or it is time to go."""


@dataclass
class Reviewer:
    """Somebody who works cases, one after the other, as a browser's script would."""

    client: httpx.Client
    csrf: str
    stop: Event
    n_done: int = 0
    n_cases: int = 0

    @classmethod
    def log_in(cls, address: str, login: str, password: str, stop: Event) -> Reviewer:
        client = httpx.Client(base_url=f"{address}/api/v1", timeout=60)
        answer = client.post("/session", json={"login": login, "password": password})
        assert answer.status_code == 201, answer.text
        return cls(client, answer.json()["data"]["csrf"], stop)

    def call(self, method: str, path: str, body: Any = None, *, version: int | None = None) -> Any:
        """Call the API and give the answer's data; a refusal is an error, a server that is gone is not."""
        if self.stop.is_set() and self.n_cases:  # one case is worked to its end however busy the machine is
            raise StoppedError
        headers = {"X-CSRF-Token": self.csrf, **({} if version is None else {"If-Match": f'"{version}"'})}
        try:
            answer = self.client.request(method, path, json=body, headers=headers)
        except httpx.TransportError as error:
            raise StoppedError from error
        if answer.status_code >= 400:
            raise RefusedError(f"{method} {path}: {answer.status_code} {answer.text}")
        self.n_done += 1
        return answer.json()["data"]

    def work(self, case_id: str, *, objects: bool = False) -> None:
        """Take a case, open it, write an own view, read the proposal and decide; or register an objection where the view would be."""
        page = self.call("GET", f"/cases/{case_id}")
        page = self.call("POST", f"/cases/{case_id}/assign", version=page["version"])
        page = self.call("POST", f"/cases/{case_id}/open", {"need_to_know": NEED}, version=page["version"])
        if objects:
            self.call("POST", f"/cases/{case_id}/objections", {"statement": "Vil ikke."}, version=page["version"])
            return
        page = self.call("POST", f"/cases/{case_id}/own-view", VIEW, version=page["version"])
        self.call("GET", f"/cases/{case_id}/view")
        reason = f"Fraværet har økt siden påske; vi tar en samtale. {secrets.token_hex(4)}"
        page = self.call("POST", f"/cases/{case_id}/decisions", {"step": "decide_no_need", "reason": reason}, version=page["version"])
        self.call("POST", f"/cases/{case_id}/close", version=page["version"])


def working(reviewer: Reviewer, cases: list[str], *, objects: Callable[[int], bool] = lambda n: False) -> Callable[[], int]:
    """Give a function that works these cases until they, or the time, run out, and says how many answers it got."""

    def run() -> int:
        try:
            for n, case_id in enumerate(cases):
                reviewer.work(case_id, objects=objects(n))
                reviewer.n_cases += 1
        except StoppedError:
            pass  # the server was killed or the time is up, which is what the test is about
        finally:
            reviewer.client.close()
        return reviewer.n_done

    return run
