"""A process of its own: the review service on a tiny synthetic project with a queue, on a free port of this machine.

Prints the port, and ends when its standard input does: with the process that asked for it, however that one ends.
"""

from __future__ import annotations

import secrets
import socket
import sys
from datetime import timedelta
from pathlib import Path
from threading import Thread

import uvicorn
from sqlalchemy import insert

from benchmarks.answering.queue_over_http import LOGIN
from serving.console.routes import mount
from serving.storage.tables import CaseRow
from tests.support.review import Review, review_service


def main(folder: str, n_cases: str) -> None:
    with review_service(Path(folder)) as review, socket.create_server(("127.0.0.1", 0)) as listening:
        mount(review.app)
        review.create_demo_account(LOGIN)
        fill_queue(review, int(n_cases))
        server = uvicorn.Server(uvicorn.Config(review.app, log_level="warning", server_header=False, access_log=False))
        Thread(target=_stop_with_parent, args=[server], daemon=True).start()
        print(listening.getsockname()[1], flush=True)
        server.run(sockets=[listening])


def fill_queue(review: Review, n_cases: int) -> None:
    """Let so many cases wait, due on thirty days in turn: one made as a case is made, the others like it."""
    first = review.row(review.add_case(municipality="9901"))
    alike = {column.name: getattr(first, column.name) for column in CaseRow.__table__.columns}
    made = [
        alike
        | {
            "id": secrets.token_hex(16),
            "reference": f"T-{secrets.token_hex(4).upper()}",
            "subject_id": secrets.token_hex(16),
            "due_on": review.clock().date() + timedelta(days=n % 30),
        }
        for n in range(n_cases - 1)
    ]
    with review.database.transaction() as session:
        session.execute(insert(CaseRow), made)


def _stop_with_parent(server: uvicorn.Server) -> None:
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    main(*sys.argv[1:])
