"""One database, SQLite or PostgreSQL, under the same rules.

Writers go one at a time, from the first statement of their transaction to its end, so that the log's chain never forks and a
case is never half changed: SQLite by ``BEGIN IMMEDIATE``, PostgreSQL by a transaction-level advisory lock. Readers never wait. Writers of
one process queue up before SQLite's door (`serving.storage.turns`, decision 32); PostgreSQL keeps a queue itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, Engine, TypeDecorator, create_engine, event, make_url, text
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from serving.storage.turns import Turns

_READING = "tidlig_reading"
WRITERS_LOCK = 0x7469646C6967
"""Any number will do as long as nobody else in the database locks it; this one spells the name."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC timestamp on every database; SQLite would give back a naive one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a timestamp without a zone; store UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a timestamp without a time zone; give an aware UTC one")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@dataclass(frozen=True)
class Database:
    """An engine and its two kinds of sessions."""

    engine: Engine
    _writing: sessionmaker[Session]
    _reading: sessionmaker[Session]
    _turns: Turns | None = None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a session that writes: commits when the block ends, rolls everything back when it raises.

        Never open one inside another: the inner would wait for the outer.

        Raises
        ------
        ReviewError
            TID746 when other writers of this process did not end in time.
        """
        with nullcontext() if self._turns is None else self._turns.take(), self._writing() as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session that can't write, on one consistent picture of the database."""
        with self._reading() as session:
            yield session

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Connect lazily to a database; its schema is looked after by `serving.storage.migrate`."""
    # A failing statement's text goes to the server's log; its parameters are about persons and stay out.
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
    is_sqlite = make_url(url).get_backend_name() == "sqlite"
    if is_sqlite:
        _set_up_sqlite(engine)
    reading = engine.execution_options(**{_READING: True, **_reading_options(engine)})
    writing = sessionmaker(engine, expire_on_commit=False)
    event.listen(writing, "after_begin", _wait_for_other_writers)
    return Database(engine, writing, sessionmaker(reading, expire_on_commit=False), Turns() if is_sqlite else None)


def _reading_options(engine: Engine) -> dict[str, Any]:
    if engine.dialect.name == "postgresql":
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return {}


def _wait_for_other_writers(session: Session, transaction: object, connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITERS_LOCK})


def _set_up_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver would otherwise begin transactions of its own, too late
        for pragma in ("journal_mode = WAL", "foreign_keys = ON", "busy_timeout = 30000", "synchronous = FULL", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        is_reading = bool(connection.get_execution_options().get(_READING))
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if is_reading else 'OFF'}")
        connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")
