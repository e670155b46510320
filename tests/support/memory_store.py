"""A store in memory, with the same promises as the one on disk: tests say what is in it, record by record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from features.records import IN_FORCE, PERSONS_PER_PART, Records, day_number

Told = tuple[int, str, float, date, date] | tuple[int, str, float, date, date, date]
"""person, indicator, value, happened_on, known_on, and the day a correction became known, if one did."""


@dataclass(frozen=True)
class MemoryStore:
    """Records and subjects of a few persons; picklable, so that worker processes can read it."""

    indicators: tuple[str, ...]
    records: Records
    n_persons: int
    born_on: dict[int, date] = field(default_factory=dict)
    groups: dict[int, int] = field(default_factory=dict)
    purpose: str = "train"

    @property
    def content_hash(self) -> str:
        return f"{len(self.records)} records"

    def subjects(self) -> pd.DataFrame:
        people = range(self.n_persons)
        return pd.DataFrame(
            {
                "person": np.arange(self.n_persons, dtype=np.int32),
                "subject_id": [f"{person:032x}" for person in people],
                "group": np.array([self.groups.get(person, person) for person in people], dtype=np.int32),
                "born_on": pd.Series([self.born_on.get(person) for person in people], dtype=object),
                "shielded": False,
            }
        )

    def read_part(self, part: int, *, indicators: Sequence[str] | None = None) -> Records:
        wanted = [self.indicators.index(code) for code in (self.indicators if indicators is None else indicators)]
        here = self.records.person // PERSONS_PER_PART == part
        return self.records.take(here & np.isin(self.records.indicator, wanted))


def store_of(told: Iterable[Told], *, indicators: Sequence[str], n_persons: int, **more: object) -> MemoryStore:
    """Make a store from records as a person would write them down, in any order."""
    ordered = sorted(told, key=lambda one: (one[0], one[3], one[4]))
    days = [[day_number(one[place]) for one in ordered] for place in (3, 4)]
    known_to = [day_number(one[5]) if len(one) == 6 else IN_FORCE for one in ordered]
    person, indicator = [one[0] for one in ordered], [list(indicators).index(one[1]) for one in ordered]
    whole = [np.array(column, dtype=np.int32) for column in (person, indicator, *days, known_to)]
    records = Records(whole[0], whole[1], np.array([one[2] for one in ordered], dtype=np.float32), *whole[2:])
    return MemoryStore(tuple(indicators), records, n_persons, **more)  # type: ignore[arg-type]
