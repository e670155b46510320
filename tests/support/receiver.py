"""A webhook's receiver on a free port of this machine: real sockets, and any answer or none."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread


@dataclass
class Received:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What a server has received, and how it answers next: statuses in turn, the last one for ever."""

    statuses: list[int] = field(default_factory=lambda: [204])
    location: str | None = None
    drip: float = 0.0
    """Seconds between the bytes of the answer; 0 answers at once."""
    requests: list[Received] = field(default_factory=list)
    address: str = ""
    ended: Event = field(default_factory=Event)

    def next_status(self) -> int:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextmanager
def receiving(receiver: Receiver, *, certificate: Path | None = None) -> Iterator[Receiver]:
    """Serve until the block ends; with a certificate (key and certificate in one file) over TLS."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(receiver))
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    receiver.address = f"{'http' if certificate is None else 'https'}://127.0.0.1:{server.server_port}/hook"
    try:
        yield receiver
    finally:
        receiver.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(receiver: Receiver) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.requests.append(Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            status = receiver.next_status()
            if receiver.drip:
                self._drip(status)
                return
            self.send_response(status)
            if receiver.location is not None:
                self.send_header("location", receiver.location)
            self.send_header("content-length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            receiver.requests.append(Received(self.path, {}, b""))
            self.send_response(200)
            self.end_headers()

        def _drip(self, status: int) -> None:
            for byte in f"HTTP/1.0 {status} Slow\r\nx-slow: {'a' * 1000}\r\n\r\n".encode():
                if receiver.ended.is_set():
                    return
                try:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(receiver.drip)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    return Handler
