"""One purpose's store: subjects and their records, in parts of 8,192 persons.

Batches never change. That a later known record supersedes an earlier one is worked out at reading (`supersession`), so that what was known
before a correction stays as it was (design §5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.declarations.catalogue import Sector
from features.declarations.project import Project
from features.errors import DataError
from features.gate import ConsentGate, RecordGate
from features.manifest import Manifest, PurposeEntry, StorePurpose, content_hash, find_manifest
from features.records import PERSONS_PER_PART, Records, dates_of, day_number
from features.supersession import Columns, join_batches

RECORD_SCHEMA = pa.schema(
    [
        ("person", pa.int32()),
        ("indicator", pa.dictionary(pa.int32(), pa.string())),
        ("value", pa.float32()),
        ("happened_on", pa.date32()),
        ("known_on", pa.date32()),
        ("record", pa.int64()),
    ]
)
"""A part's columns. `record` is a keyed digest of the source's own record number: equal numbers meet, the number itself stays out."""

SUBJECT_SCHEMA = pa.schema(
    [
        ("person", pa.int32()),
        ("subject_id", pa.string()),
        ("group", pa.int32()),
        ("born_on", pa.date32()),
        ("shielded", pa.bool_()),
    ]
)


def store_folder(project: Project) -> Path:
    """Folder of the project's stores, ``var/store``."""
    return project.var / "store"


def part_name(number: int) -> str:
    """File name of a part.

    >>> part_name(3)
    'part-00003.parquet'
    """
    return f"part-{number:05d}.parquet"


@dataclass(frozen=True)
class Part:
    """A range of persons, read and computed together."""

    number: int
    start: int
    """First person code."""
    stop: int
    """One past the last person code."""
    files: tuple[Path, ...]
    """The part's file in each batch, oldest batch first; none when nobody here has a record."""


