"""The work that every contender does, and the data that it does it on.

30 indicators x 4 windows x count, sum and max on ten yearly dates for every person: 360 float32 columns, written as Parquet. A record is
late by up to 200 days, and one in fifty is corrected later.
"""

from __future__ import annotations

from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.declarations.specs import FeatureSpec
from features.records import IN_FORCE, PERSONS_PER_PART, day_number

INDICATORS = tuple(f"indicator_{number:02d}" for number in range(30))
WINDOWS = (90, 365, 1095, None)
AGGREGATIONS = ("count", "sum", "max")
SPECS = tuple(FeatureSpec(*one) for one in ((i, a, w) for i, w, a in product(INDICATORS, WINDOWS, AGGREGATIONS)))
NAMES = tuple(spec.name for spec in SPECS)
DATES = tuple(date(year, 6, 15) for year in range(2015, 2025))
FIRST_DAY, LAST_DAY = day_number(date(2012, 1, 1)), day_number(date(2024, 12, 31))
EVENTS_PER_PERSON = 190
PERSONS_AT_ONCE = 8 * PERSONS_PER_PART

RAW_SCHEMA = pa.schema(
    [
        ("person", pa.int32()),
        ("indicator", pa.int32()),
        ("value", pa.float32()),
        ("happened_on", pa.int32()),
        ("known_on", pa.int32()),
        ("known_to", pa.int32()),
        ("record", pa.int64()),
    ]
)
"""Days since 1970-01-01. The peers are given `known_to`; ours has to work it out from `record`, as the product does."""


def n_persons_of(events: int) -> int:
    """People that so many records belong to."""
    return max(1, events // EVENTS_PER_PERSON)


def write_raw(path: Path, *, events: int, seed: int = 7) -> int:
    """Write the records in no order within a chunk of people; returns how many were written."""
    rng, n_persons, written = np.random.default_rng(seed), n_persons_of(events), 0
    with pq.ParquetWriter(path, RAW_SCHEMA, compression="zstd") as writer:
        for start in range(0, n_persons, PERSONS_AT_ONCE):
            stop = min(start + PERSONS_AT_ONCE, n_persons)
            n = round(events * (stop - start) / n_persons)
            table = _records(rng, start, stop, n, first_record=written)
            writer.write_table(table)
            written += table.num_rows
    return written


def _records(rng: np.random.Generator, start: int, stop: int, n: int, *, first_record: int) -> pa.Table:
    """Make n records, of which about one in fifty is the correction of another."""
    n_corrected = n // 50
    n_first = n - n_corrected
    corrected = rng.choice(n_first, n_corrected, replace=False)
    happened_on = rng.integers(FIRST_DAY, LAST_DAY, n_first, dtype=np.int32)
    known_on = happened_on + rng.integers(0, 200, n_first, dtype=np.int32)
    known_to = np.full(n_first, IN_FORCE, dtype=np.int32)
    known_to[corrected] = known_on[corrected] + rng.integers(1, 400, n_corrected, dtype=np.int32)
    first: dict[str, NDArray[Any]] = {
        "person": rng.integers(start, stop, n_first, dtype=np.int32),
        "indicator": rng.integers(0, len(INDICATORS), n_first, dtype=np.int32),
        "value": (rng.integers(0, 40, n_first) / 2).astype(np.float32),
        "happened_on": happened_on,
        "known_on": known_on,
        "known_to": known_to,
        "record": np.arange(first_record + 1, first_record + n_first + 1, dtype=np.int64),
    }
    later = {name: column[corrected] for name, column in first.items()}
    later |= {"known_on": known_to[corrected], "known_to": np.full(n_corrected, IN_FORCE, dtype=np.int32)}
    later["value"] = later["value"] + np.float32(0.5)
    order = rng.permutation(n)
    return pa.table({name: np.concatenate([first[name], later[name]])[order] for name in RAW_SCHEMA.names}, schema=RAW_SCHEMA)


def all_rows(n_persons: int) -> pd.DataFrame:
    """Every person on every date, as the engine takes them."""
    person = np.repeat(np.arange(n_persons, dtype=np.int32), len(DATES))
    as_of = np.tile(np.array(DATES, dtype="datetime64[s]"), n_persons)
    subject_id = pd.array(pa.array(person).cast(pa.large_string()), dtype="str")
    return pd.DataFrame({"person": person, "subject_id": subject_id, "group": person, "as_of": as_of}, copy=False)


def write_wide(path: Path, person: np.ndarray, as_of: int | np.ndarray, columns: np.ndarray) -> None:
    """Write a peer's wide columns, shape (360, n_rows), as the engine writes its own."""
    keys = [pa.array(person.astype(np.int32)), pa.array(np.broadcast_to(np.asarray(as_of, dtype=np.int32), person.shape).copy())]
    schema = pa.schema([("person", pa.int32()), ("as_of", pa.int32()), *((name, pa.float32()) for name in NAMES)])
    table = pa.Table.from_arrays([*keys, *(pa.array(column) for column in columns)], schema=schema)
    pq.write_table(
        table,
        path,
        compression="lz4",
        use_dictionary=["person", "as_of"],
        use_byte_stream_split=list(NAMES),
        write_statistics=False,
        row_group_size=2**20,
    )


def read_wide(folder: Path) -> pd.DataFrame:
    """Read what a contender wrote, in one order, for comparing."""
    table = pa.concat_tables(
        [pq.read_table(path, columns=["person", "as_of", *NAMES]) for path in sorted(folder.rglob("*.parquet")) if path.is_file()]
    )
    frame: pd.DataFrame = table.set_column(1, "as_of", table["as_of"].cast(pa.int32())).to_pandas()
    return frame.sort_values(["person", "as_of"], ignore_index=True)
