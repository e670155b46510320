"""Ours: the product's store and engine, from the raw records or from a store that intake has laid out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.point_in_time.work import INDICATORS, SPECS, all_rows
from features.engine.build import build_features
from features.engine.parts import PartedStore
from features.intake.runs import FIELDS, Runs, SortedRun
from features.manifest import BatchEntry, PurposeEntry
from features.records import PERSONS_PER_PART, Records
from features.store import RECORD_SCHEMA, EventStore, part_name
from features.supersession import Columns, join_batches, store_order
from features.threads import in_turn

RUN_COLUMNS = ("indicator", "value", "happened_on", "known_on", "record")


def from_raw(raw: str, work: str, out: str, n_persons: int, workers: int) -> int:
    """Spread the records by person and build: what the peers do, in full."""
    return _build(SpreadStore(spread(raw, work, workers=workers), n_persons), out, workers)


def from_store(work: str, out: str, n_persons: int, workers: int) -> int:
    """Build from a store: what the product does each time after intake."""
    return _build(open_laid_out(Path(work), n_persons), out, workers)


def _build(store: PartedStore, out: str, workers: int) -> int:
    return build_features(store, all_rows(store.n_persons), SPECS, Path(out), levels={}, workers=workers).n_rows


def spread(raw: str, work: str, *, workers: int) -> Runs:
    """Bring the records into parts, in no order within each, as intake does with what it has checked."""
    Path(work).mkdir(parents=True, exist_ok=True)
    runs = Runs(Path(work) / "runs.bin")
    runs.path.unlink(missing_ok=True)
    with pq.ParquetFile(raw) as file:
        n_groups = file.num_row_groups
    for run in in_turn(partial(_run_of, raw), range(n_groups), workers=workers):
        runs.append(run)
    return runs


def _run_of(raw: str, group: int) -> SortedRun:
    """Read one row group with a reader of its own, which keeps no bytes of others, and bring it into order."""
    with pq.ParquetFile(raw) as file:
        table = file.read_row_group(group, columns=["person", *RUN_COLUMNS], use_threads=False)
    rows = {name: table[name].to_numpy().astype(FIELDS[name], copy=False) for name in RUN_COLUMNS}
    return SortedRun.of({**rows, "origin": np.zeros(len(table), dtype=FIELDS["origin"])}, table["person"].to_numpy())


@dataclass(frozen=True)
class SpreadStore:
    """Records as `spread` left them: what the engine needs of a store, and no more."""

    runs: Runs
    n_persons: int
    purpose: str = "train"
    content_hash: str = ""
    indicators: tuple[str, ...] = INDICATORS

    def read_part(self, part: int, *, indicators: Sequence[str] | None = None) -> Records:
        """Read a part and put it into the order of the store."""
        return join_batches([columns_of(self.runs, part)])


def columns_of(runs: Runs, part: int) -> Columns:
    """Columns of a part's rows, in the order in which they came."""
    rows = runs.read(part)
    person = rows["person"] + np.int32(part * PERSONS_PER_PART)
    return {**{name: rows[name] for name in RUN_COLUMNS}, "person": person, "indicator": rows["indicator"].astype(np.int32)}


def lay_out(raw: str, work: str, n_persons: int) -> int:
    """Write the records into the product's store format, sorted within each part."""
    runs = spread(raw, work, workers=1)
    (Path(work) / "batch").mkdir(exist_ok=True)
    for part in range(-(-n_persons // PERSONS_PER_PART)):
        _write_part(columns_of(runs, part), Path(work) / "batch" / part_name(part))
    runs.path.unlink()
    return n_persons


def _write_part(columns: Columns, path: Path) -> None:
    order = store_order(columns)
    indicator = pa.DictionaryArray.from_arrays(columns["indicator"][order], pa.array(INDICATORS))
    dates = [pa.array(columns[name][order]).cast(pa.date32()) for name in ("happened_on", "known_on")]
    numbers = {name: pa.array(columns[name][order]) for name in ("person", "value", "record")}
    arrays = [numbers["person"], indicator, numbers["value"], *dates, numbers["record"]]
    pq.write_table(pa.Table.from_arrays(arrays, schema=RECORD_SCHEMA), path, compression="lz4", use_dictionary=["indicator"])


def open_laid_out(work: Path, n_persons: int) -> EventStore:
    """Open what `lay_out` wrote as the product's store."""
    parts = dict.fromkeys(range(-(-n_persons // PERSONS_PER_PART)), "")
    entry = PurposeEntry(subjects="", subjects_hash="", n_persons=n_persons, batches=(BatchEntry(folder="batch", rows=0, parts=parts),))
    return EventStore(work, "train", entry, INDICATORS)
