"""What of a store may be used: records are held back here, on their way out of a part, before anything is computed from them.

A record that needs consent is seen in the person's consent periods and at no other time; somebody without consent looks exactly like
somebody without such records (R-23).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from features.records import Days, Mask, Records
from features.supersession import store_order

PairKeys = NDArray[np.int64]


class RecordGate(Protocol):
    """Holds records back; travels with its store to worker processes."""

    def admit(self, records: Records) -> Records:
        """Return what may be used, and when, in store order."""

    def allows(self, records: Records, day: int) -> Mask:
        """Which records may be used on one day, shape (n_records,); whether they were known then is not asked here."""


def pair_keys(indicator: NDArray[np.int32], person: NDArray[np.int32]) -> PairKeys:
    """One number for an indicator's position and a person, in the order of both.

    >>> pair_keys(np.array([0, 1], dtype=np.int32), np.array([7, 7], dtype=np.int32)).tolist()
    [7, 4294967303]
    """
    return (indicator.astype(np.int64) << 32) | person.astype(np.int64)


@dataclass(frozen=True, eq=False)
class ConsentGate:
    """Let records of indicators that need consent through in their person's consent periods.

    Attributes
    ----------
    gated
        Positions of the indicators that need consent.
    pairs
        `pair_keys` of each period, sorted; equal ones in order of time, their periods apart from each other, shape (n_periods,).
    start, stop
        First day of each period and the first day after it, int32 days since 1970-01-01, shape (n_periods,).

    Notes
    -----
    A record is known from `known_on` to `known_to`; a period narrows that, and a record that several periods touch is given once for each.
    An as-of date lies in one period at most, so nothing is counted twice. The kernel needs to know nothing of consent.
    """

    gated: tuple[int, ...]
    pairs: PairKeys
    start: Days
    stop: Days

    @classmethod
    def closed(cls, gated: Sequence[int]) -> ConsentGate:
        """Let nothing of these indicators through: what a store does to whom nobody has shown the consents."""
        none = np.empty(0, dtype=np.int32)
        return cls(tuple(gated), np.empty(0, dtype=np.int64), none, none)

    def n_people(self, position: int) -> int:
        """How many people consent to one of the indicators."""
        return len(np.unique(self.pairs[self.pairs >> 32 == position]))

    def admit(self, records: Records) -> Records:
        """Return what may be used, known from and to when it may; in store order."""
        is_gated = self._needs_consent(records)
        if not is_gated.any():
            return records
        row, period = self._periods_of(records, np.flatnonzero(is_gated))
        known_on = np.maximum(records.known_on[row], self.start[period])
        known_to = np.minimum(records.known_to[row], self.stop[period])
        touches = known_on < known_to
        times = np.where(is_gated, 0, 1)
        np.add.at(times, row[touches], 1)
        seen = records.take(np.repeat(np.arange(len(records)), times))
        is_narrowed = np.repeat(is_gated, times)
        seen.known_on[is_narrowed], seen.known_to[is_narrowed] = known_on[touches], known_to[touches]
        return seen.take(store_order(vars(seen))) if is_narrowed.any() else seen

    def allows(self, records: Records, day: int) -> Mask:
        """Which records need no consent or have one that covers the day, shape (n_records,)."""
        is_gated = self._needs_consent(records)
        row, period = self._periods_of(records, np.flatnonzero(is_gated))
        allowed: Mask = ~is_gated
        allowed[row[(self.start[period] <= day) & (day < self.stop[period])]] = True
        return allowed

    def _needs_consent(self, records: Records) -> Mask:
        is_gated = np.zeros(int(records.indicator.max(initial=-1)) + 1, dtype=np.bool_)
        is_gated[[position for position in self.gated if position < len(is_gated)]] = True
        return is_gated[records.indicator]

    def _periods_of(self, records: Records, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Pair every one of these rows with every period of its person and indicator."""
        wanted = pair_keys(records.indicator[rows], records.person[rows])
        first, last = np.searchsorted(self.pairs, wanted), np.searchsorted(self.pairs, wanted, side="right")
        n_periods = last - first
        row = np.repeat(rows, n_periods)
        place = np.arange(len(row)) - np.repeat(np.cumsum(n_periods) - n_periods, n_periods)
        return row, place + np.repeat(first, n_periods)


@dataclass(frozen=True, eq=False)
class PersonBar:
    """Hold one indicator back for some persons: where somebody lives, when their address is protected (R-08)."""

    position: int
    """Position of the indicator in the store."""
    persons: NDArray[np.int32]

    def admit(self, records: Records) -> Records:
        """Return the records without those that are barred."""
        barred = self._barred(records)
        return records.take(~barred) if barred.any() else records

    def allows(self, records: Records, day: int) -> Mask:
        """Which records are not barred, shape (n_records,)."""
        return ~self._barred(records)

    def _barred(self, records: Records) -> Mask:
        barred: Mask = np.equal(records.indicator, self.position)
        barred[barred] = np.isin(records.person[barred], self.persons)
        return barred
