"""From staged rows to a batch: repeated rows left out, sorted, in parts of 8,192 persons.

DuckDB sorts and joins, and may use the ingest's own working folder when memory runs short: no raw identifier is left in these rows.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pa_dataset
import pyarrow.parquet as pq

from features.intake.quarantine import FileTally
from features.intake.staging import STAGED_SCHEMA, Staging
from features.manifest import BatchEntry, StorePurpose, file_hash
from features.records import PERSONS_PER_PART
from features.store import RECORD_SCHEMA, part_name

CONTENT = ("number", "indicator", "value", "happened_on", "known_on", "record")
"""What makes two records of a source the same."""


@dataclass(frozen=True)
class StoredBatches:
    """Where one purpose's records lie already."""

    folder: Path
    batches: tuple[BatchEntry, ...]

    def files(self) -> list[str]:
        """All part files."""
        return [str(self.folder / batch.folder / part_name(number)) for batch in self.batches for number in batch.parts]


def open_staging(staging: Staging, *, spill: Path) -> duckdb.DuckDBPyConnection:
    """Open a database with the view `staged` and the table `dropped` of rows that repeat others."""
    connection = duckdb.connect(":memory:", config={"temp_directory": str(spill), "preserve_insertion_order": False})
    if staging.files:
        connection.read_parquet([str(path) for path in staging.files]).create_view("staged")
    else:
        connection.register("staged", STAGED_SCHEMA.empty_table())
    return connection


def drop_repeats(connection: duckdb.DuckDBPyConnection, *, source_of_unit: Sequence[int], tallies: Sequence[FileTally]) -> None:
    """Find rows that repeat an earlier row of the same source, and count those that repeat one of the same file.

    A row of a later file that an earlier one has already is a longer extract of the same register: left out, not held against the file.

    Parameters
    ----------
    source_of_unit
        Number of the source of each unit.
    """
    connection.register(
        "unit_source", pa.table({"unit": pa.array(range(len(source_of_unit)), pa.int32()), "source": pa.array(source_of_unit, pa.int32())})
    )
    columns = ", ".join(CONTENT)
    connection.execute(
        f"""CREATE TABLE dropped AS
        WITH hashed AS (SELECT *, hash(source, {columns}) AS h FROM staged JOIN unit_source USING (unit)),
            suspicious AS (SELECT h FROM hashed GROUP BY h HAVING count(*) > 1),
            ranked AS (
                SELECT row, unit, line, row_number() OVER same AS place, first_value(unit) OVER same AS first_unit
                FROM hashed WHERE h IN (SELECT h FROM suspicious)
                WINDOW same AS (PARTITION BY source, {columns} ORDER BY row)
            )
        SELECT row, unit, line, unit = first_unit AS in_one_file FROM ranked WHERE place > 1"""
    )
    repeated = connection.execute(
        """SELECT unit, count(*), list(line ORDER BY line)[:20] FROM (
            SELECT unit, line FROM staged SEMI JOIN (SELECT DISTINCT unit, line FROM dropped WHERE in_one_file) USING (unit, line)
            LEFT JOIN (SELECT row, in_one_file FROM dropped) USING (row)
            GROUP BY unit, line HAVING bool_and(coalesce(in_one_file, false))
        ) GROUP BY unit ORDER BY unit"""
    ).fetchall()
    for unit, count, lines in repeated:
        tallies[unit].add("duplicate_row", lines, count=count)


def select_fresh(
    connection: duckdb.DuckDBPyConnection,
    purpose: StorePurpose,
    *,
    units: Sequence[int],
    codes: pa.Table,
    indicators: Sequence[str],
    stored: StoredBatches,
) -> int:
    """Make ``fresh_<purpose>``, the rows of these units that the purpose's store does not have, and return their number.

    A view where nothing is stored yet, so that a first load is not held in memory; a table otherwise.
    """
    connection.register(f"codes_{purpose}", codes)
    numbers = ", ".join(map(str, units)) or "-1"
    rows = f"""
        SELECT row, unit, line, person, indicator, value, happened_on, known_on, record
        FROM staged JOIN codes_{purpose} AS codes USING (number) ANTI JOIN dropped USING (row) WHERE unit IN ({numbers})"""
    if stored.files():
        _register_stored(connection, indicators, stored)
        connection.execute(
            f"""CREATE TABLE fresh_{purpose} AS SELECT * FROM ({rows}) AS new WHERE NOT EXISTS (
                SELECT 1 FROM stored WHERE stored.person = new.person AND stored.indicator = new.indicator
                    AND stored.happened_on = new.happened_on AND stored.known_on = new.known_on
                    AND stored.value IS NOT DISTINCT FROM new.value AND stored.record IS NOT DISTINCT FROM new.record
            )"""
        )
    else:
        connection.execute(f"CREATE TEMP VIEW fresh_{purpose} AS {rows}")
    found = connection.execute(f"SELECT count(*) FROM fresh_{purpose}").fetchone()
    return int(found[0]) if found else 0


