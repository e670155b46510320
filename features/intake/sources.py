"""What an ingest reads: one unit for each declared file, or for each query over files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.declarations.catalogue import Indicator, Sector, Source
from features.declarations.project import Project, source_files
from features.errors import IntakeError
from features.intake.columns import encode
from features.intake.file_facts import FileFacts, read_facts
from features.intake.layouts import SYNTHETIC, Contract
from features.intake.quarantine import FileTally
from features.intake.queries import open_query, query_columns
from features.intake.readers import NOTHING_KNOWN, Chunk, Columns, OpenFile, open_file
from features.intake.spell_metadata import NO_METADATA, SpellMetadata, check_metadata_fits, read_metadata
from features.manifest import StorePurpose, file_hash
from features.nationalid import rows_with_national_id


@dataclass(frozen=True, eq=False)
class SourceUnit:
    """One file of a source, or its query with all its files; loaded or left as a whole."""

    source: Source
    paths: tuple[Path, ...]
    query: Path | None
    contract: Contract
    purposes: tuple[StorePurpose, ...]
    """Stores that its records go to."""
    indicators: Mapping[str, Indicator]
    """Indicators that its records may belong to."""
    metadata_path: Path | None = None

    @property
    def name(self) -> str:
        """Name for people: the file's, or the query's."""
        return self.query.name if self.query is not None else self.paths[0].name

    @cached_property
    def content(self) -> str:
        """SHA-256 of the files, the query and the metadata."""
        digest = hashlib.sha256()
        for path in self.paths:
            digest.update(self.facts_of(path).sha256.encode())
        for path in filter(None, (self.query, self.metadata_path)):
            self._check_there(path)
            digest.update(file_hash(path).encode())
        return digest.hexdigest()

    def facts_of(self, path: Path) -> FileFacts:
        """What one pass over a file has found; made once.

        Raises
        ------
        IntakeError
            TID305 it is not there.
        """
        if path not in self._facts:
            self._check_there(path)
            self._facts[path] = read_facts(path)
        return self._facts[path]

    @cached_property
    def _facts(self) -> dict[Path, FileFacts]:
        return {}

    @cached_property
    def spell_metadata(self) -> SpellMetadata:
        """What the metadata says about reading the files.

        Raises
        ------
        IntakeError
            TID316 it does not read, TID340 to TID342 the indicator can't be read by it.
        """
        if self.metadata_path is None:
            return NO_METADATA
        metadata = read_metadata(self.metadata_path)
        indicator = self.indicators.get(self.source.indicator or "")
        check_metadata_fits(metadata, indicator, path=self.metadata_path, source=self.source.name)
        return metadata

    @cached_property
    def declaration(self) -> str:
        """SHA-256 of everything that decides what these files give."""
        kinds = {code: (i.kind.value, i.levels) for code, i in self.indicators.items()}
        return hashlib.sha256(json.dumps([self.source.model_dump(mode="json"), kinds, self.purposes], sort_keys=True).encode()).hexdigest()

    def _check_there(self, path: Path) -> None:
        if not path.is_file():
            raise IntakeError(
                "TID305", f"{path} (source {self.source.name}) is not there. Put the file in place, or correct `files` of the source."
            )


def loadable_purposes(project: Project, *, on: date) -> tuple[StorePurpose, ...]:
    """Return the purposes that the project declares; each has to be valid on this day, or the run does not start (R-02).

    Raises
    ------
    PurposeError
        TID201, TID202.
    """
    declared = {purpose.kind for purpose in project.screening.purpose}
    wanted: list[StorePurpose] = [p for p in ("train", "score") if p in declared]
    if "audit" in declared or any(s.sector is Sector.AUDIT and s.is_on for s in project.catalogue.sectors):
        wanted.append("audit")
    for purpose in wanted or ["train"]:
        project.check_purpose(purpose, on=on)
    return tuple(wanted)


def source_units(project: Project, *, purposes: tuple[StorePurpose, ...], environ: Mapping[str, str]) -> tuple[SourceUnit, ...]:
    """List what has to be read, persons first.

    Raises
    ------
    ProjectError
        TID105 when a file names an environment variable that is not set.
    """
    units = [unit for source in project.catalogue.sources.values() for unit in _units(project, source, purposes, environ)]
    return tuple(sorted(units, key=lambda unit: unit.source.layout != "persons"))


def read_unit(unit: SourceUnit, tally: FileTally) -> Iterator[Chunk]:
    """Open a unit and yield its chunks: columns checked, identity numbers and the synthetic mark looked for.

    Raises
    ------
    IntakeError
        TID301 to TID311.
    """
    opened = _open_unit(unit, tally)
    unit.contract.check_columns(opened.columns, file=unit.name)
    check_synthetic_column(unit, opened.columns)
    searched = [c for c in opened.columns if c not in unit.contract.id_columns(opened.columns)]
    for chunk in opened.chunks:
        _check_no_national_id(unit, chunk, searched)
        _check_synthetic_rows(unit, chunk)
        yield chunk


def read_columns(unit: SourceUnit) -> tuple[str, ...]:
    """Read no more than the header of a unit; a query is planned, not run.

    Raises
    ------
    IntakeError
        TID303 to TID307, TID310, TID316, TID340 to TID342.
    """
    _ = unit.spell_metadata
    if unit.query is not None:
        return query_columns(unit.query, unit.paths, unit.source)
    return open_file(unit.paths[0], unit.source, expected=unit.contract.required, on_bad_lines=lambda *_: None).columns


def _open_unit(unit: SourceUnit, tally: FileTally) -> OpenFile:
    def note(reason: str, lines: Sequence[int]) -> None:
        tally.rows_read += len(lines)
        tally.add(reason, lines)

    if unit.query is not None:
        return open_query(unit.query, unit.paths, unit.source)
    path = unit.paths[0]
    facts = unit.facts_of(path)
    return open_file(path, unit.source, expected=unit.contract.required, on_bad_lines=note, known=_known_columns(unit.source), facts=facts)


def _known_columns(source: Source) -> Columns:
    """Columns of events in which few values come again and again, or dates, or marks."""
    if source.layout != "events":
        return NOTHING_KNOWN
    repeating = (source.indicator_column, source.value_column)
    dates = (source.happened_column, source.known_column)
    several = (tuple(name for name in names if name is not None) for names in (repeating, dates, (SYNTHETIC,)))
    return Columns(*several)


def _units(project: Project, source: Source, purposes: tuple[StorePurpose, ...], environ: Mapping[str, str]) -> list[SourceUnit]:
    is_audit = project.catalogue.sector_of(source.name) is Sector.AUDIT
    own: tuple[StorePurpose, ...] = ("audit",) if is_audit else tuple(p for p in purposes if p != "audit" and p in source.purposes)
    if source.layout == "persons":
        own = tuple(p for p in purposes if p == "audit" or p in source.purposes)
    indicators = {
        code: i for code, i in project.catalogue.indicators.items() if (project.catalogue.sector_of(code) is Sector.AUDIT) == is_audit
    }
    paths = source_files(project, source.files, environ=environ)
    contract = Contract(source, project.screening.project.data)
    metadata = source_files(project, (source.metadata,), environ=environ)[0] if source.metadata is not None else None
    if source.query is not None:
        return [SourceUnit(source, paths, project.root / source.query, contract, own, indicators, metadata)]
    return [SourceUnit(source, (path,), None, contract, own, indicators, metadata) for path in paths]


def _check_no_national_id(unit: SourceUnit, chunk: Chunk, columns: list[str]) -> None:
    for column in columns:
        rows = rows_with_national_id(chunk.table[column])
        if len(rows):
            raise IntakeError(
                "TID308",
                f"{unit.name} (source {unit.source.name}) is refused: the column {column!r} holds {len(rows)} national identity numbers "
                f"(first at line {chunk.lines[int(rows[0])].as_py()}). They may stand in the id column only. Have the column left out or "
                "cleaned where the file was made, and delete this copy (R-07).",
            )


def check_synthetic_column(unit: SourceUnit, columns: tuple[str, ...]) -> None:
    """Refuse a file of a synthetic project whose rows do not say that they are (R-33).

    Raises
    ------
    IntakeError
        TID311.
    """
    marked = SYNTHETIC in columns or (unit.source.layout == "spells" and "attributes" in columns)
    if unit.contract.synthetic_project and not marked:
        raise IntakeError(
            "TID311",
            f"{unit.name} (source {unit.source.name}) has no column `{SYNTHETIC}`. In a synthetic project every row says `{SYNTHETIC}` = "
            "true, so that real data can't slip in (R-33). If the data is real, it needs a project with data = 'real'.",
        )


def _check_synthetic_rows(unit: SourceUnit, chunk: Chunk) -> None:
    """Refuse synthetic rows among real ones and the other way round."""
    n_marked = _count_marked(unit, chunk.table)
    wrong = len(chunk.table) - n_marked if unit.contract.synthetic_project else n_marked
    if wrong:
        is_what = "not marked" if unit.contract.synthetic_project else "marked"
        raise IntakeError(
            "TID311",
            f"{unit.name} (source {unit.source.name}): {wrong} rows are {is_what} `{SYNTHETIC}` = true in a project with data = "
            f"{unit.contract.data!r}. Synthetic and real data never mix (R-33).",
        )


def _count_marked(unit: SourceUnit, table: pa.Table) -> int:
    if SYNTHETIC in table.column_names:
        column = table[SYNTHETIC]
        if pa.types.is_boolean(column.type):
            return int(pc.sum(column).as_py() or 0)
        cells, rows = encode(column)
        marked = pc.is_in(pc.utf8_lower(cells.cast(pa.string())), pa.array(["true", "1"]))
        return int(np.append(pc.fill_null(marked, False).to_numpy(zero_copy_only=False), False)[rows].sum())
    if unit.contract.synthetic_project:
        return int(pc.sum(pc.match_substring(table["attributes"].cast(pa.string()), f"{SYNTHETIC}=true")).as_py() or 0)
    return 0
