"""The parts of a table: what it takes to build one, and who may decide where that happens.

A part is 8,192 persons with all their rows. Every part is built alone, by the same kernel, from the store's own files; a partitioner only
says on which process or machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa

from features.engine.kernel import Rows, feature_columns
from features.engine.plan import Plan
from features.engine.table import write_part
from features.progress import Progress
from features.records import PERSONS_PER_PART, Records


class PartedStore(Protocol):
    """What the engine needs of a store; several threads or machines read it at once."""

    @property
    def purpose(self) -> str:
        """Purpose that the store was filled for."""

    @property
    def content_hash(self) -> str:
        """Hash of everything in the store."""

    @property
    def indicators(self) -> tuple[str, ...]:
        """Codes that `Records.indicator` counts in."""

    @property
    def n_persons(self) -> int:
        """One more than the highest person code."""

    def read_part(self, part: int, *, indicators: Sequence[str] | None = None) -> Records:
        """Read one part in store order."""


@dataclass(frozen=True)
class BuiltPart:
    """A part that stands on disk: the name of its file, and how many rows it has."""

    name: str
    n_rows: int


@dataclass(frozen=True)
class PartWork:
    """What every part of one table is built from; sent whole to whoever builds some of them."""

    store: PartedStore
    plan: Plan
    folder: Path
    """Where the parts are written."""

    def build(self, part: int, keys: pa.Table) -> BuiltPart:
        """Read a part's records, compute its features and write them beside its keys (KEY_SCHEMA, sorted by person and as_of)."""
        keys = keys.combine_chunks()
        rows = Rows(keys["person"].to_numpy(), keys["as_of"].cast(pa.int32()).to_numpy())
        records = self.store.read_part(part, indicators=self.plan.indicators)
        name = f"part-{part:05d}.parquet"
        return BuiltPart(name, write_part(self.folder / name, keys, self.plan.names, feature_columns(records, rows, self.plan)))


class Partitioner(Protocol):
    """Who builds the parts: processes of this machine, or a cluster. It has no say in what they hold."""

    def build(self, work: PartWork, keys: pa.Table, progress: Progress) -> Iterator[BuiltPart]:
        """Build every part of these keys and yield it, in ascending order of the parts."""


def keys_by_part(keys: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """Yield each part's number and its slice of keys that are sorted by person.

    >>> [(part, keys.num_rows) for part, keys in keys_by_part(pa.table({"person": [1, 5, 8192, 20000]}))]
    [(0, 2), (1, 1), (2, 1)]
    """
    part = keys["person"].to_numpy() // PERSONS_PER_PART
    bounds = [0, *(np.flatnonzero(part[1:] != part[:-1]) + 1).tolist(), len(part)]
    for start, stop in pairwise(bounds):
        yield int(part[start]), keys.slice(start, stop - start)
