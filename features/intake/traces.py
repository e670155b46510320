"""Nothing is left outside the store of people who have to leave it, or whose address is protected from now on (R-08)."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from shutil import rmtree

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.consent_table import CONSENTS, exchange_path
from features.declarations.project import Project
from features.exchange import read_table, write_table
from features.exchanged import FINISHED_REVIEWS, RESTRICTIONS, SCORED, restrictions_path, reviews_path, scored_folder
from features.manifest import Manifest, StorePurpose
from features.store import SUBJECT_SCHEMA, store_folder

Subjects = set[str]


def clear_traces(project: Project, before: Manifest | None, after: Manifest, *, workspace: Path) -> None:
    """Clear away what was computed about people who are not in the next store, or are shielded there and were not before.

    Feature tables go whole, since they can be built again; scored rows, restrictions, consents and finished reviews lose the rows about
    these people.

    Notes
    -----
    Called before the manifest is replaced: a run that is killed in between finds the same people to clear away the next time.
    """
    changed = {purpose: _changed(project, purpose, before, after, workspace) for purpose in (before.purposes if before else ())}
    if not any(gone or shielded for gone, shielded in changed.values()):
        return
    rmtree(project.var / "features", ignore_errors=True)
    gone, shielded = changed.get("audit", (set(), set()))
    for path in scored_folder(project).glob("*.parquet"):
        _drop(path, SCORED, gone | shielded)
    gone, _ = changed.get("score", (set(), set()))
    exchanged = (restrictions_path(project), RESTRICTIONS), (reviews_path(project), FINISHED_REVIEWS), (exchange_path(project), CONSENTS)
    for path, schema in exchanged:
        _drop(path, schema, gone)


def _changed(
    project: Project, purpose: StorePurpose, before: Manifest | None, after: Manifest, workspace: Path
) -> tuple[Subjects, Subjects]:
    """Subject ids that leave the store, and those that become shielded in it."""
    if before is None or before.purposes[purpose].subjects == after.purposes[purpose].subjects:
        return set(), set()
    old = pq.read_table(store_folder(project) / purpose / before.purposes[purpose].subjects, schema=SUBJECT_SCHEMA)
    new = pq.read_table(workspace / purpose / after.purposes[purpose].subjects, schema=SUBJECT_SCHEMA)
    gone = pc.invert(pc.is_in(old["subject_id"], new["subject_id"].combine_chunks()))
    was_open = old.filter(pc.invert(old["shielded"]))["subject_id"].combine_chunks()
    shielded = pc.and_(new["shielded"], pc.is_in(new["subject_id"], was_open))
    return set(old["subject_id"].filter(gone).to_pylist()), set(new["subject_id"].filter(shielded).to_pylist())


def _drop(path: Path, schema: pa.Schema, subjects: Collection[str]) -> None:
    if not path.is_file() or not subjects:
        return
    table = read_table(path, schema)
    kept = table.filter(pc.invert(pc.is_in(table["subject_id"], pa.array(sorted(subjects), pa.string()))))
    if len(kept) < len(table):
        write_table(path, kept, schema)
