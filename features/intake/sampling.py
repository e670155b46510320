"""Some people's records straight from a source, before anything is loaded: for questions about a whole column, never about a person.

Identifiers are hashed as they are read and stay in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import duckdb
import pyarrow as pa

from features.intake.columns import connect, read_day
from features.intake.queries import open_query
from features.intake.readers import Chunk, open_file
from features.intake.sources import SourceUnit
from features.progress import Step

MOST_RECORDS = 4_000_000
"""Records kept; when more come, half of the people are let go."""
MOST_ROWS = 300_000
"""Rows read of each file, from the top."""


def sample_records(
    unit: SourceUnit, codes: Collection[str], *, step: Step, most_records: int = MOST_RECORDS, most_rows: int = MOST_ROWS
) -> pa.Table:
    """Read the records of some people from the top of a source's files, as many people as `most_records` allows.

    People are chosen by a hash of their identifier, so that those who are in it are in it with all their rows, as far as rows were read.
    Nothing is checked but what opening a file checks; a query sees no more than `most_rows` of each file.

    Returns
    -------
    pyarrow.Table
        id (uint64), code, value (text) and day (date32) of the records of these codes that have a value and a readable date.

    Raises
    ------
    IntakeError
        TID303 to TID307 and TID310, as opening and reading a source raise them.
    """
    connection = connect()
    connection.execute("CREATE TABLE sample (id UBIGINT, code VARCHAR, value VARCHAR, day DATE)")
    connection.register("wanted", pa.table({"code": pa.array(sorted(codes), pa.string())}))
    every = 1
    try:
        for chunk in _first_chunks(unit, most_rows):
            _add(connection, unit.contract.canonical(chunk.table, chunk.lines), unit.source.decimal, every)
            every = _let_go(connection, every, most_records)
            step.advance()
        return connection.execute("SELECT id, code, value, day FROM sample").to_arrow_table()
    finally:
        connection.close()


def _first_chunks(unit: SourceUnit, most_rows: int) -> Iterator[Chunk]:
    if unit.query is not None:
        yield from open_query(unit.query, unit.paths, unit.source, most_rows=most_rows).chunks
        return
    n_rows = 0
    for chunk in open_file(unit.paths[0], unit.source, expected=unit.contract.required, on_bad_lines=lambda *_: None).chunks:
        yield chunk
        n_rows += len(chunk.table)
        if n_rows >= most_rows:
            return


def _add(connection: duckdb.DuckDBPyConnection, canonical: pa.Table, decimal: str, every: int) -> None:
    connection.register("chunk", canonical)
    text = "trim(value::VARCHAR)" if decimal == "." else "replace(trim(value::VARCHAR), ',', '.')"
    day = read_day("happened", canonical.schema.field("happened").type)
    connection.execute(
        f"""INSERT INTO sample
        SELECT hash(trim(id::VARCHAR)) AS person, trim(chunk.code::VARCHAR) AS told, {text} AS text, {day} AS day
        FROM chunk SEMI JOIN wanted ON wanted.code = trim(chunk.code::VARCHAR)
        WHERE person % {every} = 0 AND text NOT IN ('', 'nan') AND day IS NOT NULL"""
    )
    connection.unregister("chunk")


def _let_go(connection: duckdb.DuckDBPyConnection, every: int, most_records: int) -> int:
    """Halve the people until their records fit; return which of the hashes are kept."""
    while (found := connection.execute("SELECT count(*) FROM sample").fetchone()) and found[0] > most_records:
        every *= 2
        connection.execute(f"DELETE FROM sample WHERE id % {every} <> 0")
    return every
