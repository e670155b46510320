"""Sources that are a query over files: DuckDB sees the declared files as views, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as pa_dataset

from features.declarations.catalogue import Source
from features.declarations.denylist import find_denied
from features.errors import IntakeError
from features.intake.readers import CHUNK_ROWS, Chunk, OpenFile, number_lines, open_file

_SPEAKS_OF_DATA = (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException, duckdb.DataError)
"""Errors whose text may quote a value."""


def open_query(path: Path, files: Sequence[Path], source: Source, *, most_rows: int | None = None) -> OpenFile:
    """Run the query of a source over its files.

    Parameters
    ----------
    most_rows
        Rows of each file that the query sees, from the top; all by default. What it gives then is a sample at most.

    Raises
    ------
    IntakeError
        TID305 a file or the query is not there, TID310 the query is not one readable SELECT, and what `readers.open_file` raises.
    """
    connection = connect_closed({file.stem: _view(file, source, most_rows=most_rows) for file in files})
    statement = _single_select(connection, _read_query(path, source), path, source)
    try:
        reader = connection.execute(statement).to_arrow_reader(CHUNK_ROWS)
    except duckdb.Error as error:
        raise _query_error(path, source, error) from error
    return OpenFile(path.name, tuple(reader.schema.names), _chunks(reader, connection, path, source))


def query_columns(path: Path, files: Sequence[Path], source: Source) -> tuple[str, ...]:
    """Plan the query of a source without running it, and return the columns that it gives.

    Raises
    ------
    IntakeError
        As `open_query`.
    """
    connection = connect_closed({file.stem: _view(file, source) for file in files})
    statement = _single_select(connection, _read_query(path, source), path, source)
    try:
        rows = connection.execute(f"DESCRIBE {statement.query}").fetchall()
    except duckdb.Error as error:
        raise _query_error(path, source, error) from error
    finally:
        connection.close()
    return tuple(row[0] for row in rows)


def connect_closed(views: dict[str, pa.Table | pa_dataset.Dataset]) -> duckdb.DuckDBPyConnection:
    """Open an in-memory database that sees these views and neither files, network, Python variables nor its own settings."""
    connection = duckdb.connect(":memory:", config={"temp_directory": "", "python_enable_replacements": False})
    for name, table in views.items():
        connection.register(name, table)
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _view(path: Path, source: Source, *, most_rows: int | None = None) -> pa.Table | pa_dataset.Dataset:
    bad: list[int] = []
    opened = open_file(path, source, expected=(), on_bad_lines=lambda _, lines: bad.extend(lines))
    if path.suffix.lower() in (".parquet", ".pq"):
        whole = pa_dataset.dataset(path, schema=_allowed(pa_dataset.dataset(path).schema))
        return whole if most_rows is None or whole.count_rows() <= most_rows else whole.head(most_rows)
    table = pa.concat_tables(chunk.table for chunk in _first_rows(opened.chunks, most_rows))
    if bad:
        raise IntakeError(
            "TID309",
            f"{path.name} (source {source.name}) has {len(bad)} lines with too many or too few fields (first at line {bad[0]}). A file "
            "under a query has to be whole: mend it and ingest again.",
        )
    return table.select(_allowed(table.schema).names)


def _allowed(schema: pa.Schema) -> pa.Schema:
    """Leave out what is on the hard deny-list: a query that gives columns new names by their place would lift it (R-03)."""
    return pa.schema([field for field in schema if find_denied(field.name) is None], metadata=schema.metadata)


def _first_rows(chunks: Iterator[Chunk], most_rows: int | None) -> Iterator[Chunk]:
    n_rows = 0
    for chunk in chunks:
        yield chunk
        n_rows += len(chunk.table)
        if most_rows is not None and n_rows >= most_rows:
            return


def _read_query(path: Path, source: Source) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise IntakeError("TID305", f"{path} (the query of source {source.name}) is not there or is not UTF-8.") from error


def _single_select(connection: duckdb.DuckDBPyConnection, text: str, path: Path, source: Source) -> duckdb.Statement:
    try:
        statements = connection.extract_statements(text)
    except duckdb.Error as error:
        raise _query_error(path, source, error) from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise IntakeError("TID310", f"{path.name} (source {source.name}) holds {len(statements)} statements. Expected one SELECT.")
    return statements[0]


def _chunks(reader: pa.RecordBatchReader, connection: duckdb.DuckDBPyConnection, path: Path, source: Source) -> Iterator[Chunk]:
    start = 1
    try:
        for batch in reader:
            yield number_lines(pa.Table.from_batches([batch]), start)
            start += batch.num_rows
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise _query_error(path, source, error) from error
    finally:
        connection.close()
    if start == 1:
        raise IntakeError("TID304", f"the query {path.name} (source {source.name}) gives no rows. Check it against its files.")


def _query_error(path: Path, source: Source, error: Exception) -> IntakeError:
    """Say what DuckDB says, unless its text may quote a person's value."""
    quotes = isinstance(error, _SPEAKS_OF_DATA) or not isinstance(error, duckdb.Error)
    said = f"a {type(error).__name__} on some value" if quotes else str(error).split("\n", 1)[0]
    views = ", ".join(Path(name).stem for name in source.files)
    return IntakeError(
        "TID310",
        f"the query {path.name} (source {source.name}) does not run: {said}. It sees the views {views} and nothing else: no "
        "files, no network.",
    )
