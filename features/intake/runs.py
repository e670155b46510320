"""Checked rows on their way to a purpose's parts: one file that grows by a run a chunk, each run in order of persons.

Reading a part takes its slice of every run, so memory holds a chunk or a part and never more, however long the file is. Slices are in order
of persons already, so that putting a part in order reads a few dozen streams and not memory all over. Persons are codes here: no raw
identifier is in a run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from features.records import PERSONS_PER_PART

FIELDS: Mapping[str, np.dtype[Any]] = MappingProxyType(
    {
        "person": np.dtype("<u2"),
        "indicator": np.dtype("<i2"),
        "value": np.dtype("<f4"),
        "happened_on": np.dtype("<i4"),
        "known_on": np.dtype("<i4"),
        "record": np.dtype("<i8"),
        "origin": np.dtype("<i8"),
    }
)
"""Fields of a row. `person` counts from the part's first one. `origin` is `origin_of` the row's file and line."""

Rows = Mapping[str, NDArray[Any]]
"""Rows as one array a field, each of shape (n_rows,): one field of many rows is read far oftener than all fields of one."""

_ROW_BYTES = sum(kind.itemsize for kind in FIELDS.values())

_LINE_BITS = 44


def base_of(unit: int) -> int:
    """Give what the origins of a source unit's lines are higher than the lines."""
    return unit << _LINE_BITS


def origin_of(unit: int, line: NDArray[np.int64]) -> NDArray[np.int64]:
    """Put the number of a source unit and lines in it into one number."""
    return line + np.int64(base_of(unit))


def unit_of(origin: NDArray[np.int64]) -> NDArray[np.int64]:
    """Take the unit out of an origin."""
    return origin >> _LINE_BITS


def line_of(origin: NDArray[np.int64]) -> NDArray[np.int64]:
    """Take the line out of an origin."""
    return origin & ((1 << _LINE_BITS) - 1)


def take(rows: Rows, places: NDArray[np.intp]) -> Rows:
    """Take rows at these positions."""
    return {name: np.take(column, places) for name, column in rows.items()}


def join(parts: Sequence[Rows]) -> Rows:
    """Put rows behind one another; at least one part."""
    return {name: np.concatenate([rows[name] for rows in parts]) for name in FIELDS}


@dataclass(frozen=True)
class SortedRun:
    """Rows in order of persons, and where each part begins, one past the last part too."""

    rows: Rows
    bounds: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Rows, persons: NDArray[np.int32]) -> Self:
        """Bring rows into the order of persons; a person's rows stay in the order in which they came. Safe on any thread.

        Parameters
        ----------
        rows
            All fields but `person`.
        persons
            Person codes, shape (n_rows,).
        """
        order = _order_of(persons)
        bounds = np.append(0, np.cumsum(np.bincount(persons // PERSONS_PER_PART)))
        person = (persons % PERSONS_PER_PART).astype(FIELDS["person"])
        return cls({name: np.take(person if name == "person" else rows[name], order) for name in FIELDS}, bounds)


@dataclass
class Runs:
    """Rows of one purpose, by part."""

    path: Path
    _starts: list[int] = field(default_factory=list)
    _bounds: list[NDArray[np.int64]] = field(default_factory=list)
    n_rows: int = 0

    def add(self, rows: Rows, persons: NDArray[np.int32]) -> None:
        """Append rows. `rows` and `persons` as `SortedRun.of` takes them."""
        self.append(SortedRun.of(rows, persons))

    def append(self, run: SortedRun) -> None:
        """Append a run: part after part, and in each part field after field, so that a part's slice is read at once."""
        with self.path.open("ab") as file:
            for start, end in zip(run.bounds[:-1].tolist(), run.bounds[1:].tolist(), strict=True):
                if end > start:
                    file.writelines(run.rows[name][start:end].data for name in FIELDS)
        self._starts.append(self.n_rows)
        self._bounds.append(run.bounds)
        self.n_rows += int(run.bounds[-1])

    def parts(self) -> list[int]:
        """Numbers of the parts that have rows, ascending."""
        if not self._bounds:
            return []
        counts = np.zeros(max(len(bounds) for bounds in self._bounds) - 1, dtype=np.int64)
        for bounds in self._bounds:
            counts[: len(bounds) - 1] += np.diff(bounds)
        return [int(number) for number in np.flatnonzero(counts)]

    def read(self, part: int) -> dict[str, NDArray[Any]]:
        """Read a part's rows; a person's rows in the order in which they came."""
        slices = [
            (start + int(bounds[part]), int(bounds[part + 1] - bounds[part]))
            for start, bounds in zip(self._starts, self._bounds, strict=True)
            if part + 1 < len(bounds) and bounds[part + 1] > bounds[part]
        ]
        n_rows, filled = sum(count for _, count in slices), 0
        rows = {name: np.empty(n_rows, dtype=kind) for name, kind in FIELDS.items()}
        content = bytearray(max((count for _, count in slices), default=0) * _ROW_BYTES)
        with self.path.open("rb") as file:
            for start, count in slices:
                file.seek(start * _ROW_BYTES)
                if file.readinto(memoryview(content)[: count * _ROW_BYTES]) != count * _ROW_BYTES:
                    raise OSError("a run of the working folder is shorter than what was written to it")
                offset = 0
                for name, kind in FIELDS.items():
                    rows[name][filled : filled + count] = np.frombuffer(content, dtype=kind, count=count, offset=offset)
                    offset += count * kind.itemsize
                filled += count
        return rows


def _order_of(persons: NDArray[np.int32]) -> NDArray[np.int64]:
    """Order by person, equal ones as they came: with the place packed below the code, plain integers sort faster than positions do."""
    place_bits = len(persons).bit_length()
    key = persons.astype(np.int64)
    key <<= place_bits
    key += np.arange(len(persons))
    key.sort()
    key &= (1 << place_bits) - 1
    return key
