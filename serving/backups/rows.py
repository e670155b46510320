"""The database as lines of JSON, one file a table: the same for SQLite and PostgreSQL, so that either can be restored into the other."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Date, LargeBinary, Table, insert, select
from sqlalchemy.orm import Session

from serving.storage.database import UtcDateTime
from serving.storage.tables import Base

LEFT_OUT = frozenset({"sessions", "login_attempts", "idempotent_calls"})
"""What lives for minutes or a day: nobody is logged in again by a restore."""

_AT_ONCE = 500


def backed_up_tables() -> list[Table]:
    """List the tables of a backup, each after those that it refers to."""
    return [table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT]


def write_rows(session: Session, table: Table, path: Path) -> int:
    """Write a table's rows in the order of its key, and say how many."""
    count = 0
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_AT_ONCE)
    with path.open("w", encoding="utf-8") as file:
        for row in session.execute(query).mappings():
            file.write(json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False) + "\n")
            count += 1
    return count


def load_rows(session: Session, table: Table, path: Path) -> int:
    """Insert what `write_rows` wrote, and say how many rows."""
    count = 0
    for rows in _batches(table, path):
        session.execute(insert(table), rows)
        count += len(rows)
    return count


def _batches(table: Table, path: Path) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    with path.open(encoding="utf-8") as file:
        for line in file:
            fields = json.loads(line)
            batch.append({column.name: _value(column, fields[column.name]) for column in table.columns})
            if len(batch) == _AT_ONCE:
                yield batch
                batch = []
    if batch:
        yield batch


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value.isoformat() if isinstance(value, date) else value


def _value(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, LargeBinary):
        return base64.b64decode(value)
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(column.type, Date) else value
