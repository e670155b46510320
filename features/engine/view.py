"""What is visible in one round, and into which cell each record falls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from features.engine.plan import Plan
from features.records import IN_FORCE, Days, Mask, Records

Slots = tuple[int, ...]
Positions = NDArray[np.intp]
Made = TypeVar("Made")

NEVER = -(2**31)
"""As-of date of a person who has none in this round: before every record."""


@dataclass(frozen=True)
class NeededRecords:
    """Records of the wanted persons and indicators, in the order of the store; all arrays shape (n_records,)."""

    slot: NDArray[np.int32]
    local: NDArray[np.int32]
    """Position of the person among the persons wanted."""
    value: NDArray[np.float32]
    happened_on: Days
    visible_from: Days
    known_to: Days | None
    """None where nothing was ever superseded."""
    n_persons: int

    @classmethod
    def of(cls, records: Records, persons: NDArray[np.int32], plan: Plan) -> Self:
        """Keep what the plan needs of these persons (ascending)."""
        slot = plan.slot_of_position[records.indicator]
        local = _position_among(persons, records.person)
        needed = (slot >= 0) & (local >= 0)
        if not needed.all():
            records, slot, local = records.take(needed), slot[needed], local[needed]
        visible_from = np.maximum(records.happened_on, records.known_on)
        known_to = None if (records.known_to == IN_FORCE).all() else records.known_to
        return cls(slot, local, records.value, records.happened_on, visible_from, known_to, len(persons))

    @cached_property
    def value_or_none(self) -> NDArray[np.float32]:
        """Values with a NaN at the end, so that position -1 and position n_records both mean *no record*."""
        return np.append(self.value, np.float32(np.nan))

    @cached_property
    def has_missing(self) -> bool:
        """Whether any record has no value."""
        return bool(np.isnan(self.value).any())

    @cached_property
    def day_group(self) -> tuple[Positions, Positions]:
        """Number of each record's (indicator, person, day), and one record of each such group."""
        day = self.happened_on.astype(np.int64) - int(self.happened_on.min(initial=0))
        cell = self.slot.astype(np.int64) * self.n_persons + self.local
        _, representative, group = np.unique(cell * (day.max(initial=0) + 1) + day, return_index=True, return_inverse=True)
        return group, representative


@dataclass(frozen=True)
class Keyed:
    """Visible records of some slots: their cell, age in days on the as-of date, and position in `NeededRecords`."""

    cell: Positions
    age: Days
    position: Positions

    def take(self, which: Mask) -> Keyed:
        """Keep these records."""
        return Keyed(self.cell[which], self.age[which], self.position[which])


class RoundView:
    """Records visible on the round's as-of dates, keyed by cell (window bucket, slot, person).

    Parameters
    ----------
    local
        Persons of the round, positions among the persons wanted, ascending.
    as_of
        Their as-of dates, int32, shape (n_persons of the round,).
    """

    def __init__(self, records: NeededRecords, plan: Plan, *, local: Positions, as_of: Days) -> None:
        self.records = records
        self.plan = plan
        self.as_of = as_of
        self.n_persons = len(local)
        self._local = local
        self._made: dict[tuple[str, Slots], object] = {}

    def shape(self, slots: Slots) -> tuple[int, int, int]:
        """Shape of a grid over these slots: windows, slots, persons."""
        return len(self.plan.window_days), len(slots), self.n_persons

    def once(self, what: str, slots: Slots, make: Callable[[], Made]) -> Made:
        """Make something for these slots the first time it is asked for."""
        key = (what, slots)
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]  # type: ignore[return-value]  # the key says which type was made

    def keyed(self, slots: Slots) -> Keyed:
        """Visible records of these slots."""
        return self.once("keyed", slots, lambda: self._keyed(slots))

    def valued(self, slots: Slots) -> Keyed:
        """Visible records of these slots that have a value."""
        return self.once("valued", slots, lambda: self._valued(slots))

    def values(self, slots: Slots) -> NDArray[np.float32]:
        """Values of the records that `valued` gives."""
        return self.once("values", slots, lambda: self.records.value[self.valued(slots).position])

    def _valued(self, slots: Slots) -> Keyed:
        keyed = self.keyed(slots)
        return keyed.take(~np.isnan(self.records.value[keyed.position])) if self.records.has_missing else keyed

    def _keyed(self, slots: Slots) -> Keyed:
        position, age, bucket = self._visible
        _, n_slots, n_persons = self.shape(slots)
        slot = self.records.slot[position]
        if n_slots < len(self.plan.indicators):
            slot = _position_among(np.array(slots, dtype=np.int32), slot)
            asked = slot >= 0
            position, age, bucket, slot = position[asked], age[asked], bucket[asked], slot[asked]
        cell = bucket * n_slots
        cell += slot
        cell *= n_persons
        cell += self._person[position]
        return Keyed(cell, age, position)

    @cached_property
    def _visible(self) -> tuple[Positions, Days, Positions]:
        """Position, age and bucket of every record visible on its person's date and inside the widest window."""
        records, day = self.records, self._day
        mask = records.visible_from <= day
        if records.known_to is not None:
            mask &= records.known_to > day
        position = np.flatnonzero(mask)
        age = (day if np.ndim(day) == 0 else day[position]) - records.happened_on[position]
        bucket = self.plan.window_of_age[np.minimum(age, len(self.plan.window_of_age) - 1)]
        inside = bucket < len(self.plan.window_days)
        return (position, age, bucket) if inside.all() else (position[inside], age[inside], bucket[inside])

    @cached_property
    def _day(self) -> Days:
        """As-of date of each record's person; a single one, shape (), where all share it."""
        if self.n_persons == self.records.n_persons and (self.as_of == self.as_of[0]).all():
            return np.asarray(self.as_of[0])
        day = np.full(self.records.n_persons, NEVER, dtype=np.int32)
        day[self._local] = self.as_of
        return day[self.records.local]

    @cached_property
    def _person(self) -> NDArray[np.int32]:
        """Position of each record's person within the round; meaningless for those outside it."""
        if self.n_persons == self.records.n_persons:
            return self.records.local
        place = np.zeros(self.records.n_persons, dtype=np.int32)
        place[self._local] = np.arange(self.n_persons, dtype=np.int32)
        return place[self.records.local]


def _position_among(ascending: NDArray[np.int32], wanted: NDArray[np.int32]) -> NDArray[np.int32]:
    """Position of each wanted number among ascending ones, -1 where absent; a table, since both are dense."""
    if not len(ascending):
        return np.full(len(wanted), -1, dtype=np.int32)
    low, high = int(ascending[0]), int(ascending[-1])
    table = np.full(high - low + 2, -1, dtype=np.int32)
    table[ascending - low] = np.arange(len(ascending), dtype=np.int32)
    return table[np.where((wanted >= low) & (wanted <= high), wanted - low, high - low + 1)]
