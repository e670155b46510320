"""Columns of text as arrays of bytes: rows of one length together, eight bytes to a number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Words = tuple[NDArray[np.uint64], ...]
"""Texts of one length, eight bytes a word, the last one filled up with zeros."""


def by_length(texts: pa.Array) -> Iterator[tuple[int, NDArray[np.intp] | slice, Words]]:
    """Yield for each length the rows of that length, and their words; null and empty rows are in none."""
    offsets, content = buffers_of(texts)
    lengths = np.diff(offsets)
    if texts.null_count:
        lengths[np.asarray(pc.is_null(texts).to_numpy(zero_copy_only=False))] = 0
    counts = np.bincount(lengths) if len(lengths) else np.zeros(1, dtype=np.intp)
    for size in np.flatnonzero(counts).tolist():
        if size == 0:
            continue
        if counts[size] == len(lengths):
            yield size, slice(None), _words(content[offsets[0] : offsets[-1]].reshape(len(lengths), size))
        else:
            rows = np.flatnonzero(lengths == size)
            yield size, rows, _words(content[offsets[rows][:, None] + np.arange(size)])


def _words(letters: NDArray[np.uint8]) -> Words:
    n, size = letters.shape
    padded = np.zeros((n, -(-size // 8) * 8), dtype=np.uint8)
    padded[:, :size] = letters
    whole = padded.view(np.uint64)
    return tuple(np.ascontiguousarray(whole[:, place]) for place in range(whole.shape[1]))


def buffers_of(texts: pa.Array) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Offsets of a string array's rows, and the letters that they point into."""
    _, offsets, content = texts.buffers()
    if offsets is None or not len(texts):
        return np.zeros(1, dtype=np.int32), np.empty(0, dtype=np.uint8)
    letters = np.frombuffer(content, np.uint8) if content is not None and content.size else np.empty(0, dtype=np.uint8)
    return np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1], letters
