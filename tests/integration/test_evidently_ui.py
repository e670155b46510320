"""Evidently's own console over what the monthly report keeps: it opens, and it tells nobody outside."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import numpy as np
import pytest

from features.declarations.project import load_project
from features.errors import DataError
from monitoring.drift.workspace import NO_TELEMETRY, open_workspace, workspace_of
from tests.support.mlflow_processes import free_port
from tests.support.projects import tiny_project

STARTS_WITHIN = 120.0
TITLE = "tiny · 2026-06"


class Ear:
    """Listens where everything that wants to leave this machine is sent, and answers nobody."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self._listening.accept()
            except OSError:
                return
            with caller:
                caller.settimeout(5)
                self.heard.append(caller.recv(300))

    def close(self) -> None:
        self._listening.close()

    def environ(self, home: Path) -> dict[str, str]:
        """Give an environment without any opt-out, whose every way out ends here."""
        own = {name: value for name, value in os.environ.items() if name not in (*NO_TELEMETRY, "NO_PROXY", "no_proxy")}
        out = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), self.address)
        return {**own, **out, "HOME": str(home), "XDG_CONFIG_HOME": str(home)}


@pytest.fixture
def ear() -> Iterator[Ear]:
    ear = Ear()
    yield ear
    ear.close()


def ask(address: str) -> bytes:
    with build_opener(ProxyHandler({})).open(address, timeout=10) as answer:
        found: bytes = answer.read()
    return found


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def look_around(port: int, process: subprocess.Popen[bytes]) -> list[Mapping[str, str]]:
    """Wait for the console, open its first page and list its projects."""
    until = time.monotonic() + STARTS_WITHIN
    while True:
        assert process.poll() is None, "the console ended by itself"
        try:
            page = ask(f"http://127.0.0.1:{port}/")
            break
        except (URLError, ConnectionError):
            assert time.monotonic() < until, "the console did not start"
            time.sleep(0.2)
    assert b"<html" in page.lower()
    found: list[Mapping[str, str]] = json.loads(ask(f"http://127.0.0.1:{port}/api/projects"))
    time.sleep(2)  # what it tells others it tells from a process of its own
    return found


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from monitoring.drift.evidently_pages import make_drift_pages

    root = tiny_project(tmp_path_factory.mktemp("evidently") / "project")
    rows = np.random.default_rng(1).normal(size=(400, 2)).astype(np.float32)
    folder = workspace_of(load_project(root))
    make_drift_pages(rows[:200], rows[200:], ["a", "b"], title=TITLE, made_at=datetime(2026, 7, 1, tzinfo=UTC), seed=1, workspace=folder)
    return root


@pytest.mark.requirement("R-40")
def test_it_opens_the_workspace_and_tells_nobody(root: Path, ear: Ear, tmp_path: Path) -> None:
    port = free_port()
    process = open_workspace(load_project(root), port=port, environ=ear.environ(tmp_path))
    with ended(process):
        assert [project["name"] for project in look_around(port, process)] == ["tiny"]
    assert ear.heard == []


@pytest.mark.proof
def test_without_the_opt_out_the_ear_hears_it(root: Path, ear: Ear, tmp_path: Path) -> None:
    """The check above can fail: the same console, begun without the opt-out, is heard."""
    port = free_port()
    folder = str(workspace_of(load_project(root)))
    command = [sys.executable, "-c", "from evidently.cli import app; app()", "ui", "--port", str(port), "--workspace", folder]
    process = subprocess.Popen(command, env=ear.environ(tmp_path))
    with ended(process):
        look_around(port, process)
    assert ear.heard


def test_before_any_report_there_is_nothing_to_open(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="TID480"):
        open_workspace(load_project(tiny_project(tmp_path / "project")), port=1, environ={})
