"""Ours: the product's store and engine, from the raw records or from a store that intake has laid out."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.point_in_time.work import INDICATORS, SPECS, all_rows
from features.engine.build import build_features
from features.manifest import BatchEntry, PurposeEntry
from features.records import PERSONS_PER_PART
from features.store import RECORD_SCHEMA, EventStore, part_name


def from_raw(raw: str, work: str, out: str, n_persons: int, workers: int) -> int:
    """Lay the records out by person and build: what the peers do, in full."""
    lay_out(raw, work, n_persons)
    return from_store(work, out, n_persons, workers)


def from_store(work: str, out: str, n_persons: int, workers: int) -> int:
    """Build from a store: what the product does each time after intake."""
    table = build_features(open_laid_out(Path(work), n_persons), all_rows(n_persons), SPECS, Path(out), levels={}, workers=workers)
    return table.n_rows


def lay_out(raw: str, work: str, n_persons: int) -> int:
    """Partition the records by person into the product's store format, sorted within each part."""
    database = duckdb.connect()
    spread = Path(work) / "spread"
    batch = Path(work) / "batch"
    batch.mkdir(parents=True, exist_ok=True)
    database.execute(
        f"SET preserve_insertion_order = false; COPY (SELECT *, person // {PERSONS_PER_PART} AS part FROM read_parquet('{raw}')) "
        f"TO '{spread}' (FORMAT parquet, PARTITION_BY (part), OVERWRITE true, COMPRESSION lz4)"
    )
    for part in range(-(-n_persons // PERSONS_PER_PART)):
        _write_part(spread / f"part={part}", batch / part_name(part))
    return n_persons


def _write_part(folder: Path, path: Path) -> None:
    table = pq.read_table(folder, partitioning=None)
    order = np.lexsort([table[name].to_numpy() for name in ("known_on", "happened_on", "person")])
    table = table.take(pa.array(order))
    indicator = pa.DictionaryArray.from_arrays(table["indicator"].combine_chunks(), pa.array(INDICATORS))
    dates = [table[name].cast(pa.date32()) for name in ("happened_on", "known_on")]
    columns = [table["person"], indicator, table["value"], *dates, table["record"]]
    pq.write_table(pa.Table.from_arrays(columns, schema=RECORD_SCHEMA), path, compression="zstd", compression_level=1)


def open_laid_out(work: Path, n_persons: int) -> EventStore:
    """Open what `lay_out` wrote as the product's store."""
    parts = dict.fromkeys(range(-(-n_persons // PERSONS_PER_PART)), "")
    entry = PurposeEntry(subjects="", subjects_hash="", n_persons=n_persons, batches=(BatchEntry(folder="batch", rows=0, parts=parts),))
    return EventStore(work, "train", entry, INDICATORS)
