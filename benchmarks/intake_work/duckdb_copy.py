"""What one writes by hand with DuckDB: a join to dense codes and a partitioned COPY, in one statement, nothing checked."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from benchmarks.intake_work.work import INDICATORS, Format
from features.records import PERSONS_PER_PART


def copy_unsorted(data: str, work: str, kind: Format) -> int:
    """Spread the rows over parts, in no order within a part."""
    with _open(data, work, kind) as database:
        return _spread(database, Path(work) / "parts")


def copy_then_sort(data: str, work: str, kind: Format) -> int:
    """Spread the rows over parts, then put each part in the order of the store."""
    with _open(data, work, kind) as database:
        rows = _spread(database, Path(work) / "spread")
        for folder in sorted((Path(work) / "spread").iterdir()):
            database.execute(
                f"COPY (SELECT * FROM read_parquet('{folder}/*.parquet', hive_partitioning = false) "
                f"ORDER BY person, happened_on, known_on, indicator) "
                f"TO '{work}/{folder.name}.parquet' (FORMAT parquet, COMPRESSION lz4_raw)"
            )
            shutil.rmtree(folder)
        return rows


def _open(data: str, work: str, kind: Format) -> duckdb.DuckDBPyConnection:
    shutil.rmtree(work, ignore_errors=True)
    Path(work).mkdir(parents=True)
    database = duckdb.connect(config={"preserve_insertion_order": False, "temp_directory": f"{work}/spill"})
    reader = "read_parquet" if kind == "parquet" else "read_csv"
    database.execute(f"CREATE VIEW records AS SELECT * FROM {reader}('{data}/records.{kind}')")
    database.execute(
        f"CREATE TABLE people AS SELECT person AS raw, (row_number() OVER (ORDER BY random()) - 1)::INTEGER AS person "
        f"FROM {reader}('{data}/persons.{kind}')"
    )
    database.execute("CREATE TABLE indicators (code VARCHAR, position SMALLINT)")
    database.executemany("INSERT INTO indicators VALUES (?, ?)", [[code, place] for place, code in enumerate(INDICATORS)])
    return database


def _spread(database: duckdb.DuckDBPyConnection, folder: Path) -> int:
    (rows,) = database.execute(
        f"""COPY (
            SELECT people.person, position AS indicator, value::FLOAT AS value, happened_on::DATE AS happened_on,
                known_on::DATE AS known_on, hash(record)::BIT::BIGINT AS record, people.person // {PERSONS_PER_PART} AS part
            FROM records JOIN people ON people.raw = records.person JOIN indicators ON indicators.code = records.indicator
        ) TO '{folder}' (FORMAT parquet, COMPRESSION lz4_raw, PARTITION_BY (part))"""
    ).fetchone() or (0,)
    return int(rows)
