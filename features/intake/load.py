"""Ingest: all sources checked, pseudonymised and loaded, or nothing at all.

Everything is written beside the store first, then moved into place; replacing the manifest is the one commit point. A run that is killed
leaves files that no manifest names, and the next run clears them away.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from features.declarations.project import Project
from features.errors import IntakeError, ProjectError
from features.exchanged import begin_restrictions
from features.intake.batches import WrittenPart, write_part
from features.intake.columns import CellReader
from features.intake.commit import alone, clear_leftovers, move_into
from features.intake.consents import read_delivered
from features.intake.lines import UnitLines
from features.intake.mapping import read_mapping
from features.intake.next_state import build_manifest
from features.intake.people import People, link_people
from features.intake.quarantine import write_quarantine
from features.intake.report import IntakeReport, SourceReport
from features.intake.rewriting import Delivered
from features.intake.roster import Roster, read_roster
from features.intake.run import Run
from features.intake.runs import Runs, base_of, line_of, unit_of
from features.intake.sources import SourceUnit, loadable_purposes, source_units
from features.intake.staging import Staging, stage_unit
from features.intake.traces import clear_traces
from features.keys import KeyRing, TokenBytes
from features.manifest import (
    BatchEntry,
    Manifest,
    StorePurpose,
    find_manifest,
    flush_folder,
    write_manifest,
)
from features.progress import Progress
from features.store import store_folder
from features.threads import in_turn


def ingest(
    project: Project,
    *,
    keys: KeyRing,
    environ: Mapping[str, str],
    now: datetime,
    progress: Progress,
    token_bytes: TokenBytes = secrets.token_bytes,
    workers: int = 1,
) -> IntakeReport:
    """Read every declared source and add what is new to the store.

    Loading the same files again changes nothing. A corrected extract adds its records; with `record_column` the later known one
    supersedes the earlier, which stays, so that what was known before does not change. A row that says something else of a record, as of
    a day that the store has told of already, goes to quarantine: it would change the past (`features.intake.rewriting`).

    Parameters
    ----------
    now
        Aware UTC: purposes have to be valid, and nothing may become known after it.
    token_bytes
        Source of subject ids and of the order of person codes.
    workers
        Threads that sort and write parts; each holds one part in memory.

    Raises
    ------
    IntakeError
        TID301 to TID317: a file is refused; nothing was loaded, reasons and line numbers are in ``var/quarantine``.
    PurposeError
        TID201, TID202 no valid purpose; TID203 to TID208 a key is missing or wrong.
    ProjectError
        TID105 an environment variable is not set, TID106 there is no source with layout `persons`.
    """
    purposes = loadable_purposes(project, on=now.date())
    folder = store_folder(project)
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder):
        before = find_manifest(folder)
        _check_same_kind(project, before)
        clear_leftovers(folder, before)
        generation = before.generation + 1 if before else 1
        batch = f"{now:%Y%m%dT%H%M%SZ}-{generation:04d}"
        run = Run(project, keys, environ, now, token_bytes, progress, folder, before, purposes, batch, workers)
        try:
            return _run(run)
        except IntakeError as error:
            _quarantine(run, {"code": error.code, "message": error.message})
            raise
        finally:
            shutil.rmtree(run.workspace, ignore_errors=True)


def _run(run: Run) -> IntakeReport:
    units = source_units(run.project, purposes=run.purposes, environ=run.environ)
    persons = [unit for unit in units if unit.source.layout == "persons"]
    if not persons:
        raise ProjectError(
            "TID106", f"{run.project.root / 'indicators'}: no source has layout = 'persons'. Declare the register that says who there is."
        )
    run.workspace.mkdir()
    mapping = read_mapping(run.folder, run.before, token_bytes=run.token_bytes)
    mapping.check_keys(run.keys)
    with run.progress.step("Reading who there is", total=1) as step:
        is_real = run.project.screening.project.data == "real"
        roster = read_roster(persons, today=run.now.date(), tallies=[run.tally(unit) for unit in persons], is_real=is_real)
        n_persons = {purpose: entry.n_persons for purpose in run.purposes if (entry := run.entry(purpose))}
        people = link_people(
            roster,
            mapping,
            run.keys,
            purposes=run.purposes,
            n_persons=n_persons,
            synthetic=run.project.is_synthetic,
            token_bytes=run.token_bytes,
        )
        step.advance()
    consents = [unit for unit in units if unit.source.layout == "consents"]
    records = [unit for unit in units if unit.source.layout not in ("persons", "consents") and unit.purposes]
    fresh = _to_read(run, records, people)
    staging = _stage(run, fresh, people)
    written = _write(run, fresh, staging)
    consented = _read_consents(run, consents, people, roster)
    for tally in run.tallies.values():
        tally.check_share()
    quarantine = _quarantine(run, None)
    manifest = build_manifest(run, records, people, roster, written, consented)
    if manifest is not None:
        _commit(run, manifest)
    current = manifest or run.before
    return IntakeReport(
        batch=run.batch if manifest is not None else None,
        sources=tuple(_report(run, unit) for unit in (*persons, *consents, *records)),
        # People, not codes given out: a code that nobody has any more would tell of somebody who had to leave.
        n_persons={purpose: len(people.mapping.of(purpose)) for purpose in current.purposes} if current else {},
        quarantine=quarantine,
    )


def _read_consents(run: Run, units: Sequence[SourceUnit], people: People, roster: Roster) -> pa.Table | None:
    """Read what the sources of consents say today; None where there is none."""
    if not units:
        return None
    with run.progress.step("Reading consents", total=1) as step:
        table = read_delivered(run.project, units, people, roster, tallies=[run.tally(unit) for unit in units])
        step.advance()
    return table


def _to_read(run: Run, units: Sequence[SourceUnit], people: People) -> list[SourceUnit]:
    """Leave out what was loaded before, unless it had rows of strangers and there are new people."""
    known = {(e.source, e.name, e.content, e.declaration): e for e in (run.before.loaded if run.before else ())}
    fresh = []
    for unit in units:
        entry = known.get((unit.source.name, unit.name, unit.content, unit.declaration))
        if entry is not None and not (entry.strangers and people.new_links):
            run.unchanged.add(unit)
        else:
            fresh.append(unit)
    return fresh


def _stage(run: Run, units: Sequence[SourceUnit], people: People) -> Staging:
    staging = Staging(run.workspace / "staged", tuple(run.project.catalogue.indicators), people, lines=[UnitLines() for _ in units])
    staging.folder.mkdir()
    reader = CellReader()
    for number, unit in enumerate(units):
        with run.progress.step(f"Reading {unit.name}") as step:
            stage_unit(unit, number, people=people, staging=staging, tally=run.tally(unit), reader=reader, today=run.now.date(), step=step)
    return staging


def _write(run: Run, units: Sequence[SourceUnit], staging: Staging) -> dict[StorePurpose, BatchEntry]:
    """Write each purpose's new batch into the workspace, and count what was there already."""
    names = sorted({unit.source.name for unit in units})
    delivered = Delivered(
        np.array([names.index(unit.source.name) for unit in units], dtype=np.int64),
        np.array([unit.source.layout == "spells" for unit in units], dtype=np.bool_),
        run.now.date(),
    )
    entries = {purpose: _write_purpose(run, purpose, runs, staging, delivered) for purpose, runs in staging.runs.items()}
    for unit, lines in zip(units, staging.lines, strict=True):
        tally = run.tally(unit)
        for reason, found in (("duplicate_row", lines.repeated - lines.changed), ("changed_without_news", lines.changed)):
            if len(found):
                tally.add(reason, found.first(), count=len(found))
        tally.already_loaded = lines.n_already_loaded
    return {purpose: entry for purpose, entry in entries.items() if entry.parts}


