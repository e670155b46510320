"""Ours: the product's store and engine, from the raw records or from a store that intake has laid out."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.point_in_time.work import INDICATORS, SPECS, all_rows
from features.engine.build import build_features
from features.engine.parts import PartedStore
from features.manifest import BatchEntry, PurposeEntry
from features.records import PERSONS_PER_PART, Records
from features.store import RECORD_SCHEMA, EventStore, part_name
from features.supersession import join_batches, store_order


def from_raw(raw: str, work: str, out: str, n_persons: int, workers: int) -> int:
    """Spread the records by person and build: what the peers do, in full."""
    spread(raw, work)
    return _build(SpreadStore(Path(work) / "spread", n_persons), out, workers)


def from_store(work: str, out: str, n_persons: int, workers: int) -> int:
    """Build from a store: what the product does each time after intake."""
    return _build(open_laid_out(Path(work), n_persons), out, workers)


def _build(store: PartedStore, out: str, workers: int) -> int:
    return build_features(store, all_rows(store.n_persons), SPECS, Path(out), levels={}, workers=workers).n_rows


def spread(raw: str, work: str) -> None:
    """Partition the records by ranges of persons, in no order within a part."""
    Path(work).mkdir(parents=True, exist_ok=True)
    database = duckdb.connect()
    database.execute(
        "SET preserve_insertion_order = false; SET partitioned_write_flush_threshold = 32768; SET partitioned_write_max_open_files = 1000; "
        f"COPY (SELECT person, indicator, value, happened_on, known_on, record, person // {PERSONS_PER_PART} AS part "
        f"FROM read_parquet('{raw}')) TO '{Path(work) / 'spread'}' (FORMAT parquet, PARTITION_BY (part), OVERWRITE true, COMPRESSION lz4)"
    )


@dataclass(frozen=True)
class SpreadStore:
    """Records as `spread` left them: what the engine needs of a store, and no more."""

    folder: Path
    n_persons: int
    purpose: str = "train"
    content_hash: str = ""
    indicators: tuple[str, ...] = INDICATORS

    def read_part(self, part: int, *, indicators: Sequence[str] | None = None) -> Records:
        """Read a part, which may lie in several files, and put it into the order of the store."""
        table = pq.read_table(self.folder / f"part={part}", partitioning=None, use_threads=False).combine_chunks()
        return join_batches([{name: table[name].to_numpy() for name in table.column_names}])


def lay_out(raw: str, work: str, n_persons: int) -> int:
    """Write the records into the product's store format, sorted within each part."""
    spread(raw, work)
    (Path(work) / "batch").mkdir(parents=True, exist_ok=True)
    for part in range(-(-n_persons // PERSONS_PER_PART)):
        _write_part(Path(work) / "spread" / f"part={part}", Path(work) / "batch" / part_name(part))
    shutil.rmtree(Path(work) / "spread")
    return n_persons


def _write_part(folder: Path, path: Path) -> None:
    table = pq.read_table(folder, partitioning=None)
    table = table.take(pa.array(store_order({name: table[name].to_numpy() for name in ("person", "happened_on", "known_on")})))
    indicator = pa.DictionaryArray.from_arrays(table["indicator"].combine_chunks(), pa.array(INDICATORS))
    dates = [table[name].cast(pa.date32()) for name in ("happened_on", "known_on")]
    columns = [table["person"], indicator, table["value"], *dates, table["record"]]
    pq.write_table(pa.Table.from_arrays(columns, schema=RECORD_SCHEMA), path, compression="lz4", use_dictionary=["indicator"])


def open_laid_out(work: Path, n_persons: int) -> EventStore:
    """Open what `lay_out` wrote as the product's store."""
    parts = dict.fromkeys(range(-(-n_persons // PERSONS_PER_PART)), "")
    entry = PurposeEntry(subjects="", subjects_hash="", n_persons=n_persons, batches=(BatchEntry(folder="batch", rows=0, parts=parts),))
    return EventStore(work, "train", entry, INDICATORS)
