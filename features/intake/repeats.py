"""Rows that are equal to others in all fields or in some: found within a part, where all rows of a person are.

Numbers of 64 bits mixed from a row's content tell nearly all rows apart; the few that share one are compared field by field, so that no row
is ever left out because of a coincidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.intake.runs import Rows, unit_of

SORTED_BY = ("person", "happened_on", "known_on", "indicator")
"""What the rows of a part are sorted by in a store."""

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
    person, happened_on, indicator = rows["person"], rows["happened_on"], rows["indicator"]
    lag = rows["known_on"] - happened_on.astype(np.int64)
    columns, n_rows = (person, happened_on, lag, indicator), len(lag)
    lows = [int(column.min()) if n_rows else 0 for column in columns]
    widths = [(int(column.max()) - low).bit_length() if n_rows else 0 for column, low in zip(columns, lows, strict=True)]
    if sum(widths) > 63:
        return np.lexsort((indicator, lag, happened_on, person))
    key = person.astype(np.int64)
    key -= lows[0]
    for column, low, width in zip(columns[1:], lows[1:], widths[1:], strict=True):
        key <<= width
        key += column
        key -= low
    place_bits = n_rows.bit_length()
    if sum(widths) + place_bits > 63:
        return np.argsort(key, kind="stable")
    key <<= place_bits
    key += np.arange(n_rows)
    key.sort()
    key &= (1 << place_bits) - 1
    return key


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
    follows = np.ones(max(len(rows["person"]) - 1, 0), dtype=np.bool_)
    for name in ("happened_on", "known_on", "indicator", "person"):
        follows &= np.equal(rows[name][1:], rows[name][:-1])
    if not follows.any():
        return none
    candidates = np.flatnonzero(np.append(follows, False) | np.append(False, follows))
    source = source_of_unit[unit_of(rows["origin"][candidates])]
    candidates = candidates[likely_equal({name: rows[name][candidates] for name in CONTENT}, CONTENT, source)]
    if not len(candidates):
        return none
    order, begins = group_equal(rows, candidates, CONTENT, source=source_of_unit)
    unit = unit_of(rows["origin"][order])
    first = unit[np.flatnonzero(begins)][np.cumsum(begins) - 1]
    return order[~begins], np.equal(unit, first)[~begins]


def is_among(rows: Rows, others: Rows, fields: Sequence[str] = CONTENT) -> NDArray[np.bool_]:
    """Whether one of the others is equal to each row in all these fields, shape (n_rows,)."""
    n_rows, n_others = len(rows[fields[0]]), len(others[fields[0]])
    found = np.zeros(n_rows, dtype=np.bool_)
    if not n_others or not n_rows:
        return found
    mixed = _mixed(others, fields)
    order = np.argsort(mixed)
    mixed, asked = mixed[order], _mixed(rows, fields)
    waiting, place = np.arange(n_rows), np.searchsorted(mixed, asked)
    while len(waiting):
        meets = (place < len(mixed)) & (mixed[np.minimum(place, len(mixed) - 1)] == asked[waiting])
        waiting, place = waiting[meets], place[meets]
        same = _is_same(rows, waiting, others, order[place], fields)
        found[waiting[same]] = True
        waiting, place = waiting[~same], place[~same] + 1
    return found


def likely_equal(rows: Rows, fields: Sequence[str], source: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether another row of the same source is equal in all these fields, or by chance seems so, shape (n_rows,)."""
    mixed = _mixed(rows, fields, source)
    ordered = np.sort(mixed)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(twice):
        return np.zeros(len(mixed), dtype=np.bool_)
    found: NDArray[np.bool_] = np.equal(twice[np.minimum(np.searchsorted(twice, mixed), len(twice) - 1)], mixed)
    return found


def group_equal(
    rows: Rows, places: NDArray[np.intp], fields: Sequence[str], *, source: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Bring rows of one source that are equal in these fields together; in a group they stay in the order in which they stand.

    Parameters
    ----------
    places
        Positions of the rows, ascending.
    source
        Number of the source of each unit.

    Returns
    -------
    tuple
        The positions in the new order, and whether a group begins there.
    """
    keys = [*(_bits(rows[name][places]) for name in fields), source[unit_of(rows["origin"][places])]]
    order = np.lexsort(keys)
    same = np.ones(max(len(order) - 1, 0), dtype=np.bool_)
    for column in keys:
        same &= np.equal(column[order[1:]], column[order[:-1]])
    return places[order], np.append(np.ones(min(len(order), 1), dtype=np.bool_), ~same)


def _is_same(
    rows: Rows, places: NDArray[np.intp], others: Rows, other_places: NDArray[np.intp], fields: Sequence[str]
) -> NDArray[np.bool_]:
    same = np.ones(len(places), dtype=np.bool_)
    for name in fields:
        same &= np.equal(_bits(rows[name][places]), _bits(others[name][other_places]))
    return same


def _mixed(rows: Rows, fields: Sequence[str], source: NDArray[np.int64] | None = None) -> NDArray[np.uint64]:
    mixed = np.zeros(len(rows[fields[0]]), dtype=np.uint64) if source is None else source.astype(np.uint64)
    for place, name in enumerate(fields):
        mixed ^= _bits(rows[name]).astype(np.int64).view(np.uint64)
        mixed *= np.uint64(_MULTIPLIERS[place % len(_MULTIPLIERS)])
        mixed ^= mixed >> np.uint64(31)
    return mixed


def _bits(column: NDArray[Any]) -> NDArray[Any]:
    """Values as their bits, so that no value at all equals itself too."""
    return np.ascontiguousarray(column).view(np.int32) if column.dtype == np.float32 else column