def count_already_loaded(
    connection: duckdb.DuckDBPyConnection, purposes: Sequence[StorePurpose], tallies: Sequence[FileTally], *, is_first: bool
) -> None:
    """Count lines of which nothing was new: the store, or an earlier file of this ingest, has them.

    Parameters
    ----------
    is_first
        No purpose has a record yet: then only repeats within this ingest have to be looked at.
    """
    repeats = connection.execute("SELECT count(*) FROM dropped WHERE NOT in_one_file").fetchone()
    if is_first and repeats == (0,):
        return
    fresh = " UNION ".join(f"SELECT unit, line FROM fresh_{purpose}" for purpose in purposes)
    found = connection.execute(
        f"SELECT unit, count(DISTINCT line) FROM staged ANTI JOIN ({fresh}) USING (unit, line) GROUP BY unit"
    ).fetchall()
    for unit, lines in found:
        tallies[unit].already_loaded = lines - tallies[unit].reasons.get("duplicate_row", 0)


def write_batch(
    connection: duckdb.DuckDBPyConnection, purpose: StorePurpose, folder: Path, *, batch: str, indicators: Sequence[str], workspace: Path
) -> Iterator[tuple[int, str, int]]:
    """Write a purpose's fresh rows as sorted parts into a new folder; yield part number, SHA-256 and rows of each."""
    scattered = workspace / f"scattered-{purpose}"
    connection.execute(
        f"""COPY (
            SELECT row, person, indicator, value, happened_on, known_on, record, person // {PERSONS_PER_PART} AS part FROM fresh_{purpose}
        ) TO {_quoted(scattered)} (FORMAT parquet, COMPRESSION lz4_raw, PARTITION_BY (part))"""
    )
    folder.mkdir(parents=True)
    for piece in sorted(scattered.iterdir(), key=lambda path: int(path.name.removeprefix("part="))):
        number = int(piece.name.removeprefix("part="))
        table = (
            connection.read_parquet(f"{piece}/*.parquet", hive_partitioning=False)
            .order("person, indicator, happened_on, known_on, row")
            .to_arrow_table()
        )
        path = folder / part_name(number)
        _write_part(path, table, indicators)
        yield number, file_hash(path), len(table)
        shutil.rmtree(piece)


def copy_without(stored: StoredBatches, persons: Sequence[int], target: Path, *, suffix: str) -> tuple[BatchEntry, ...]:
    """Give the batches as they are without these persons: parts that hold them are written anew, the others linked.

    Old folders stay as they are until the manifest no longer names them.
    """
    gone = np.array(sorted(persons), dtype=np.int32)
    touched = {int(number) for number in np.unique(gone // PERSONS_PER_PART)}
    return tuple(
        _copy_batch(stored.folder, batch, gone, target, suffix) if touched & set(batch.parts) else batch for batch in stored.batches
    )


def _copy_batch(folder: Path, batch: BatchEntry, gone: np.ndarray[tuple[int], np.dtype[np.int32]], target: Path, suffix: str) -> BatchEntry:
    name = f"{batch.folder}-{suffix}"
    (target / name).mkdir(parents=True)
    rows, parts = 0, {}
    for number in batch.parts:
        old, new = folder / batch.folder / part_name(number), target / name / part_name(number)
        table = pq.read_table(old, schema=RECORD_SCHEMA, partitioning=None)
        kept = table.filter(pc.invert(pc.is_in(table["person"], pa.array(gone))))
        if len(kept) == len(table):
            os.link(old, new)
        else:
            _write_table(new, kept)
        rows, parts[number] = rows + len(kept), file_hash(new)
    return BatchEntry(folder=name, rows=rows, parts=parts)


def _register_stored(connection: duckdb.DuckDBPyConnection, indicators: Sequence[str], stored: StoredBatches) -> None:
    connection.register("stored_parts", pa_dataset.dataset(stored.files(), schema=RECORD_SCHEMA))
    connection.register(
        "positions", pa.table({"code": pa.array(indicators, pa.string()), "position": pa.array(range(len(indicators)), pa.int32())})
    )
    connection.execute(
        """CREATE OR REPLACE TEMP VIEW stored AS
        SELECT person, position AS indicator, value, happened_on, known_on, record
        FROM stored_parts JOIN positions ON positions.code = stored_parts.indicator::VARCHAR"""
    )


def _write_part(path: Path, table: pa.Table, indicators: Sequence[str]) -> None:
    codes = pa.array(indicators, pa.string())
    column = pa.chunked_array(
        [pa.DictionaryArray.from_arrays(piece, codes) for piece in table["indicator"].chunks], type=pa.dictionary(pa.int32(), pa.string())
    )
    _write_table(
        path, table.set_column(table.column_names.index("indicator"), "indicator", column).select(RECORD_SCHEMA.names).cast(RECORD_SCHEMA)
    )


def _write_table(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path, compression="zstd")
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
