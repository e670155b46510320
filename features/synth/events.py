"""Events as columns: what happened to whom, when, and when a register knew it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.synth.liability import Bools, Floats, Ints


@dataclass(frozen=True)
class Events:
    """Records of one indicator in one birth cohort; columns of equal length.

    `person` is the position in the cohort. `record`, where given, identifies what a later correction corrects.
    """

    indicator: str
    person: Ints
    value: NDArray[np.float32]
    happened_on: Ints
    known_on: Ints
    record: Ints | None = None
    names: tuple[str, ...] = ()
    """Where given, `value` is a position among these: what the generator means by its numbers, whatever number the store gives a level."""

    def __len__(self) -> int:
        return len(self.person)

    def where(self, keep: Bools) -> Events:
        """Keep some rows."""
        record = None if self.record is None else self.record[keep]
        return Events(self.indicator, self.person[keep], self.value[keep], self.happened_on[keep], self.known_on[keep], record, self.names)


Column = Floats | Ints | NDArray[np.float32] | NDArray[np.int64] | Bools | float


def make_events(
    indicator: str,
    mask: Bools,
    *,
    value: Column,
    happened_on: Column,
    lag: Lag,
    rng: np.random.Generator,
    record: Column | None = None,
    names: tuple[str, ...] = (),
) -> Events:
    """Turn a mask over people (n,) or people × slots (n, k) into events; the columns broadcast to it."""
    index = np.nonzero(mask)

    def pick(column: Column) -> NDArray[np.float64]:
        return np.asarray(np.broadcast_to(column, mask.shape)[index], dtype=np.float64)

    happened = pick(happened_on).astype(np.int32)
    return Events(
        indicator,
        index[0].astype(np.int32),
        pick(value).astype(np.float32),
        happened,
        (happened + lag.draw(len(happened), rng)).astype(np.int32),
        None if record is None else pick(record).astype(np.int32),
        names,
    )


@dataclass(frozen=True)
class Lag:
    """Days from happening to being known: a floor, usual days on top, and a few that come very late."""

    least_days: int
    usual_days: float
    late_share: float = 0.01
    late_days: float = 120.0

    def draw(self, n: int, rng: np.random.Generator) -> Ints:
        """Draw n lags."""
        usual = rng.exponential(self.usual_days, n)
        late = rng.random(n) < self.late_share
        usual[late] += rng.exponential(self.late_days, int(late.sum()))
        return np.asarray(self.least_days + usual, dtype=np.int32)


def with_corrections(
    events: Events, rng: np.random.Generator, *, share: float, error: float, least: float = 0.0, most: float = np.inf
) -> Events:
    """Let a share of records first be known with a wrong value and be corrected later under the same record.

    The wrong version takes the place of the first; the right one follows 20 to 200 days after. Needs a record identity.
    """
    if events.record is None:
        raise ValueError(f"{events.indicator}: a correction needs the identity of what it corrects")
    wrong = np.flatnonzero(rng.random(len(events)) < share)
    right = events.where(np.isin(np.arange(len(events)), wrong))
    value = events.value.copy()
    value[wrong] = np.clip(value[wrong] + error * rng.choice([-1.0, 1.0], len(wrong)), least, most)
    delayed = replace(right, known_on=(right.known_on + rng.integers(20, 200, len(wrong))).astype(np.int32))
    return concatenate([replace(events, value=value), delayed])


def concatenate(parts: list[Events]) -> Events:
    """Put events of the same indicator after one another."""
    records = [part.record for part in parts if part.record is not None]
    return Events(
        parts[0].indicator,
        np.concatenate([part.person for part in parts]),
        np.concatenate([part.value for part in parts]),
        np.concatenate([part.happened_on for part in parts]),
        np.concatenate([part.known_on for part in parts]),
        np.concatenate(records) if len(records) == len(parts) else None,
        parts[0].names,
    )


@dataclass(frozen=True)
class Spells:
    """States of one indicator in one birth cohort: from `start` to `stop`, both days inside; columns of equal length.

    A person's spells of an indicator never overlap.
    """

    indicator: str
    person: Ints
    value: NDArray[np.float32]
    start: Ints
    stop: Ints
    """`STILL` while it lasts."""

    def __len__(self) -> int:
        return len(self.person)

    def seen_on(self, last_day: int, *, lag_days: int, arrived_on: Ints, left_on: Ints) -> Spells:
        """Keep what is known by a day, of people who are here; a spell whose end is not known yet is still open."""
        stop = np.minimum(self.stop, left_on[self.person])
        known = (self.start + lag_days <= last_day) & (self.start >= arrived_on[self.person]) & (self.start < stop)
        open_ = np.where(stop + 1 + lag_days > last_day, STILL, stop)
        return Spells(self.indicator, self.person[known], self.value[known], self.start[known], open_[known].astype(np.int32))

    def ended(self) -> Spells:
        """Keep those that are over."""
        over = self.stop < STILL
        return Spells(self.indicator, self.person[over], self.value[over], self.start[over], self.stop[over])

    def by_month(self) -> Spells:
        """Cut each spell at the ends of months: one spell a calendar month or part of one."""
        first, last = _month_of(self.start), _month_of(self.stop)
        count = last - first + 1
        row = np.repeat(np.arange(len(self)), count)
        month = np.arange(len(row)) - np.repeat(count.cumsum() - count, count) + first[row]
        start = np.maximum(_first_day(month), self.start[row])
        stop = np.minimum(_first_day(month + 1) - 1, self.stop[row])
        return Spells(self.indicator, self.person[row], self.value[row], start.astype(np.int32), stop.astype(np.int32))

    def as_events(self, lag: Lag, rng: np.random.Generator) -> Events:
        """Tell each spell on its last day."""
        known_on = (self.stop + lag.draw(len(self), rng)).astype(np.int32)
        return Events(self.indicator, self.person, self.value, self.stop, known_on)


def _month_of(day: Ints) -> NDArray[np.int64]:
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _first_day(month: NDArray[np.int64]) -> NDArray[np.int64]:
    return month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


STILL = 2_900_000
"""Stop of a spell that has not ended."""


def make_spells(indicator: str, mask: Bools, *, start: Column, stop: Column, value: Column = 1.0) -> Spells:
    """Turn a mask over people (n,) or people × slots (n, k) into spells; the columns broadcast to it."""
    index = np.nonzero(mask)

    def pick(column: Column) -> NDArray[np.float64]:
        return np.asarray(np.broadcast_to(column, mask.shape)[index], dtype=np.float64)

    return Spells(
        indicator, index[0].astype(np.int32), pick(value).astype(np.float32), pick(start).astype(np.int32), pick(stop).astype(np.int32)
    )
