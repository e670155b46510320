"""Take the records of erased people out of the store (GDPR Art. 17): the one way there beside an ingest.

Their lines in the mapping and among the subjects stay. Without them nobody could say whose the restriction is that keeps them from being
proposed again, and a source that delivers them once more would make them somebody new.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from features.declarations.project import Project
from features.intake.batches import StoredBatches, copy_without
from features.intake.commit import alone, clear_leftovers, move_into
from features.intake.linkage import translate_subjects
from features.manifest import Manifest, PurposeEntry, StorePurpose, find_manifest, flush_folder, write_manifest
from features.records import PERSONS_PER_PART
from features.store import part_name, store_folder

Codes = Mapping[StorePurpose, Sequence[int]]
"""Person codes by purpose."""


def count_records(project: Project, subject_ids: Collection[str]) -> int:
    """Count the records of these people in the stores of all purposes. Subject ids are of the score purpose."""
    manifest = find_manifest(store_folder(project))
    if manifest is None or manifest.mapping is None:
        return 0
    codes = _codes(project, manifest, subject_ids)
    return sum(_count(project, purpose, manifest.purposes[purpose], codes[purpose]) for purpose in codes)


def clear_records(project: Project, subject_ids: Collection[str]) -> int:
    """Take the records of these people out of the stores of all purposes, and say how many there were; nothing changes where none are.

    A source that delivers them again brings them back, shut out by the restriction: so this is done again as long as somebody is erased.

    Parameters
    ----------
    subject_ids
        Of the score purpose.

    Raises
    ------
    IntakeError
        TID317 while an ingest is running.
    """
    folder = store_folder(project)
    if not subject_ids or find_manifest(folder) is None:
        return 0
    with alone(folder):
        before = find_manifest(folder)
        if before is None or before.mapping is None:
            return 0
        clear_leftovers(folder, before)
        codes = _codes(project, before, subject_ids)
        found = {purpose: _count(project, purpose, before.purposes[purpose], persons) for purpose, persons in codes.items()}
        touched = {purpose: persons for purpose, persons in codes.items() if found[purpose]}
        if touched:
            _write_without(folder, before, touched)
    return sum(found.values())


def _codes(project: Project, manifest: Manifest, subject_ids: Collection[str]) -> Codes:
    asked = sorted(subject_ids)
    return {
        purpose: sorted(int(one) for one in translate_subjects(project, asked, from_purpose="score", to_purpose=purpose)["to_person"])
        for purpose in manifest.purposes
    }


def _count(project: Project, purpose: StorePurpose, entry: PurposeEntry, persons: Sequence[int]) -> int:
    """Count rows of these persons; files are sorted by person, so that only the few pages that may hold them are read."""
    rows = 0
    for number in np.unique(np.array(persons, dtype=np.int64) // PERSONS_PER_PART).tolist():
        here = [person for person in persons if person // PERSONS_PER_PART == number]
        for batch in entry.batches:
            if number in batch.parts:
                path = store_folder(project) / purpose / batch.folder / part_name(number)
                rows += pq.read_table(path, columns=["person"], filters=[("person", "in", here)], partitioning=None).num_rows
    return rows


def _write_without(folder: Path, before: Manifest, codes: Codes) -> None:
    """Write the touched parts anew beside the store, then replace the manifest: until that line the old state holds."""
    generation = before.generation + 1
    workspace = folder / f"tmp-clearing-{generation:04d}"
    workspace.mkdir()
    try:
        entries = {purpose: _entry_without(folder, before, purpose, codes[purpose], workspace) for purpose in codes}
        for purpose in entries:
            move_into(workspace / purpose, folder / purpose)
        flush_folder(folder)
        manifest = before.model_copy(update={"generation": generation, "purposes": {**before.purposes, **entries}})
        write_manifest(folder, manifest)
        clear_leftovers(folder, manifest)
    finally:
        shutil.rmtree(workspace, ignore_errors=True)


def _entry_without(folder: Path, before: Manifest, purpose: StorePurpose, persons: Sequence[int], workspace: Path) -> PurposeEntry:
    entry = before.purposes[purpose]
    stored = StoredBatches(folder / purpose, entry.batches)
    batches = copy_without(stored, persons, workspace / purpose, suffix=f"{before.generation + 1:04d}")
    return entry.model_copy(update={"batches": batches})
