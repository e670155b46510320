"""Small declared tables in Parquet, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError
from features.manifest import flush_folder

_LATER = {b"added": b"later"}


def added_later(name: str, kind: pa.DataType) -> pa.Field:
    """Declare a column that tables written before it was declared do not have; there it reads as not known."""
    return pa.field(name, kind, metadata=_LATER)


def write_table(path: Path, table: pa.Table, schema: pa.Schema) -> None:
    """Replace a table by rename, so that a reader sees the old one or the new one.

    Raises
    ------
    DataError
        TID408 when the table does not fit its declared columns.
    """
    checked = fit_table(table, schema, place=str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    pq.write_table(checked, temporary, compression="zstd")
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    flush_folder(path.parent)


def read_table(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a declared table; where there is no file it is empty, with its columns. What was declared later reads as null.

    Raises
    ------
    DataError
        TID408 when the file does not fit its declared columns.
    """
    if not path.is_file():
        return schema.empty_table()
    try:
        table = pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError("TID408", f"{path} does not read as Parquet. Restore it from a backup.") from error
    return fit_table(_with_later(table, schema), schema, place=str(path))


def as_table(table: pd.DataFrame | pa.Table, schema: pa.Schema) -> pa.Table:
    """Turn a frame into Arrow, its columns as declared where they can be; what they lack is for `write_table` to say.

    Raises
    ------
    DataError
        TID408 when a column can't have its declared type.
    """
    if isinstance(table, pa.Table):
        return table
    if set(table.columns) == set(schema.names):
        try:
            return pa.Table.from_pandas(table, schema=schema, preserve_index=False)
        except (pa.ArrowTypeError, ValueError) as error:
            raise DataError(
                "TID408", f"a column does not have its declared type, or lacks a value. Expected {_described(schema)}."
            ) from error
    return pa.Table.from_pandas(table, preserve_index=False)


def fit_table(table: pa.Table, schema: pa.Schema, *, place: str) -> pa.Table:
    """Give the columns their declared order and types.

    Raises
    ------
    DataError
        TID408 when a column is missing, not declared, of another type or lacks a value it needs.
    """
    unexpected = sorted(set(table.column_names) ^ set(schema.names))
    if unexpected:
        raise DataError(
            "TID408", f"{place}: the columns {', '.join(unexpected)} are missing or not declared. Expected {', '.join(schema.names)}."
        )
    try:
        fitted = table.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
        raise DataError("TID408", f"{place}: a column does not have its declared type. Expected {_described(schema)}.") from error
    empty = [field.name for field in schema if not field.nullable and fitted[field.name].null_count]
    if empty:
        raise DataError("TID408", f"{place}: the columns {', '.join(empty)} have rows without a value.")
    return fitted


def _with_later(table: pa.Table, schema: pa.Schema) -> pa.Table:
    for field in schema:
        if field.metadata == _LATER and field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table


def _described(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} ({field.type})" for field in schema)
