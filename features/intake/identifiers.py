"""Find persons by their raw identifier: an exact table over bytes, built once an ingest and asked for every row.

Joins of a query engine build such a table anew for every chunk, which costs more than all checks together once a register has a million
people. Identifiers live in memory only.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.intake.letters import Words, buffers_of, by_length

UNKNOWN = -2
"""An identifier that the table does not have."""
MISSING = -3
"""No identifier at all."""

_EMPTY = -1
_SPACE = 32
_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)


@dataclass(frozen=True)
class _OneLength:
    """Identifiers of one length: open addressing, each hit compared byte for byte, so that no two people can be taken for one another."""

    words: Words
    numbers: NDArray[np.int32]
    slots: NDArray[np.int32]

    @classmethod
    def build(cls, words: Words, numbers: NDArray[np.int32]) -> _OneLength:
        size = 1 << max(4, (4 * len(numbers)).bit_length())
        slots = np.full(size, _EMPTY, dtype=np.int32)
        waiting, slot = np.arange(len(numbers), dtype=np.int32), _slots(words, size)
        while len(waiting):
            free = slots[slot] == _EMPTY
            slots[slot[free]] = waiting[free]  # of several that want one slot the last one gets it
            left = slots[slot] != waiting
            waiting, slot = waiting[left], (slot[left] + 1) & (size - 1)
        return cls(words, numbers, slots)

    def find(self, words: Words) -> NDArray[np.int32]:
        slot = _slots(words, len(self.slots))
        entry = np.take(self.slots, slot).astype(np.intp)
        same = self._is(entry, words)
        found = np.where(same, np.take(self.numbers, entry, mode="clip"), np.int32(UNKNOWN))
        waiting = np.flatnonzero(~same & (entry != _EMPTY))
        slot = slot[waiting]
        while len(waiting):
            slot = (slot + 1) & (len(self.slots) - 1)
            entry = self.slots[slot].astype(np.intp)
            same = self._is(entry, tuple(word[waiting] for word in words))
            found[waiting[same]] = self.numbers[entry[same]]
            goes_on = ~same & (entry != _EMPTY)
            waiting, slot = waiting[goes_on], slot[goes_on]
        return found

    def _is(self, entry: NDArray[np.intp], words: Words) -> NDArray[np.bool_]:
        same = np.not_equal(entry, _EMPTY)
        for asked, own in zip(words, self.words, strict=True):
            same &= np.equal(np.take(own, entry, mode="clip"), asked)
        return same


@dataclass(frozen=True)
class IdentifierTable:
    """Raw identifier -> this ingest's number of the person.

    Examples
    --------
    >>> table = IdentifierTable.build(pa.array(["a", "bc"]), np.array([7, 8], dtype=np.int32))
    >>> table.find(pa.chunked_array([["bc", "zz", None, "a "]])).tolist()
    [8, -2, -3, 7]
    """

    by_length: dict[int, _OneLength]

    @classmethod
    def build(cls, texts: pa.Array, numbers: NDArray[np.int32]) -> IdentifierTable:
        """Take distinct identifiers, none of them empty or with spaces around it, and their numbers."""
        return cls({size: _OneLength.build(words, numbers[rows]) for size, rows, words in by_length(texts)})

    def find(self, column: pa.ChunkedArray) -> NDArray[np.int32]:
        """Give the number of each row's person, `UNKNOWN` or `MISSING`; shape (n_rows,).

        Any type of column is read as the text that it makes; spaces around an identifier do not count.
        """
        pieces = [self._find(piece) for piece in column.chunks]
        return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int32)

    def _find(self, piece: pa.Array) -> NDArray[np.int32]:
        if pa.types.is_dictionary(piece.type):
            of_distinct = np.append(self._find(piece.dictionary), np.int32(MISSING))
            numbers: NDArray[np.int32] = of_distinct[pc.fill_null(piece.indices, len(of_distinct) - 1).to_numpy()]
            return numbers
        texts = as_texts(piece)
        found = np.full(len(texts), MISSING, dtype=np.int32)
        for size, rows, words in by_length(texts):
            own = self.by_length.get(size)
            found[rows] = UNKNOWN if own is None else own.find(words)
        return found


def as_texts(piece: pa.Array) -> pa.Array:
    """Read identifiers as text without spaces around them; an empty one is null, a whole number in a float column loses its ``.0``.

    >>> as_texts(pa.array([1.0, 2.5, None])).to_pylist()
    ['1', '2.5', None]
    """
    if pa.types.is_integer(piece.type):
        return piece.cast(pa.string())
    if pa.types.is_large_string(piece.type) or pa.types.is_string_view(piece.type):
        piece = piece.cast(pa.string())
    if not pa.types.is_string(piece.type):
        return _written(piece)
    if _has_outer_space(piece):
        piece = pc.utf8_trim(piece, " ")
    if pc.any(pc.equal(pc.binary_length(piece), 0)).as_py():
        piece = pc.if_else(pc.equal(pc.binary_length(piece), 0), pa.scalar(None, pa.string()), piece)
    return piece


def _written(piece: pa.Array) -> pa.Array:
    """Write values of another type as DuckDB does; only distinct ones are written."""
    encoded = piece.dictionary_encode()
    text = "nullif(trim(one::VARCHAR), '')"
    if pa.types.is_floating(piece.type):
        text = f"CASE WHEN isnan(one) THEN NULL WHEN one = floor(one) THEN TRY_CAST(one AS HUGEINT)::VARCHAR ELSE {text} END"
    with duckdb.connect(":memory:", config={"temp_directory": "", "threads": 1}) as connection:
        connection.register("several", pa.table({"one": encoded.dictionary}))
        texts = connection.execute(f"SELECT {text} AS text FROM several").to_arrow_table()["text"].combine_chunks()
    return pc.take(texts, encoded.indices)


def _slots(words: Words, size: int) -> NDArray[np.int64]:
    mixed = np.zeros(len(words[0]), dtype=np.uint64)
    for place, word in enumerate(words):
        mixed ^= word
        mixed *= np.uint64(_MULTIPLIERS[place % len(_MULTIPLIERS)])
        mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(_MULTIPLIERS[-1])
    return (mixed >> np.uint64(64 - (size.bit_length() - 1))).astype(np.int64)


def _has_outer_space(texts: pa.Array) -> bool:
    offsets, content = buffers_of(texts)
    if not (content[offsets[0] : offsets[-1]] == _SPACE).any():
        return False
    offsets = offsets[np.append(True, offsets[1:] > offsets[:-1])] if len(offsets) else offsets
    return bool(len(offsets) > 1 and ((content[offsets[:-1]] == _SPACE).any() or (content[offsets[1:] - 1] == _SPACE).any()))
