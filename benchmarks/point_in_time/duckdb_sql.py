"""Hand-written DuckDB SQL, by ranges of persons so that memory stays flat: two plans.

The long plan is the best SQL that was found: one group-by over (person, date, indicator), scattered into columns by NumPy. The wide plan
does all in SQL: conditional aggregates and a pivot.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.point_in_time.work import AGGREGATIONS, DATES, INDICATORS, NAMES, WINDOWS, write_wide
from features.records import PERSONS_PER_PART, day_number

OUTER = {"count": "coalesce({0}, 0)", "sum": "coalesce({0}, 0)", "max": "{0}"}


def long_then_scatter(raw: str, out: str, n_persons: int) -> int:
    """Aggregate to one row per person, date and indicator in SQL; place the numbers with NumPy."""
    database = _connect(raw)
    for start, stop in _ranges(n_persons):
        found = database.execute(_long(start, stop)).fetchnumpy()
        columns = np.zeros((len(NAMES), (stop - start) * len(DATES)), dtype=np.float32)
        columns[len(AGGREGATIONS) - 1 :: len(AGGREGATIONS)] = np.nan
        row = (found["person"] - start) * len(DATES) + found["date_number"]
        for position in range(len(WINDOWS) * len(AGGREGATIONS)):
            column = found["indicator"] * len(WINDOWS) * len(AGGREGATIONS) + position
            columns[column, row] = np.ma.filled(found[f"f{position}"].astype(np.float32), np.nan)
        person = np.repeat(np.arange(start, stop), len(DATES))
        as_of = np.tile([day_number(day) for day in DATES], stop - start)
        write_wide(Path(out) / f"{start}.parquet", person, as_of, columns)
    return n_persons * len(DATES)


def conditional_aggregates_and_pivot(raw: str, out: str, n_persons: int) -> int:
    """Do everything in SQL, Parquet included."""
    database = _connect(raw)
    width = len(WINDOWS) * len(AGGREGATIONS)
    for start, stop in _ranges(n_persons):
        wide = ", ".join(
            f"{OUTER[AGGREGATIONS[p % len(AGGREGATIONS)]].format(f'max(CASE WHEN indicator = {i} THEN f{p} END)')}::FLOAT "
            f'AS "{NAMES[i * width + p]}"'
            for i in range(len(INDICATORS))
            for p in range(width)
        )
        database.execute(
            f"COPY (SELECT g.person, g.as_of, {_unmissing()} FROM (SELECT p.range::INTEGER AS person, date_number, as_of "
            f"FROM range({start}, {stop}) p, dates) g LEFT JOIN (SELECT person, date_number, {wide} FROM ({_long(start, stop)}) "
            f"GROUP BY ALL) USING (person, date_number)) TO '{out}/{start}.parquet' (FORMAT parquet, COMPRESSION lz4)"
        )
    return n_persons * len(DATES)


def _connect(raw: str) -> duckdb.DuckDBPyConnection:
    """Bring the records into order of person once, so that every range is read alone; the dates are a table."""
    database = duckdb.connect()
    database.execute("SET preserve_insertion_order = false")
    values = ", ".join(f"({number}, {day_number(day)})" for number, day in enumerate(DATES))
    database.execute(f"CREATE TABLE dates AS SELECT * FROM (VALUES {values}) t(date_number, as_of)")
    spread = Path(raw).with_name("duckdb-spread")
    database.execute(
        f"COPY (SELECT *, person // {PERSONS_PER_PART} AS part FROM read_parquet('{raw}')) TO '{spread}' "
        "(FORMAT parquet, PARTITION_BY (part), OVERWRITE true, COMPRESSION lz4)"
    )
    database.execute(f"SET VARIABLE spread = '{spread}'")
    return database


def _ranges(n_persons: int) -> Iterator[tuple[int, int]]:
    for start in range(0, n_persons, PERSONS_PER_PART):
        yield start, min(start + PERSONS_PER_PART, n_persons)


def _long(start: int, stop: int) -> str:
    """One row for each person, date and indicator with a visible record; f0, f1, ... in the order of the columns."""
    made = {
        "count": "sum({0}::INTEGER)",
        "sum": "sum(CASE WHEN {0} THEN value::DOUBLE ELSE 0 END)",
        "max": "max(CASE WHEN {0} THEN value END)",
    }
    inside = ["true" if days is None else f"happened_on > as_of - {days}" for days in WINDOWS]
    numbered = enumerate(made[aggregation].format(test) for test in inside for aggregation in AGGREGATIONS)
    return (
        f"SELECT person, date_number, indicator, {', '.join(f'{expression} AS f{p}' for p, expression in numbered)} "
        f"FROM read_parquet(getvariable('spread') || '/part={start // PERSONS_PER_PART}/*.parquet') JOIN dates "
        f"ON greatest(happened_on, known_on) <= as_of AND known_to > as_of WHERE person >= {start} AND person < {stop} GROUP BY ALL"
    )


def _unmissing() -> str:
    """Zeros where a person has no record at all; a maximum stays missing."""
    by_aggregation = {"count": 'coalesce("{0}", 0) AS "{0}"', "sum": 'coalesce("{0}", 0) AS "{0}"', "max": '"{0}"'}
    return ", ".join(by_aggregation[AGGREGATIONS[p % len(AGGREGATIONS)]].format(name) for p, name in enumerate(NAMES))