@dataclass(frozen=True)
class EventStore:
    """Everything that was recorded about the subjects of one purpose.

    Notes
    -----
    Person codes are dense in ``[0, n_persons)`` except where somebody was taken out (an address that became strictly confidential): such a
    code has no subject and no record.
    """

    folder: Path
    purpose: StorePurpose
    entry: PurposeEntry
    indicators: tuple[str, ...]
    """Codes that may be read, in the catalogue's order: what has been switched off since ingest is not among them."""
    gates: tuple[RecordGate, ...] = ()
    """Hold records back that may not be used; every way of reading records passes them."""

    @property
    def n_persons(self) -> int:
        """One more than the highest person code."""
        return self.entry.n_persons

    @property
    def n_records(self) -> int:
        """Records in all batches, superseded ones too."""
        return sum(batch.rows for batch in self.entry.batches)

    @property
    def content_hash(self) -> str:
        """SHA-256 over everything in this store: goes on a run, so that a model says what it was trained on."""
        return content_hash(self.entry)

    def subjects(self) -> pd.DataFrame:
        """Return person int32, subject_id, group int32, born_on (date or None) and shielded, sorted by person.

        `group` is equal for subjects that are one human being; a split keeps them together. Where a source declares no groups every
        person is their own.
        """
        frame: pd.DataFrame = self._subjects.to_pandas()
        return frame

    def parts(self) -> Iterator[Part]:
        """Yield every part, also one in which nobody has a record."""
        for number in range(-(-self.n_persons // PERSONS_PER_PART)):
            yield self._part(number)

    def read_part(self, part: Part | int, *, indicators: Sequence[str] | None = None) -> Records:
        """Read one part in store order: person, happened_on, known_on, position.

        Parameters
        ----------
        part
            A part or its number.
        indicators
            Codes to read, all by default. `Records.indicator` is still the position in the *store's* `indicators`.

        Raises
        ------
        DataError
            TID404 when a part does not read.

        Notes
        -----
        What needs consent is not among them, unless `features.consents.open_permitted_store` opened this store.
        """
        records = self._read_all(part, indicators)
        for gate in self.gates:
            records = gate.admit(records)
        return records

    def _read_all(self, part: Part | int, indicators: Sequence[str] | None = None) -> Records:
        part = self._part(part) if isinstance(part, int) else part
        wanted = self.indicators if indicators is None else tuple(indicators)
        tables = [self._read_table(path, RECORD_SCHEMA) for path in part.files]
        return join_batches([self._as_columns(table, wanted) for table in tables]) if tables else Records.empty()

    def records_of(self, persons: Sequence[int] | NDArray[np.int32], *, as_of: date) -> pd.DataFrame:
        """Return what could be used about a few persons on a day: person, indicator (code), value, happened_on, known_on.

        Reads the parts of these persons whole; meant for a case page, not for a population.
        """
        wanted = np.unique(np.asarray(persons, dtype=np.int32))
        found = [self._visible_in(number, wanted, as_of) for number in np.unique(wanted // PERSONS_PER_PART)]
        records = Records.concatenate(found)
        codes = np.array([*self.indicators, ""], dtype=object)
        return pd.DataFrame(
            {
                "person": records.person,
                "indicator": codes[records.indicator],
                "value": records.value,
                "happened_on": dates_of(records.happened_on),
                "known_on": dates_of(records.known_on),
            }
        )

    @cached_property
    def _subjects(self) -> pa.Table:
        return self._read_table(self.folder / self.entry.subjects, SUBJECT_SCHEMA)

    def _part(self, number: int) -> Part:
        start = number * PERSONS_PER_PART
        files = tuple(self.folder / batch.folder / part_name(number) for batch in self.entry.batches if number in batch.parts)
        return Part(number, start, min(start + PERSONS_PER_PART, self.n_persons), files)

    def _visible_in(self, number: int, persons: NDArray[np.int32], as_of: date) -> Records:
        records = self._read_all(int(number))
        records = records.take(np.isin(records.person, persons) & records.visible_on(day_number(as_of)))
        for gate in self.gates:
            # Not narrowed as for features: a page shows the day on which a record became known.
            records = records.take(gate.allows(records, day_number(as_of)))
        return records

    def _read_table(self, path: Path, schema: pa.Schema) -> pa.Table:
        try:
            return pq.read_table(path, schema=schema, partitioning=None, use_threads=False)
        except FileNotFoundError as error:
            raise DataError("TID404", f"{path} is gone: an ingest has replaced it since this store was opened. Run again.") from error
        except (OSError, pa.ArrowInvalid) as error:
            raise DataError(
                "TID404",
                f"{path} is part of the store and does not read ({type(error).__name__}). Restore `var/store` from a backup.",
            ) from error

    def _as_columns(self, table: pa.Table, wanted: Sequence[str]) -> Columns:
        table = table.combine_chunks()
        columns = {name: table[name].cast(pa.int32()).to_numpy() for name in ("person", "happened_on", "known_on")}
        columns["indicator"] = self._positions(table["indicator"].combine_chunks(), wanted)
        columns["value"] = table["value"].to_numpy()
        columns["record"] = pc.fill_null(table["record"], 0).to_numpy()
        keep = columns["indicator"] >= 0
        return columns if keep.all() else {name: column[keep] for name, column in columns.items()}

    def _positions(self, column: pa.DictionaryArray, wanted: Sequence[str]) -> NDArray[np.int32]:
        known = {code: self.indicators.index(code) for code in wanted if code in self.indicators}
        lookup = np.array([known.get(code, -1) for code in column.dictionary.to_pylist()] or [-1], dtype=np.int32)
        positions: NDArray[np.int32] = lookup[column.indices.to_numpy()]
        return positions


def open_store(project: Project, purpose: StorePurpose) -> EventStore:
    """Open one purpose's store for reading.

    Whether the purpose is valid today is the caller's to check, with `Project.check_purpose`, before any run. Records of indicators that
    need consent stay in: `features.consents.open_permitted_store` lets those of people who consent out.

    Raises
    ------
    DataError
        TID402 when nothing has been ingested for the purpose, TID416 when the manifest does not read.
    """
    manifest = find_manifest(store_folder(project))
    entry = manifest.purposes.get(purpose) if manifest else None
    if manifest is None or entry is None:
        raise DataError("TID402", f"{store_folder(project)} holds nothing for the purpose {purpose!r} yet. Run `tidlig ingest` first.")
    indicators = _readable(project, purpose)
    gated = positions_that_need_consent(project, indicators)
    return EventStore(store_folder(project) / purpose, purpose, entry, indicators, (ConsentGate.closed(gated),) if gated else ())


def positions_that_need_consent(project: Project, indicators: Sequence[str]) -> tuple[int, ...]:
    """Positions of the indicators of which only records of people who consent may be used."""
    return tuple(position for position, code in enumerate(indicators) if project.catalogue.indicators[code].needs_consent)


def find_store_manifest(project: Project) -> Manifest | None:
    """Read the manifest of the project's stores, or None when nothing has been ingested yet."""
    return find_manifest(store_folder(project))


def _readable(project: Project, purpose: StorePurpose) -> tuple[str, ...]:
    catalogue = project.catalogue
    return tuple(code for code in catalogue.indicators if (catalogue.sector_of(code) is Sector.AUDIT) == (purpose == "audit"))
