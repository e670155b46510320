"""Features of histories that somebody tells, without a store: the same kernel under the same rules of time, over records in memory.

Nothing is kept. What comes out is what a store with exactly these records would give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from features.declarations.catalogue import Indicator
from features.declarations.project import Project
from features.declarations.specs import FeatureSpec
from features.engine.kernel import Rows, feature_columns
from features.engine.plan import Plan
from features.records import Records, day_number, day_of
from features.supersession import Columns, join_batches
from features.tables import TABLE_USES, levels_of

Matrix = NDArray[np.float32]

NOT_TOLD_HERE = "not_an_indicator_here"
NEEDS_CONSENT = "indicator_needs_consent"
STILL_TO_COME = "date_still_to_come"


@dataclass(frozen=True)
class ToldRecord:
    """A record as a source would deliver it. `record` names it among the person's of this indicator: one known later supersedes it."""

    indicator: str
    value: float | str | None
    happened_on: date
    known_on: date
    record: str | None = None


History = Sequence[ToldRecord]


@dataclass(frozen=True)
class Fault:
    """What is wrong with a told record, and where; never what was in it."""

    history: int
    record: int
    field: str
    what: str
    """A reason code of intake, or one of this module."""


@dataclass(frozen=True)
class HistoryReader:
    """Turns histories into features; planned once, asked often.

    Attributes
    ----------
    indicators
        What a record may be of, in the catalogue's order: what stands in tables.
    """

    indicators: dict[str, Indicator]
    plan: Plan

    @classmethod
    def of(cls, project: Project, specs: Sequence[FeatureSpec]) -> HistoryReader:
        """Plan these features over the project's catalogue.

        Raises
        ------
        DataError
            TID424 when a feature's indicator is switched off.
        """
        readable = {code: i for code, i in project.catalogue.indicators.items() if i.use in TABLE_USES}
        return cls(readable, Plan.of(specs, indicators=tuple(readable), levels=levels_of(project)))

    def find_faults(self, histories: Sequence[History], *, today: date) -> list[Fault]:
        """List the records that may not be used: of no indicator here, a value outside its contract, a date still to come.

        An indicator that needs consent is refused whole: that somebody without an identity consents can't be checked (R-23).
        """
        return [
            Fault(number, place, field, what)
            for number, history in enumerate(histories)
            for place, record in enumerate(history)
            for field, what in self._faults_of(record, today)
        ]

    def records(self, histories: Sequence[History]) -> Records:
        """Lay histories out as records of a store; person is the place of the history.

        Only after `find_faults` found none.
        """
        told = [(person, record) for person, history in enumerate(histories) for record in history]
        if not told:
            return Records.empty()
        named = _numbers_of_records(told)
        columns: Columns = {
            "person": np.array([person for person, _ in told], dtype=np.int32),
            "indicator": np.array([self._place[record.indicator] for _, record in told], dtype=np.int32),
            "value": np.array([self.indicators[record.indicator].contract.stored(record.value) for _, record in told], dtype=np.float32),
            "happened_on": np.array([day_number(record.happened_on) for _, record in told], dtype=np.int32),
            "known_on": np.array([day_number(record.known_on) for _, record in told], dtype=np.int32),
            "record": np.array(named, dtype=np.int64),
        }
        return join_batches([columns])

    def matrix(self, records: Records, *, n_histories: int, as_of: date) -> Matrix:
        """Give the planned features on a day: float32, C-contiguous, shape (n_histories, n_features), NaN where nothing is known."""
        persons = np.arange(n_histories, dtype=np.int32)
        rows = Rows(persons, np.full(n_histories, day_number(as_of), dtype=np.int32))
        return np.ascontiguousarray(feature_columns(records, rows, self.plan).T)

    def newest_dates(self, records: Records, *, n_histories: int, as_of: date) -> list[dict[str, date]]:
        """Say for each history when the newest record of each indicator that counts on a day happened."""
        seen = records.take(records.visible_on(day_number(as_of)))
        newest: list[dict[int, int]] = [{} for _ in range(n_histories)]
        for person, place, day in zip(seen.person.tolist(), seen.indicator.tolist(), seen.happened_on.tolist(), strict=True):
            newest[person][place] = max(day, newest[person].get(place, day))
        codes = tuple(self.indicators)
        return [{codes[place]: day_of(day) for place, day in of_one.items()} for of_one in newest]

    @cached_property
    def _place(self) -> dict[str, int]:
        return {code: place for place, code in enumerate(self.indicators)}

    def _faults_of(self, record: ToldRecord, today: date) -> list[tuple[str, str]]:
        indicator = self.indicators.get(record.indicator)
        if indicator is None or indicator.needs_consent:
            return [("indicator", NOT_TOLD_HERE if indicator is None else NEEDS_CONSENT)]
        fault = indicator.contract.find_fault(record.value)
        dates = {"happened_on": record.happened_on, "known_on": record.known_on}
        late = [(name, STILL_TO_COME) for name, day in dates.items() if day > today]
        return late if fault is None else [("value", fault), *late]


def _numbers_of_records(told: Sequence[tuple[int, ToldRecord]]) -> list[int]:
    """Number the record names, 1 and up; 0 for none. Equal names of one person and indicator meet, as they do in a store."""
    numbers: dict[str, int] = {}
    return [0 if record.record is None else numbers.setdefault(record.record, len(numbers) + 1) for _, record in told]
