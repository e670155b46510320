"""A process of its own: the review service over the benchmark's project, with the machine client's token check left to its own tests.

Prints the port, and ends when its standard input does.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from threading import Thread

import uvicorn

from benchmarks.answering.scoring_work import NOW
from features.declarations.project import load_project
from serving.app import create_app
from serving.settings import Settings
from tests.support.machines import let_machine_in


def main(work: str) -> None:
    unlimited = Settings(calls_per_minute=10**9, calls_per_minute_address=10**9, score_calls_per_minute=10**9)
    app = create_app(unlimited, load_project(Path(work) / "project"), clock=lambda: NOW, with_console=False)
    let_machine_in(app)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False, access_log=False))
        Thread(target=_stop_with_parent, args=[server], daemon=True).start()
        print(listening.getsockname()[1], flush=True)
        server.run(sockets=[listening])


def _stop_with_parent(server: uvicorn.Server) -> None:
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    main(*sys.argv[1:])
