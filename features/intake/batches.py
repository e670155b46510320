"""From checked rows to a batch: repeated rows left out, sorted, in parts of 8,192 persons."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.intake.repeats import store_order
from features.intake.rewriting import Delivered
from features.intake.runs import FIELDS, Rows, Runs, take
from features.intake.settling import settle
from features.manifest import BatchEntry, file_hash
from features.records import PERSONS_PER_PART
from features.store import RECORD_SCHEMA, part_name

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_COMPRESSION = {name: "none" if name in ("indicator", "record") else "lz4" for name in RECORD_SCHEMA.names}
"""The quick one: a store is read far more often than written. Digests do not get smaller, nor do positions in a dictionary."""
_SPLIT = dict.fromkeys(("value", "happened_on", "known_on"), "BYTE_STREAM_SPLIT")
"""High bytes of numbers and days are much the same: set apart, they shrink more, and read and write faster than positions would."""


@dataclass(frozen=True)
class StoredBatches:
    """Where one purpose's records lie already."""

    folder: Path
    batches: tuple[BatchEntry, ...]

    def read(self, part: int, indicators: Sequence[str]) -> Rows:
        """Read all stored rows of a part; `indicators` says which number each code has in this ingest."""
        files = [self.folder / batch.folder / part_name(part) for batch in self.batches if part in batch.parts]
        tables = [_as_rows(pq.read_table(path, schema=RECORD_SCHEMA, partitioning=None), indicators) for path in files]
        return {name: np.concatenate([np.empty(0, dtype=kind), *(rows[name] for rows in tables)]) for name, kind in FIELDS.items()}


@dataclass(frozen=True)
class WrittenPart:
    """What became of one part's rows."""

    number: int
    digest: str | None
    """SHA-256 of the part's file; None when nothing was new."""
    n_rows: int
    fresh: NDArray[np.int64]
    """Origins of the rows that were written."""
    repeated: NDArray[np.int64]
    """Origins of which every row repeats an earlier line of the same file."""
    changed: NDArray[np.int64]
    """Origins of lines that say something else than what is known, and not that they became known later."""


def write_part(
    runs: Runs, part: int, *, folder: Path, stored: StoredBatches, delivered: Delivered, indicators: Sequence[str]
) -> WrittenPart:
    """Sort a part, leave out what it or the store has already, and write the rest into the batch's folder.

    A row of a later file that an earlier one has already is a longer extract of the same register: left out, not held against the file.
    A line of which a record contradicts what is known of the same day is left out whole.

    Parameters
    ----------
    indicators
        Codes; a row's `indicator` is a position in them.
    """
    rows: Rows = runs.read(part)
    rows = take(rows, store_order(rows))
    settled = settle(rows, stored.read(part, indicators) if stored.batches else None, delivered)
    n_rows = len(settled.fresh["origin"])
    digest = _write_rows(folder / part_name(part), settled.fresh, part, indicators) if n_rows else None
    return WrittenPart(part, digest, n_rows, settled.fresh["origin"], settled.repeated, settled.changed)


def copy_without(stored: StoredBatches, persons: Sequence[int], target: Path, *, suffix: str) -> tuple[BatchEntry, ...]:
    """Give the batches as they are without these persons: parts that hold them are written anew, the others linked.

    Old folders stay as they are until the manifest no longer names them.
    """
    gone = np.array(sorted(persons), dtype=np.int32)
    touched = {int(number) for number in np.unique(gone // PERSONS_PER_PART)}
    return tuple(
        _copy_batch(stored.folder, batch, gone, target, suffix) if touched & set(batch.parts) else batch for batch in stored.batches
    )


def _copy_batch(folder: Path, batch: BatchEntry, gone: NDArray[np.int32], target: Path, suffix: str) -> BatchEntry:
    name = f"{batch.folder}-{suffix}"
    (target / name).mkdir(parents=True)
    rows, parts = 0, {}
    for number in batch.parts:
        old, new = folder / batch.folder / part_name(number), target / name / part_name(number)
        table = pq.read_table(old, schema=RECORD_SCHEMA, partitioning=None)
        kept = table.filter(pc.invert(pc.is_in(table["person"], pa.array(gone))))
        if len(kept) == len(table):
            os.link(old, new)
            digest = file_hash(new)
        else:
            digest = _write_table(new, kept)
        rows, parts[number] = rows + len(kept), digest
    return BatchEntry(folder=name, rows=rows, parts=parts)


def _as_rows(table: pa.Table, indicators: Sequence[str]) -> Rows:
    known = {code: place for place, code in enumerate(indicators)}
    column = table["indicator"].combine_chunks()
    lookup = np.array([*(known.get(code, -1) for code in column.dictionary.to_pylist()), -1], dtype=np.int16)
    indicator = lookup[column.indices.to_numpy()]
    rows = {
        "person": (table["person"].to_numpy() % PERSONS_PER_PART).astype(FIELDS["person"]),
        "indicator": indicator,
        "value": table["value"].to_numpy(),
        **{name: table[name].cast(pa.int32()).to_numpy() for name in ("happened_on", "known_on")},
        "record": pc.fill_null(table["record"], 0).to_numpy(),
        "origin": np.zeros(len(table), dtype=FIELDS["origin"]),
    }
    return rows if (indicator >= 0).all() else take(rows, np.flatnonzero(indicator >= 0))


def _write_rows(path: Path, rows: Rows, part: int, indicators: Sequence[str]) -> str:
    value, record = rows["value"], rows["record"]
    columns: list[Any] = [
        pa.array(rows["person"].astype(np.int32) + np.int32(part * PERSONS_PER_PART)),
        pa.DictionaryArray.from_arrays(pa.array(rows["indicator"].astype(np.int32)), pa.array(indicators, pa.string())),
        _nullable(value, np.isnan(value)),
        *(pa.array(rows[name]).cast(pa.date32()) for name in ("happened_on", "known_on")),
        _nullable(record, record == 0),
    ]
    return _write_table(path, pa.Table.from_arrays(columns, schema=RECORD_SCHEMA))


def _nullable(column: NDArray[Any], is_null: NDArray[np.bool_]) -> pa.Array:
    return pa.array(column, mask=is_null) if is_null.any() else pa.array(column)


def _write_table(path: Path, table: pa.Table) -> str:
    """Write and flush a part; return the SHA-256 of its file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        sink = _Hashed(file)
        pq.write_table(table, sink, compression=_COMPRESSION, use_dictionary=["indicator"], column_encoding=_SPLIT, write_statistics=False)
        file.flush()
        os.fsync(file.fileno())
    return sink.digest.hexdigest()


class _Hashed(io.RawIOBase):
    """A file that is hashed as it is written, page by page: a part is never in memory a second time."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self.file, self.digest = file, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, content: ReadableBuffer, /) -> int:
        self.digest.update(content)
        return self.file.write(content)
