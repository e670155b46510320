"""Databases with the service's schema in them already, copied from one that was made by the migrations."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, make_url, text

from features.declarations.project import Project
from serving.storage.database import open_database
from serving.storage.migrate import upgrade
from tests.support.postgres import new_database

_SCHEMA = """
SELECT md5(string_agg(line, chr(10) ORDER BY line)) FROM (
  SELECT concat_ws(' ', a.attrelid::regclass, attname, atttypid, atttypmod, attnotnull) AS line
  FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND attnum > 0
  UNION ALL SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT concat_ws(' ', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid > 0
  UNION ALL SELECT version_num FROM alembic_version
) AS found
"""
"""A digest of columns, indexes, triggers, constraints and the version: what a test may have changed besides rows."""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

_free: dict[str, list[str]] = defaultdict(list)
"""Databases of each server that lie empty and lent to nobody."""


def put_database(project: Project) -> None:
    """Put a database without rows where the project has its SQLite file."""
    project.var.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_sqlite(), project.var / "tidlig.db")


def new_service_database(server_url: str) -> str:
    """Create a database without rows on a PostgreSQL server and give its URL."""
    return new_database(server_url, template=make_url(_postgres(server_url)).database)


def lent_url(request: pytest.FixtureRequest) -> AbstractContextManager[str | None]:
    """Lend a database of the kind that the fixture's parameter names; None lets the project have its own SQLite file."""
    return lent_service_database(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else nullcontext()


@contextmanager
def lent_service_database(server_url: str) -> Iterator[str]:
    """Lend a database without rows on a PostgreSQL server and give its URL; emptied afterwards for the next, which is far from making one.

    One whose schema a test changed, or that somebody is still connected to, is lent to nobody again.
    """
    free = _free[server_url]
    url = free.pop() if free else new_service_database(server_url)
    yield url
    if _emptied(url, schema=_schema(server_url)):
        free.append(url)


def _emptied(url: str, *, schema: str) -> bool:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            if _digest(connection) != schema or connection.scalar(text(_OTHERS)):
                return False
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # else the log's trigger refuses, as it should
            for table in connection.scalars(text(_TABLES)).all():
                connection.execute(text(f"DELETE FROM {table}"))
        return True
    finally:
        engine.dispose()


def _digest(connection: Connection) -> str:
    return str(connection.scalar(text(_SCHEMA)))


@cache
def _sqlite() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tidlig-schema-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _upgrade(f"sqlite:///{folder / 'tidlig.db'}")
    return folder / "tidlig.db"


@cache
def _schema(server_url: str) -> str:
    """Digest of the schema that the migrations make."""
    engine = create_engine(new_service_database(server_url))  # a copy: while somebody is connected, the template can't be copied
    try:
        with engine.connect() as connection:
            return _digest(connection)
    finally:
        engine.dispose()


@cache
def _postgres(server_url: str) -> str:
    url = new_database(server_url)
    _upgrade(url)
    return url


def _upgrade(url: str) -> None:
    database = open_database(url)
    upgrade(database)
    database.close()
