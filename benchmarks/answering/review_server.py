"""A process of its own: the review service on a tiny synthetic project with a queue, on a free port of this machine.

Prints the port, and ends when its standard input does: with the process that asked for it, however that one ends.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from threading import Thread

import uvicorn

from benchmarks.answering.queue_over_http import LOGIN
from tests.support.review import review_service


def main(folder: str, n_cases: str) -> None:
    with review_service(Path(folder)) as review, socket.create_server(("127.0.0.1", 0)) as listening:
        review.create_demo_account(LOGIN)
        for _ in range(int(n_cases)):
            review.add_case(municipality="9901")
        server = uvicorn.Server(uvicorn.Config(review.app, log_level="warning", server_header=False, access_log=False))
        Thread(target=_stop_with_parent, args=[server], daemon=True).start()
        print(listening.getsockname()[1], flush=True)
        server.run(sockets=[listening])


def _stop_with_parent(server: uvicorn.Server) -> None:
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    main(*sys.argv[1:])
