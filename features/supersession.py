"""Which record took the place of which, and in what order a part's records stand, worked out when a part is read.

Batches never change, so nothing of this is in them: a correction that comes later must not alter what was known before (design §5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.records import IN_FORCE, Days, Records

Columns: TypeAlias = Mapping[str, NDArray[Any]]
"""Columns of a batch's part: person, indicator, happened_on, known_on int32, value float32, record int64 with 0 for none."""

WORD_BITS = 64
BLOCK = 2**15
"""Rows that are mixed at a time, so that what is in between stays in the processor's cache."""
_MIXING = np.int64(-7046029254386353131)
"""An odd number with evenly spread bits (2⁶⁴ over the golden ratio): multiplying by it spreads what differs over all bits."""


def join_batches(batches: Sequence[Columns]) -> Records:
    """Join the parts of several batches, oldest first, into records in the order of the store.

    Examples
    --------
    >>> whole = lambda *numbers: np.array(numbers, dtype=np.int32)
    >>> first = {"person": whole(0), "indicator": whole(0), "happened_on": whole(10), "known_on": whole(12), "record": np.array([7])}
    >>> corrected = first | {"known_on": whole(30), "value": np.array([2], dtype=np.float32)}
    >>> records = join_batches([first | {"value": np.array([5], dtype=np.float32)}, corrected])
    >>> records.value.tolist(), records.known_to.tolist() == [30, IN_FORCE]
    ([5.0, 2.0], True)
    """
    columns = batches[0] if len(batches) == 1 else {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
    columns = {**columns, "known_to": superseded_on(columns)}
    if not _is_in_order(columns):
        order = store_order(columns)
        columns = {name: column[order] for name, column in columns.items() if name != "record"}
    names = ("person", "indicator", "value", "happened_on", "known_on", "known_to")
    return Records(*(columns[name] for name in names))


def superseded_on(columns: Columns) -> Days:
    """Day on which each record stopped being in force: when the next known one with the same person, indicator and record was learned.

    Notes
    -----
    Of two that became known the same day the one that stands later in the store wins; the earlier was then never in force.
    """
    known_to = np.full(len(columns["person"]), IN_FORCE, dtype=np.int32)
    rows = _likely_repeated(columns)
    keys = [columns[name][rows] for name in ("known_on", "record", "indicator", "person")]
    rows = rows[np.lexsort(keys)]
    same = np.ones(max(len(rows) - 1, 0), dtype=np.bool_)
    for name in ("person", "indicator", "record"):
        same &= np.equal(columns[name][rows[:-1]], columns[name][rows[1:]])
    known_to[rows[:-1][same]] = columns["known_on"][rows[1:][same]]
    return known_to


def store_order(columns: Columns) -> NDArray[np.int64]:
    """Positions by person, happened_on, known_on, position.

    Notes
    -----
    All four fit into one 64-bit number, nearly always, when the days from happening to being known stand for `known_on`: sorting plain
    numbers is several times faster than sorting positions by them.
    """
    n = len(columns["person"])
    keys = (columns["person"], columns["happened_on"], columns["known_on"].astype(np.int64) - columns["happened_on"])
    lows = [int(key.min(initial=0)) for key in keys]
    bits = [(int(key.max(initial=0)) - low).bit_length() for key, low in zip(keys, lows, strict=True)]
    if sum(bits) + n.bit_length() > WORD_BITS:
        return np.lexsort((columns["known_on"], columns["happened_on"], columns["person"]))
    packed = np.zeros(n, dtype=np.uint64)
    for key, low, width in zip(keys, lows, bits, strict=True):
        packed <<= np.uint64(width)
        packed |= (key - np.int64(low)).astype(np.uint64)
    packed <<= np.uint64(n.bit_length())
    return _sorted_with_positions(packed)[1]


def _is_in_order(columns: Columns) -> bool:
    """Whether records already stand in the order of the store, as a single batch is written."""
    after, equal = np.zeros(1, dtype=np.bool_), np.ones(1, dtype=np.bool_)
    for name in ("person", "happened_on", "known_on"):
        earlier, later = columns[name][:-1], columns[name][1:]
        after = after | (equal & (later > earlier))
        equal = equal & (later == earlier)
    return bool((after | equal).all())


def _likely_repeated(columns: Columns) -> NDArray[np.int64]:
    """Rows whose person, indicator and record occur again, with a few others by chance: only among these can one supersede another.

    Few do; so all rows are sorted by as much of a mixture of the three as fits beside their position in one number.
    """
    n = len(columns["record"])
    mixtures = np.empty(n, dtype=np.uint64)
    for start in range(0, n, BLOCK):
        block = slice(start, start + BLOCK)
        mixtures[block] = _mixture(columns["person"][block], columns["indicator"][block], columns["record"][block])
    mixtures, position = _sorted_with_positions(mixtures)
    again = np.equal(mixtures[1:], mixtures[:-1])
    repeated = np.zeros(n, dtype=np.bool_)
    repeated[1:] = again
    repeated[:-1] |= again
    rows = np.sort(position[repeated])
    likely: NDArray[np.int64] = rows[columns["record"][rows] != 0]
    return likely


def _mixture(person: NDArray[np.int32], indicator: NDArray[np.int32], record: NDArray[np.int64]) -> NDArray[np.uint64]:
    """One evenly spread number for the three; 0 where there is no record number."""
    mixed = person.astype(np.int64)
    mixed <<= 32
    mixed |= indicator
    mixed *= _MIXING
    mixed ^= record
    mixed *= _MIXING
    mixed *= record != 0
    return mixed.view(np.uint64)


def _sorted_with_positions(numbers: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Sort numbers, equal ones by position, and say where each was; their lowest bits, as many as a position takes, are not looked at."""
    width = np.uint64(len(numbers).bit_length())
    packed = numbers >> width
    packed <<= width
    packed |= np.arange(len(numbers), dtype=np.uint64)
    packed.sort()
    position = (packed & np.uint64(2 ** int(width) - 1)).astype(np.int64)
    packed >>= width
    return packed, position
