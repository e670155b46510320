"""Bring a database's schema to this version's, at the edge: when the service starts or a command runs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from features.errors import ReviewError
from serving.storage.database import WRITERS_LOCK, Database


def upgrade(database: Database) -> None:
    """Run the migrations that are missing; nothing when there are none. Two starting at once wait for each other."""
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITERS_LOCK})
        if _revision(connection) == head_revision():
            return
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_schema(database: Database) -> None:
    """Refuse a database whose schema is of another version.

    Raises
    ------
    ReviewError
        TID719.
    """
    with database.engine.connect() as connection:
        found = _revision(connection)
    expected = head_revision()
    if found != expected:
        raise ReviewError(
            "TID719", f"the database's schema is {found or 'empty'}, expected {expected}. Start the service once, which upgrades it."
        )


@cache
def head_revision() -> str:
    """Name the schema of this version."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
