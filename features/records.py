"""Records of a part of a store, as arrays: what was recorded, when it happened, and from when until when it was known.

The one shape between the store, the point-in-time kernel, the oracle and Spark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

PERSONS_PER_PART = 8192
"""Part ``p`` of a store holds persons ``p * 8192`` to ``(p + 1) * 8192 - 1``."""

IN_FORCE = 2**31 - 1
"""`known_to` of a record that nothing has superseded."""

EPOCH = date(1970, 1, 1)

Days = NDArray[np.int32]
Mask = NDArray[np.bool_]


def day_number(day: date) -> int:
    """Days since 1970-01-01.

    >>> day_number(date(2024, 2, 29))
    19782
    """
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """Turn days since 1970-01-01 back into a date.

    >>> day_of(19782)
    datetime.date(2024, 2, 29)
    """
    return EPOCH + timedelta(days=int(number))


def day_numbers(dates: pd.Series) -> Days:
    """Turn a column of dates (objects or datetime64) into int32 days since 1970-01-01, shape (n_rows,).

    >>> day_numbers(pd.Series([date(1970, 1, 2), date(2024, 2, 29)])).tolist()
    [1, 19782]
    """
    if pd.api.types.is_datetime64_any_dtype(dates):
        return dates.to_numpy().astype("datetime64[D]").astype(np.int32)
    codes, distinct = pd.factorize(dates.to_numpy(dtype=object))
    if (codes < 0).any():
        raise ValueError(f"column {dates.name!r} has rows without a date")
    return np.array([day_number(day) for day in distinct], dtype=np.int32)[codes]


def dates_of(days: Days) -> NDArray[np.object_]:
    """Turn int32 days into an object array of `datetime.date`, shape (n_rows,); equal days share one object.

    >>> dates_of(np.array([1], dtype=np.int32))
    array([datetime.date(1970, 1, 2)], dtype=object)
    """
    distinct, codes = np.unique(days, return_inverse=True)
    dates = np.empty(len(distinct), dtype=object)
    dates[:] = [day_of(day) for day in distinct]
    return dates[codes]


@dataclass(frozen=True)
class Records:
    """Records in the order of the store: by person, then `happened_on`, `known_on`, position in the store.

    All arrays have shape (n_records,). Dates are int32 days since 1970-01-01.

    Notes
    -----
    A record may be used on a day when ``max(happened_on, known_on) <= day < known_to``: one that was known in advance counts from the day
    it happens, one that was superseded stops counting the day its correction became known.
    """

    person: NDArray[np.int32]
    """Dense code of a subject within one purpose's store."""
    indicator: NDArray[np.int32]
    """Position in the store's `indicators`."""
    value: NDArray[np.float32]
    """NaN where the record has no value."""
    happened_on: Days
    known_on: Days
    known_to: Days
    """First day on which a correction was known; `IN_FORCE` when there is none."""

    def __len__(self) -> int:
        return len(self.person)

    @classmethod
    def empty(cls) -> Self:
        """No records.

        >>> len(Records.empty())
        0
        """
        whole = np.empty(0, dtype=np.int32)
        return cls(whole, whole, np.empty(0, dtype=np.float32), whole, whole, whole)

    @classmethod
    def concatenate(cls, several: Sequence[Records]) -> Self:
        """Join records one after the other, in the order given; sorting stays the caller's."""
        if not several:
            return cls.empty()
        return cls(*(np.concatenate([getattr(records, field.name) for records in several]) for field in fields(cls)))

    @property
    def in_force(self) -> Mask:
        """Which records nothing has superseded, shape (n_records,)."""
        return np.equal(self.known_to, IN_FORCE)

    def visible_on(self, day: int | Days) -> Mask:
        """Which records could be used on this day, shape (n_records,); `day` is one number or one for each record."""
        return np.logical_and(np.maximum(self.happened_on, self.known_on) <= day, self.known_to > day)

    def take(self, which: Mask | NDArray[np.intp]) -> Self:
        """Return these records, by mask or by positions; ascending positions keep the order of the store."""
        return type(self)(*(getattr(self, field.name)[which] for field in fields(self)))
