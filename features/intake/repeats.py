"""Rows that say what another row says: found within a part, where all rows of a person are.

Numbers of 64 bits mixed from a row's content tell nearly all rows apart; the few that share one are compared field by field, so that no row
is ever left out because of a coincidence.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.intake.runs import Rows, unit_of

CONTENT = ("person", "indicator", "happened_on", "known_on", "value", "record")
"""What makes two records of a source the same."""

_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xFF51AFD7ED558CCD)


def store_order(rows: Rows) -> NDArray[np.intp]:
    """Order by person, happened_on, known_on, indicator; rows that are equal in these stay in the order they came.

    Notes
    -----
    Where everything fits into 63 bits, which a part of real records does, the row's own place is packed below the key, and sorting plain
    integers gives the order: ten times faster than a stable sort of positions.
    """
    person, happened_on, indicator = (rows[name].astype(np.int64) for name in ("person", "happened_on", "indicator"))
    lag = rows["known_on"] - happened_on
    key, bits = np.zeros(len(rows), dtype=np.int64), 0
    for column in (person, happened_on, lag, indicator):
        low = int(column.min(initial=0)) if len(column) == 0 else int(column.min())
        width = (int(column.max(initial=low)) - low).bit_length()
        key, bits = (key << width) + (column - low), bits + width
    place_bits = len(rows).bit_length()
    if bits > 63:
        return np.lexsort((indicator, lag, happened_on, person))
    if bits + place_bits > 63:
        return np.argsort(key, kind="stable")
    packed = (key << place_bits) + np.arange(len(rows))
    packed.sort()
    order: NDArray[np.intp] = packed & ((1 << place_bits) - 1)
    return order


def find_repeated(rows: Rows, source_of_unit: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Find rows that repeat an earlier row of the same source.

    Parameters
    ----------
    rows
        In store order.
    source_of_unit
        Number of the source of each unit.

    Returns
    -------
    tuple
        Positions, and whether the row that came first stands in the same file.
    """
    none = np.empty(0, dtype=np.intp), np.empty(0, dtype=np.bool_)
    follows = np.ones(max(len(rows) - 1, 0), dtype=np.bool_)
    for name in ("happened_on", "known_on", "indicator", "person"):
        follows &= np.equal(rows[name][1:], rows[name][:-1])
    if not follows.any():
        return none
    candidates = np.flatnonzero(np.append(follows, False) | np.append(False, follows))
    source = source_of_unit[unit_of(rows["origin"][candidates])]
    mixed = _mixed(rows[candidates], source)
    ordered = np.sort(mixed)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(twice):
        return none
    chosen = twice[np.minimum(np.searchsorted(twice, mixed), len(twice) - 1)] == mixed
    return _exactly_repeated(rows, candidates[chosen], source[chosen])


def is_stored(rows: Rows, stored: Rows) -> NDArray[np.bool_]:
    """Whether each row's content stands among the stored rows, shape (n_rows,)."""
    found = np.zeros(len(rows), dtype=np.bool_)
    if not len(stored) or not len(rows):
        return found
    mixed = _mixed(stored)
    order = np.argsort(mixed)
    mixed, asked = mixed[order], _mixed(rows)
    waiting, place = np.arange(len(rows)), np.searchsorted(mixed, asked)
    while len(waiting):
        meets = (place < len(mixed)) & (mixed[np.minimum(place, len(mixed) - 1)] == asked[waiting])
        waiting, place = waiting[meets], place[meets]
        same = _is_same(rows, waiting, stored, order[place])
        found[waiting[same]] = True
        waiting, place = waiting[~same], place[~same] + 1
    return found


def _exactly_repeated(rows: Rows, places: NDArray[np.intp], source: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    fields = [_bits(rows[name][places]) for name in CONTENT]
    order = np.lexsort((places, *fields, source))
    same = np.ones(max(len(order) - 1, 0), dtype=np.bool_)
    for column in (*fields, source):
        same &= np.equal(column[order[1:]], column[order[:-1]])
    begins = np.append(True, ~same)
    first = order[np.flatnonzero(begins)][np.cumsum(begins) - 1]
    later = ~begins
    unit = unit_of(rows["origin"][places])
    return places[order[later]], np.equal(unit[order[later]], unit[first[later]])


def _is_same(rows: Rows, places: NDArray[np.intp], others: Rows, other_places: NDArray[np.intp]) -> NDArray[np.bool_]:
    same = np.ones(len(places), dtype=np.bool_)
    for name in CONTENT:
        same &= np.equal(_bits(rows[name][places]), _bits(others[name][other_places]))
    return same


def _mixed(rows: Rows, source: NDArray[np.int64] | None = None) -> NDArray[np.uint64]:
    mixed = np.zeros(len(rows), dtype=np.uint64) if source is None else source.astype(np.uint64)
    for place, name in enumerate(CONTENT):
        mixed ^= _bits(rows[name]).astype(np.int64).view(np.uint64)
        mixed *= np.uint64(_MULTIPLIERS[place % len(_MULTIPLIERS)])
        mixed ^= mixed >> np.uint64(31)
    return mixed


def _bits(column: NDArray[Any]) -> NDArray[Any]:
    """Values as their bits, so that no value at all equals itself too."""
    return np.ascontiguousarray(column).view(np.int32) if column.dtype == np.float32 else column
