"""What the store will hold after an ingest: written beside it and named in a manifest that is not in force yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from features.intake.batches import copy_without
from features.intake.mapping import write_mapping
from features.intake.people import People, subjects_of
from features.intake.roster import Roster
from features.intake.run import Run
from features.intake.sources import SourceUnit
from features.manifest import BatchEntry, LoadedEntry, Manifest, PurposeEntry, StorePurpose, file_hash
from features.store import SUBJECT_SCHEMA


def build_manifest(
    run: Run,
    units: Sequence[SourceUnit],
    people: People,
    roster: Roster,
    written: Mapping[StorePurpose, BatchEntry],
    consented: pa.Table | None,
) -> Manifest | None:
    """Write subjects, mapping and consents into the workspace and say what the store will hold; None when nothing changes."""
    # Whoever has to leave without a trace leaves the stores of purposes that are no longer declared, too.
    touched = (*run.purposes, *(purpose for purpose in people.removed if purpose not in run.purposes))
    purposes = {purpose: _next_entry(run, purpose, people, roster, written.get(purpose)) for purpose in touched}
    kept = {p: e for p, e in run.before.purposes.items() if p not in purposes} if run.before else {}
    mapping_name = f"mapping-{run.generation:04d}.parquet"
    write_mapping(run.workspace / mapping_name, people.mapping)
    consents_name = f"consents-{run.generation:04d}.parquet"
    if consented is not None:
        pq.write_table(consented, run.workspace / consents_name, compression="zstd")
    manifest = Manifest(
        generation=run.generation,
        synthetic=run.project.is_synthetic,
        mapping=_kept_if_same(run, mapping_name, run.before.mapping if run.before else None),
        consents=None if consented is None else _kept_if_same(run, consents_name, run.before.consents if run.before else None),
        purposes={**kept, **purposes},
        loaded=_loaded(run, units),
    )
    unchanged = run.before is not None and manifest.model_copy(update={"generation": run.before.generation}) == run.before
    return None if unchanged else manifest


def _kept_if_same(run: Run, name: str, before: str | None) -> str:
    """Name the file that stays: the one from before where the new one is no different."""
    if before is None or file_hash(run.folder / before) != file_hash(run.workspace / name):
        return name
    (run.workspace / name).unlink()
    return before


def _next_entry(run: Run, purpose: StorePurpose, people: People, roster: Roster, batch: BatchEntry | None) -> PurposeEntry:
    entry = run.entry(purpose)
    before = pq.read_table(run.folder / purpose / entry.subjects, schema=SUBJECT_SCHEMA) if entry else None
    subjects = subjects_of(purpose, people, roster, before)
    stored = run.stored(purpose).batches
    if people.removed.get(purpose):
        stored = copy_without(run.stored(purpose), people.removed[purpose], run.workspace / purpose, suffix=f"{run.generation:04d}")
    name = _write_subjects(run, purpose, subjects, before)
    path = run.workspace / purpose / name if name is not None else run.folder / purpose / (entry.subjects if entry else "")
    highest = max(subjects["person"].to_pylist(), default=-1) + 1
    return PurposeEntry(
        subjects=path.name,
        subjects_hash=file_hash(path),
        n_persons=max(highest, entry.n_persons if entry else 0),
        batches=(*stored, *((batch,) if batch is not None else ())),
    )


def _write_subjects(run: Run, purpose: StorePurpose, subjects: pa.Table, before: pa.Table | None) -> str | None:
    if before is not None and subjects.equals(before):
        return None
    (run.workspace / purpose).mkdir(exist_ok=True)
    name = f"subjects-{run.generation:04d}.parquet"
    pq.write_table(subjects, run.workspace / purpose / name, compression="zstd")
    return name


def _loaded(run: Run, units: Sequence[SourceUnit]) -> tuple[LoadedEntry, ...]:
    """Remember what has been loaded, in a fixed order; what is no longer declared stays remembered."""
    entries = {(e.source, e.name, e.content, e.declaration): e for e in (run.before.loaded if run.before else ())}
    for unit in units:
        if unit not in run.unchanged:
            key = (unit.source.name, unit.name, unit.content, unit.declaration)
            strangers = run.tally(unit).reasons.get("unknown_person", 0)
            entries[key] = LoadedEntry(source=key[0], name=key[1], content=key[2], declaration=key[3], strangers=strangers)
    return tuple(entries[key] for key in sorted(entries))
