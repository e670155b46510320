"""What becomes of a part's rows: new, repeated, or set aside because they say something else than what is known.

Files that are loaded together settle as they would one after the other. All at once is exact as long as no line of them is set aside, which
is most often; the people of whom one is are settled file by file, since a line that is set aside makes nothing known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.intake.repeats import find_repeated, is_among, store_order
from features.intake.rewriting import Delivered, contradicts_earlier_file, contradicts_stored, ends_told_as_open, touched, whole_lines
from features.intake.runs import Rows, join, take, unit_of
from features.records import PERSONS_PER_PART


@dataclass(frozen=True)
class Settled:
    """What became of rows."""

    fresh: Rows
    """What has to be written, in store order."""
    repeated: NDArray[np.int64]
    """Origins of which every row repeats an earlier line of the same file."""
    changed: NDArray[np.int64]
    """Origins of lines that say something else than what is known, and not that they became known later."""


def settle(rows: Rows, stored: Rows | None, delivered: Delivered) -> Settled:
    """Settle a part's rows, given in store order, against what the store has of these people; None where it has nothing."""
    known, is_known, changed = _without_changed(rows, stored)
    known, is_known, repeated = _without_repeats(known, is_known, delivered)
    contradicts = contradicts_earlier_file(known, delivered, is_known=is_known) | ends_told_as_open(known, delivered, is_known=is_known)
    if not contradicts.any():
        return Settled(take(known, np.flatnonzero(~is_known)) if is_known.any() else known, repeated, changed)
    if not _is_of_several(rows):
        contradicts = whole_lines(known, contradicts)
        fresh = take(known, np.flatnonzero(~(is_known | contradicts)))
        return Settled(fresh, repeated, np.append(changed, np.unique(known["origin"][contradicts])))
    apart = touched(known["person"][contradicts])
    others = settle(_of(rows, ~apart), None if stored is None else _of(stored, ~apart), delivered)
    return _join([others, *_one_by_one(_of(rows, apart), None if stored is None else _of(stored, apart), delivered)])


def _one_by_one(rows: Rows, stored: Rows | None, delivered: Delivered) -> list[Settled]:
    """Settle file after file; what one of them adds is known to the later ones of its source."""
    found: list[Settled] = []
    added: dict[int, list[Rows]] = {}
    unit = unit_of(rows["origin"])
    for number in np.unique(unit).tolist():
        before = added.setdefault(int(delivered.source[number]), [] if stored is None else [stored])
        found.append(settle(take(rows, np.flatnonzero(unit == number)), join(before) if before else None, delivered))
        before.append(found[-1].fresh)
    return found


def _join(settled: list[Settled]) -> Settled:
    fresh = join([one.fresh for one in settled])
    return Settled(
        take(fresh, store_order(fresh)),
        np.concatenate([one.repeated for one in settled]),
        np.concatenate([one.changed for one in settled]),
    )


def _of(rows: Rows, persons: NDArray[np.bool_]) -> Rows:
    """Rows of some of the part's persons."""
    return take(rows, np.flatnonzero(persons[rows["person"]]))


def _is_of_several(rows: Rows) -> bool:
    unit = unit_of(rows["origin"])
    return bool((unit != unit[0]).any())


def _without_changed(rows: Rows, stored: Rows | None) -> tuple[Rows, NDArray[np.bool_], NDArray[np.int64]]:
    """Leave out lines that contradict the store; say which of the other rows it has, and which lines were left out."""
    if stored is None:
        return rows, np.zeros(len(rows["origin"]), dtype=np.bool_), np.empty(0, dtype=np.int64)
    is_known = is_among(rows, stored)
    contradicts = contradicts_stored(rows, stored, is_stored=is_known)
    if not contradicts.any():
        return rows, is_known, np.empty(0, dtype=np.int64)
    changed = whole_lines(rows, contradicts)
    return take(rows, np.flatnonzero(~changed)), is_known[~changed], np.unique(rows["origin"][changed])


def _without_repeats(rows: Rows, is_known: NDArray[np.bool_], delivered: Delivered) -> tuple[Rows, NDArray[np.bool_], NDArray[np.int64]]:
    """Leave out rows that repeat one of the same file, and mark those that an earlier file has; say which lines only repeat."""
    places, in_one_file = find_repeated(rows, delivered.source)
    if not len(places):
        return rows, is_known, np.empty(0, dtype=np.int64)
    is_known = is_known.copy()
    is_known[places[~in_one_file]] = True
    repeated = _repeated_lines(rows, places[in_one_file])
    keep = np.ones(len(is_known), dtype=np.bool_)
    keep[places[in_one_file]] = False
    return take(rows, np.flatnonzero(keep)), is_known[keep], repeated


def _repeated_lines(rows: Rows, places: NDArray[np.intp]) -> NDArray[np.int64]:
    """Origins of lines all of whose rows stand at these places; a line's rows are all of one person."""
    persons = np.zeros(PERSONS_PER_PART, dtype=np.bool_)
    persons[rows["person"][places]] = True
    others = persons[rows["person"]]
    others[places] = False
    lines = np.unique(rows["origin"][places])
    elsewhere = rows["origin"][others]
    place = np.minimum(np.searchsorted(lines, elsewhere), len(lines) - 1)
    return np.delete(lines, place[lines[place] == elsewhere]) if len(lines) else lines
