"""SipHash-2-4 of many texts at once.

Notes
-----
Aumasson and Bernstein, SipHash: a fast short-input PRF (2012). With `spread`, the same function as `pandas.util.hash_array` with a key,
which takes texts one by one out of Python objects; this one works on Arrow's memory and is ten times as fast.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.intake.letters import BYTES, Words, every_word, places_of, word_at

_START = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
_BLOCK = 1 << 14
"""Texts hashed together: their state stays in the processor's cache."""

State = tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]


def siphash(texts: pa.Array, key: bytes) -> NDArray[np.uint64]:
    """Hash each text of a string array under a key of 16 bytes; shape (n,), 0 for null and empty ones.

    >>> siphash(pa.array(["a", None]), bytes(range(16))).tolist()
    [3144613055062689994, 0]
    """
    hashed = np.zeros(len(texts), dtype=np.uint64)
    starts, lengths, letters = places_of(texts)
    if not len(lengths) or not lengths.any():
        return hashed
    n_whole, size = lengths >> 3, int(lengths[0])
    n_whole[lengths == 0] = -1
    if size and (lengths == size).all():
        words = every_word(letters, size, len(lengths))
        return np.concatenate([_hash(_ended(words, first, size), key) for first in range(0, len(lengths), _BLOCK)])
    for count in np.unique(n_whole[n_whole >= 0]).tolist():
        rows = np.flatnonzero(n_whole == count)
        for first in range(0, len(rows), _BLOCK):
            mine = rows[first : first + _BLOCK]
            hashed[mine] = _hash(_words_of(letters, starts[mine], lengths[mine], count), key)
    return hashed


def spread(hashed: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Turn each number into another, one to one: the last step of `pandas.util.hash_array`, under which digests have been kept."""
    hashed = (hashed ^ (hashed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashed = (hashed ^ (hashed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashed ^ (hashed >> np.uint64(31))


def _words_of(letters: NDArray[np.uint8], starts: NDArray[np.int32], lengths: NDArray[np.int32], n_whole: int) -> Words:
    """Words of texts that fill so many, ended as SipHash wants it: what is left of the text, and its length in the last byte."""
    last = word_at(letters, starts + 8 * n_whole)
    last &= BYTES[lengths & 7]
    last |= (lengths.astype(np.uint64) & np.uint64(0xFF)) << np.uint64(56)
    return (*(word_at(letters, starts + 8 * place) for place in range(n_whole)), last)


def _ended(words: Words, first: int, size: int) -> Words:
    """The same of texts of one length, of those from the first on."""
    block, length = [word[first : first + _BLOCK] for word in words], np.uint64((size & 0xFF) << 56)
    return (*block, np.full(len(block[0]), length)) if size % 8 == 0 else (*block[:-1], block[-1] | length)


def _hash(words: Words, key: bytes) -> NDArray[np.uint64]:
    first, second = (int.from_bytes(half, "little") for half in (key[:8], key[8:]))
    n = len(words[0])
    a, b, c, d = (np.full(n, start ^ half, dtype=np.uint64) for start, half in zip(_START, (first, second) * 2, strict=True))
    state, spare = (a, b, c, d), np.empty(n, dtype=np.uint64)
    for word in words:
        d ^= word
        _mix(state, spare, rounds=2)
        a ^= word
    c ^= np.uint64(0xFF)
    _mix(state, spare, rounds=4)
    return a ^ b ^ c ^ d


def _mix(state: State, spare: NDArray[np.uint64], *, rounds: int) -> None:
    """One SipRound after the other, in place."""
    a, b, c, d = state
    for _ in range(rounds):
        _add_turn_xor(a, b, 13, spare)
        _turn(a, 32, spare)
        _add_turn_xor(c, d, 16, spare)
        _add_turn_xor(a, d, 21, spare)
        _add_turn_xor(c, b, 17, spare)
        _turn(c, 32, spare)


def _add_turn_xor(to: NDArray[np.uint64], other: NDArray[np.uint64], bits: int, spare: NDArray[np.uint64]) -> None:
    to += other
    _turn(other, bits, spare)
    other ^= to


def _turn(column: NDArray[np.uint64], bits: int, spare: NDArray[np.uint64]) -> None:
    np.right_shift(column, np.uint64(64 - bits), out=spare)
    np.left_shift(column, np.uint64(bits), out=column)
    np.bitwise_or(column, spare, out=column)
