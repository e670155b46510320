"""What became of each line of a file: a bit a line, so that a hundred million lines take a dozen megabytes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from features.intake.quarantine import LINES_KEPT

_DENSE = 8
"""Lines that lie closer together than this are cheaper to set as a stretch than one by one."""


@dataclass
class LineSet:
    """A set of line numbers.

    >>> lines = LineSet()
    >>> lines.add(np.array([3, 70, 3]))
    >>> len(lines)
    2
    """

    _bits: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(1 << 10, dtype=np.uint8))

    def add(self, lines: NDArray[np.int64], *, base: int = 0) -> None:
        """Take in these lines, given as numbers that are `base` higher."""
        if not len(lines):
            return
        last = int(lines.max()) - base
        needed = (last >> 3) + 1
        if needed > len(self._bits):
            self._bits = np.append(self._bits, np.zeros(max(needed, 2 * len(self._bits)) - len(self._bits), dtype=np.uint8))
        low = (int(lines.min()) - base) & ~7
        if last - low < _DENSE * len(lines):
            there = np.zeros(last - low + 1, dtype=np.bool_)
            there[lines - (base + low)] = True
            packed = np.packbits(there, bitorder="little")
            self._bits[low >> 3 : (low >> 3) + len(packed)] |= packed
        else:
            lines = lines - base
            np.bitwise_or.at(self._bits, lines >> 3, (1 << (lines & 7)).astype(np.uint8))

    def __len__(self) -> int:
        return int(np.bitwise_count(self._bits).sum())

    def __or__(self, other: LineSet) -> LineSet:
        """Lines of either.

        >>> one, two = LineSet(), LineSet()
        >>> one.add(np.array([3, 70])), two.add(np.array([70, 9000]))
        (None, None)
        >>> len(one | two)
        3
        """
        shorter, longer = sorted((self._bits, other._bits), key=len)
        bits = longer.copy()
        bits[: len(shorter)] |= shorter
        return LineSet(bits)

    def __sub__(self, other: LineSet) -> LineSet:
        """Lines of this one alone."""
        bits, shared = self._bits.copy(), min(len(self._bits), len(other._bits))
        bits[:shared] &= ~other._bits[:shared]
        return LineSet(bits)

    def first(self, count: int = LINES_KEPT) -> list[int]:
        """Lowest lines of the set, ascending."""
        start, found = 0, np.empty(0, dtype=np.int64)
        for byte in np.flatnonzero(self._bits)[:count].tolist():
            start = byte * 8
            found = np.append(found, start + np.flatnonzero(np.unpackbits(self._bits[byte], bitorder="little")))
        return [int(line) for line in found[:count]]


@dataclass
class UnitLines:
    """Lines of one source unit."""

    staged: LineSet = field(default_factory=LineSet)
    """Lines of which something passed the checks."""
    fresh: LineSet = field(default_factory=LineSet)
    """Lines of which something was new to a store."""
    repeated: LineSet = field(default_factory=LineSet)
    """Lines that say nothing but what an earlier line of the same file said."""
    changed: LineSet = field(default_factory=LineSet)
    """Lines that say something else than a store has, as of the same day; another store of the source may have taken them."""

    @property
    def n_already_loaded(self) -> int:
        """Lines of which nothing was new: the store, or an earlier file of this ingest, has them."""
        return len(self.staged) - len(self.fresh | self.repeated | self.changed)
