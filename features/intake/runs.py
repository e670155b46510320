"""Checked rows on their way to a purpose's parts: one file that grows by a run a chunk, each run in order of the part.

Reading a part takes its slice of every run, so memory holds a chunk or a part and never more, however long the file is. Persons are codes
here: no raw identifier is in a run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from features.records import PERSONS_PER_PART

ROW = np.dtype(
    [
        ("person", "<u2"),
        ("indicator", "<i2"),
        ("value", "<f4"),
        ("happened_on", "<i4"),
        ("known_on", "<i4"),
        ("record", "<i8"),
        ("origin", "<i8"),
    ]
)
"""`person` counts from the part's first one. `origin` is `origin_of` the row's file and line."""

Rows = NDArray[Any]
"""An array of `ROW`."""

_LINE_BITS = 44


def origin_of(unit: int, line: NDArray[np.int64]) -> NDArray[np.int64]:
    """Put the number of a source unit and lines in it into one number."""
    return line + np.int64(unit << _LINE_BITS)


def unit_of(origin: NDArray[np.int64]) -> NDArray[np.int64]:
    """Take the unit out of an origin."""
    return origin >> _LINE_BITS


def line_of(origin: NDArray[np.int64]) -> NDArray[np.int64]:
    """Take the line out of an origin."""
    return origin & ((1 << _LINE_BITS) - 1)


@dataclass(frozen=True)
class SortedRun:
    """Rows in order of their parts, and where each part begins, one past the last part too."""

    rows: Rows
    bounds: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Rows, persons: NDArray[np.int32]) -> Self:
        """Bring rows into the order of their parts; safe on any thread.

        Parameters
        ----------
        persons
            Person codes, shape (n_rows,); the field `person` is set from them.
        """
        part = (persons // PERSONS_PER_PART).astype(np.uint16)
        rows["person"] = persons % PERSONS_PER_PART
        bounds = np.append(0, np.cumsum(np.bincount(part)))
        return cls(np.take(rows, np.argsort(part, kind="stable")) if len(bounds) > 2 else rows, bounds)


@dataclass
class Runs:
    """Rows of one purpose, by part."""

    path: Path
    _starts: list[int] = field(default_factory=list)
    _bounds: list[NDArray[np.int64]] = field(default_factory=list)
    n_rows: int = 0

    def add(self, rows: Rows, persons: NDArray[np.int32]) -> None:
        """Append rows; they keep their order within a part. `persons` as `SortedRun.of` takes them."""
        self.append(SortedRun.of(rows, persons))

    def append(self, run: SortedRun) -> None:
        """Append a run."""
        with self.path.open("ab") as file:
            run.rows.tofile(file)
        self._starts.append(self.n_rows)
        self._bounds.append(run.bounds)
        self.n_rows += len(run.rows)

    def parts(self) -> list[int]:
        """Numbers of the parts that have rows, ascending."""
        if not self._bounds:
            return []
        counts = np.zeros(max(len(bounds) for bounds in self._bounds) - 1, dtype=np.int64)
        for bounds in self._bounds:
            counts[: len(bounds) - 1] += np.diff(bounds)
        return [int(number) for number in np.flatnonzero(counts)]

    def read(self, part: int) -> Rows:
        """Read a part's rows, in the order in which they came."""
        slices = [
            (start + int(bounds[part]), int(bounds[part + 1] - bounds[part]))
            for start, bounds in zip(self._starts, self._bounds, strict=True)
            if part + 1 < len(bounds) and bounds[part + 1] > bounds[part]
        ]
        rows, filled = np.empty(sum(count for _, count in slices), dtype=ROW), 0
        with self.path.open("rb", buffering=0) as file:
            for start, count in slices:
                file.seek(start * ROW.itemsize)
                _fill(file, rows[filled : filled + count])
                filled += count
        return rows


def _fill(file: Any, rows: Rows) -> None:
    """Read as many bytes as these rows have."""
    wanted = memoryview(rows.view(np.uint8).data)
    while len(wanted):
        got = file.readinto(wanted)
        if not got:
            raise OSError("a run of the working folder is shorter than what was written to it")
        wanted = wanted[got:]
