"""Serves an app over real HTTP on a free port of this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import uvicorn
from fastapi import FastAPI


@contextmanager
def served(build: Callable[[str], FastAPI], *, certificate: Path | None = None) -> Iterator[str]:
    """Serve what `build` makes for its own address, and give the address. It is known before the app is, as a redirect URI has to be.

    With a certificate (key and certificate in one file) it is served over TLS.
    """
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"{'http' if certificate is None else 'https'}://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(build(address), log_level="error", lifespan="off", ssl_certfile=certificate))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive(), "the server did not start"
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join()
