"""Columns of text as arrays of bytes: rows of one length together, eight bytes to a number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

BYTES = np.array([(1 << 8 * count) - 1 for count in range(9)], dtype=np.uint64)
"""A word's lowest so many bytes."""

Words = tuple[NDArray[np.uint64], ...]
"""Texts of one length, eight bytes a word, the last one filled up with zeros."""


def by_length(texts: pa.Array) -> Iterator[tuple[int, NDArray[np.intp] | slice, Words]]:
    """Yield for each length the rows of that length, and their words; null and empty rows are in none."""
    starts, lengths, letters = places_of(texts)
    counts = np.bincount(lengths) if len(lengths) else np.zeros(1, dtype=np.intp)
    for size in np.flatnonzero(counts).tolist():
        if size == 0:
            continue
        if counts[size] == len(lengths):
            yield size, slice(None), every_word(letters, size, len(lengths))
        else:
            rows = np.flatnonzero(lengths == size)
            words = [word_at(letters, starts[rows] + place) for place in range(0, size, 8)]
            words[-1] &= BYTES[(size - 1) % 8 + 1]
            yield size, rows, tuple(words)


def places_of(texts: pa.Array) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8]]:
    """Where each row's letters start, how many there are (0 for null), and the letters, with eight zeros behind the last."""
    offsets, content = buffers_of(texts)
    lengths = np.diff(offsets)
    if texts.null_count:
        lengths[np.asarray(pc.is_null(texts).to_numpy(zero_copy_only=False))] = 0
    letters = np.zeros(offsets[-1] - offsets[0] + 8, dtype=np.uint8)
    letters[:-8] = content[offsets[0] : offsets[-1]]
    return offsets[:-1] - offsets[0], lengths, letters


def word_at(letters: NDArray[np.uint8], starts: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Eight letters from each start on, as one number, the first letter lowest; `letters` as `places_of` gives them."""
    anywhere: NDArray[np.uint64] = np.ndarray((len(letters) - 7,), dtype="<u8", buffer=letters, strides=(1,))
    return anywhere[starts]


def every_word(letters: NDArray[np.uint8], size: int, count: int) -> Words:
    """Words of so many texts of one length that stand one after the other; `letters` as `places_of` gives them."""
    words = [np.ndarray((count,), dtype="<u8", buffer=letters, offset=place, strides=(size,)).copy() for place in range(0, size, 8)]
    words[-1] &= BYTES[(size - 1) % 8 + 1]
    return tuple(words)


def buffers_of(texts: pa.Array) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Offsets of a string array's rows, and the letters that they point into."""
    _, offsets, content = texts.buffers()
    if offsets is None or not len(texts):
        return np.zeros(1, dtype=np.int32), np.empty(0, dtype=np.uint8)
    letters = np.frombuffer(content, np.uint8) if content is not None and content.size else np.empty(0, dtype=np.uint8)
    return np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1], letters
