"""MLflow's own programs as processes of their own: a tracking server, and a model that is served."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

STARTS_WITHIN = 180.0
"""Seconds: MLflow imports for five of them, makes its tables for seven, and the machine may be busy."""
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "OMP_NUM_THREADS": "1",
}


def environment(**more: str) -> dict[str, str]:
    """Give a child process our environment, without what MLflow exports to it in tests, and with its programs on the path."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    programs = str(Path(sys.executable).parent)
    return {**ours, **QUIET, "PATH": f"{programs}{os.pathsep}{ours.get('PATH', '')}", **more}


@contextmanager
def tracking_server(folder: Path) -> Iterator[str]:
    """Start `mlflow server` with artifacts through itself; give its address."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    store = ("--backend-store-uri", f"sqlite:///{folder / 'server.db'}", "--artifacts-destination", (folder / "files").as_uri())
    command = ("server", *store, "--host", "127.0.0.1", "--port", str(port), "--workers", "1")
    with _running(command, folder / "server.log", address=f"http://127.0.0.1:{port}", health="/health") as address:
        yield address


@contextmanager
def served_model(uri: str, folder: Path, *, tracking: str) -> Iterator[str]:
    """Start `mlflow models serve` for a model; give its address."""
    port = free_port()
    command = ("models", "serve", "-m", uri, "--env-manager", "local", "--host", "127.0.0.1", "--port", str(port), "--workers", "1")
    address = f"http://127.0.0.1:{port}"
    with _running(command, folder / "serve.log", address=address, health="/ping", MLFLOW_TRACKING_URI=tracking):
        yield address


def run_mlflow(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run an `mlflow` command to its end."""
    return subprocess.run(_command(arguments), cwd=cwd, env=environment(**more), text=True, capture_output=True, timeout=600, check=False)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "mlflow", *arguments]


@contextmanager
def _running(command: Sequence[str], log: Path, *, address: str, health: str, **more: str) -> Iterator[str]:
    with log.open("w") as file:
        process = subprocess.Popen(_command(command), env=environment(**more), stdout=file, stderr=file, start_new_session=True)
        try:
            _wait(process, address + health, log)
            yield address
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the process ended before it answered:\n{log.read_text()[-3000:]}")
        try:
            with urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"no answer at {url} within {STARTS_WITHIN:.0f} s:\n{log.read_text()[-3000:]}")
