"""Rows that would change what a store has already told of a day that is past.

A version of a record is what its source said on the day `known_on`. Once a store, or an earlier file of the same ingest, has it, what it
says stays: features and scores as of later days were computed with it. News need a later `known_on`, and then supersede the version; a row
without one is set aside. A record that nobody has told of yet may have been known long ago: it is late, and rewrites nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from features.intake.repeats import group_equal, is_among, likely_equal
from features.intake.runs import Rows, unit_of
from features.records import PERSONS_PER_PART, day_number

VERSION = ("person", "indicator", "record", "known_on")
"""What makes two rows versions of one record, known the same day. Without a record number a row is a record of its own."""


@dataclass(frozen=True)
class Delivered:
    """What is known of the source units of an ingest, each by its number."""

    source: NDArray[np.int64]
    """Number of each unit's source."""
    has_ends: NDArray[np.bool_]
    """Whether a line of the unit may give two records of one indicator: a state and its end."""
    today: date

    def of(self, rows: Rows) -> NDArray[np.int64]:
        """Number of each row's source, shape (n_rows,)."""
        return self.source[unit_of(rows["origin"])]


def contradicts_stored(rows: Rows, stored: Rows, *, is_stored: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether the store has this version of the record and it says something else, shape (n_rows,).

    Parameters
    ----------
    is_stored
        Rows whose whole content stands in the store.
    """
    found = np.zeros(len(is_stored), dtype=np.bool_)
    numbered = np.flatnonzero(~is_stored & (rows["record"] != 0))
    if not len(numbered):
        return found
    asked = {name: rows[name][numbered] for name in VERSION}
    near = touched(asked["person"])[stored["person"]] & (stored["record"] != 0)
    found[numbered] = is_among(asked, {name: stored[name][near] for name in VERSION}, VERSION)
    return found


def contradicts_earlier_file(rows: Rows, delivered: Delivered, *, is_known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether an earlier file of the same source has this version of the record and it says something else, shape (n_rows,).

    So that files delivered one after the other give the same store when they are ingested together. Within one file the order of its
    rows says which of two versions of one day holds (`features.supersession`).

    Parameters
    ----------
    is_known
        Rows whose whole content an earlier file or the store has.
    """
    found = np.zeros(len(is_known), dtype=np.bool_)
    candidates = np.flatnonzero(_is_of_several_files(rows, delivered) & (rows["record"] != 0))
    if not len(candidates):
        return found
    asked = {name: rows[name][candidates] for name in VERSION}
    source = delivered.of({"origin": rows["origin"][candidates]})
    candidates = candidates[likely_equal(asked, VERSION, source)]
    if not len(candidates):
        return found
    order, begins = group_equal(rows, candidates, VERSION, source=delivered.source)
    unit = unit_of(rows["origin"][order])
    earliest = np.minimum.reduceat(unit, np.flatnonzero(begins))[np.cumsum(begins) - 1]
    found[order] = unit > earliest
    return found & ~is_known


def ends_told_as_open(rows: Rows, delivered: Delivered, *, is_known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether a row is the end of a state that was told without it, and claims to have been known as long, shape (n_rows,).

    Its line's other record, of the state itself, is known already; the end is not, and it lies in the past. An end that is still to come
    changes no day that is past: registers tell some of them only in the year in which they fall.
    """
    found = np.zeros(len(is_known), dtype=np.bool_)
    if not is_known.any() or not delivered.has_ends.any():
        return found
    has_end = delivered.has_ends[unit_of(rows["origin"])]
    asked = np.flatnonzero(has_end & ~is_known & (rows["happened_on"] <= day_number(delivered.today)))
    if len(asked):
        others = np.flatnonzero(has_end & is_known & touched(rows["person"][asked])[rows["person"]])
        fields = ("origin", "indicator", "known_on")
        found[asked] = is_among({n: rows[n][asked] for n in fields}, {n: rows[n][others] for n in fields}, fields)
    return found


def whole_lines(rows: Rows, which: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Extend a choice of rows to all rows of the same lines, shape (n_rows,); a line's rows are all of one person."""
    chosen = which.copy()
    if which.any():
        near = np.flatnonzero(touched(rows["person"][which])[rows["person"]])
        chosen[near] = np.isin(rows["origin"][near], rows["origin"][which])
    return chosen


def _is_of_several_files(rows: Rows, delivered: Delivered) -> NDArray[np.bool_]:
    """Whether more than one file of the row's source tells of its indicator here, shape (n_rows,)."""
    n_rows, n_units = len(rows["person"]), len(delivered.source)
    if not n_rows or n_units == len(np.unique(delivered.source)):
        return np.zeros(n_rows, dtype=np.bool_)
    unit = unit_of(rows["origin"])
    tells = np.zeros((n_units, int(rows["indicator"].max()) + 1), dtype=np.int64)
    tells[unit, rows["indicator"]] = 1
    n_files = np.zeros((int(delivered.source.max()) + 1, tells.shape[1]), dtype=np.int64)
    np.add.at(n_files, delivered.source, tells)
    several: NDArray[np.bool_] = n_files[delivered.source[unit], rows["indicator"]] > 1
    return several


def touched(persons: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """Which persons of the part are among these, shape (8192,)."""
    touched = np.zeros(PERSONS_PER_PART, dtype=np.bool_)
    touched[persons] = True
    return touched