def _write_purpose(run: Run, purpose: StorePurpose, runs: Runs, staging: Staging, delivered: Delivered) -> BatchEntry:
    folder = run.workspace / purpose / "batches" / run.batch
    write = partial(write_part, runs, folder=folder, stored=run.stored(purpose), delivered=delivered, indicators=staging.codes)
    parts, rows = {}, 0
    with run.progress.step(f"Writing the {purpose} store", total=len(runs.parts())) as step:
        for part in in_turn(write, runs.parts(), workers=run.workers):
            _note_lines(staging.lines, part)
            rows += part.n_rows
            if part.digest is not None:
                parts[part.number] = part.digest
            step.advance()
    runs.path.unlink()
    return BatchEntry(folder=f"batches/{run.batch}", rows=rows, parts=parts)


def _note_lines(lines: Sequence[UnitLines], part: WrittenPart) -> None:
    for origins, kind in ((part.fresh, "fresh"), (part.repeated, "repeated"), (part.changed, "changed")):
        if not len(origins):
            continue
        first, last = (int(unit_of(edge)) for edge in (origins.min(), origins.max()))
        if first == last:  # most often one file has all the rows of a part
            getattr(lines[first], kind).add(origins, base=base_of(first))
            continue
        units = unit_of(origins)
        for unit in np.flatnonzero(np.bincount(units)).tolist():
            getattr(lines[unit], kind).add(line_of(origins[units == unit]))


def _commit(run: Run, manifest: Manifest) -> None:
    """Move everything into place, then replace the manifest: before that line the old state holds, after it the new one."""
    with run.progress.step("Committing", total=1) as step:
        clear_traces(run.project, run.before, manifest, workspace=run.workspace)
        if run.before is None:
            begin_restrictions(run.project)
        for purpose in manifest.purposes:
            move_into(run.workspace / purpose, run.folder / purpose)
        for name in filter(None, (manifest.mapping, manifest.consents)):
            if (run.workspace / name).exists():
                (run.workspace / name).rename(run.folder / name)
        flush_folder(run.folder)
        write_manifest(run.folder, manifest)
        clear_leftovers(run.folder, manifest, keep=run.workspace)
        step.advance()


def _check_same_kind(project: Project, before: Manifest | None) -> None:
    if before is not None and before.synthetic != project.is_synthetic:
        raise IntakeError(
            "TID311",
            f"{store_folder(project)} holds {'synthetic' if before.synthetic else 'other than synthetic'} data, and the project now says "
            f"data = {project.screening.project.data!r}. They never mix (R-33): use another project folder.",
        )


def _quarantine(run: Run, rejected: Mapping[str, str] | None) -> Path | None:
    return write_quarantine(run.project.var / "quarantine", run.tallies.values(), batch=run.batch, now=run.now, rejected=rejected)


def _report(run: Run, unit: SourceUnit) -> SourceReport:
    tally = run.tally(unit)
    return SourceReport(
        unit.source.name, unit.name, tally.rows_read, tally.rows_loaded, tally.already_loaded, dict(tally.reasons), unit in run.unchanged
    )
