"""Take one erased person out of the tables of persons outside the store; and say what is left of them, there and in it.

Their records leave the store by `features.intake.clearing`, which waits for no ingest and so is no part of this.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.consent_table import CONSENTS, exchange_path
from features.declarations.project import Project
from features.engine.table import FeatureTable
from features.exchange import read_table, write_table
from features.exchanged import FINISHED_REVIEWS, reviews_path
from features.intake.clearing import count_records
from features.intake.linkage import translate_subjects
from features.manifest import StorePurpose
from features.scored import remove_scored, scored_of
from features.store import find_store_manifest

PURPOSES: tuple[StorePurpose, ...] = ("train", "score", "audit")

_ROWS = {
    "var/exchange/consents.parquet": (exchange_path, CONSENTS),
    "var/exchange/finished_reviews.parquet": (reviews_path, FINISHED_REVIEWS),
}


def count_person(project: Project, subject_id: str) -> dict[str, int]:
    """Count what is there of a person by place: rows, and feature tables that have a row of theirs. `subject_id` of the score purpose."""
    counts = {place: len(_of(read_table(path(project), schema), subject_id)) for place, (path, schema) in _ROWS.items()}
    n_tables = len(list(_tables_with(project, subject_id)))
    in_store = count_records(project, [subject_id])
    return {"var/scored": len(scored_of(project, subject_id)), **counts, "var/features": n_tables, "var/store": in_store}


def remove_person(project: Project, subject_id: str) -> None:
    """Remove a person's rows everywhere that `count_person` looks outside the store; feature tables go whole, to be built without them."""
    remove_scored(project, subject_id)
    for path, schema in _ROWS.values():
        table = read_table(path(project), schema)
        if len(_of(table, subject_id)):
            write_table(path(project), table.filter(pc.not_equal(table["subject_id"], subject_id)), schema)
    for folder in list(_tables_with(project, subject_id)):
        shutil.rmtree(folder)


def _of(table: pa.Table, subject_id: str) -> pa.Table:
    return table.filter(pc.equal(table["subject_id"], subject_id))


def _tables_with(project: Project, subject_id: str) -> Iterator[Path]:
    subjects = pa.array([subject_id, *_elsewhere(project, subject_id)], pa.string())
    for found in sorted((project.var / "features").glob("*/*/table.json")):
        table = FeatureTable.open(found.parent)
        if any(_holds(path, subjects) for path in table.part_paths):
            yield found.parent


def _holds(path: Path, subjects: pa.Array) -> bool:
    column = pq.read_table(path, columns=["subject_id"], partitioning=None)["subject_id"]
    return bool(pc.any(pc.is_in(column, subjects)).as_py())


def _elsewhere(project: Project, subject_id: str) -> list[str]:
    if find_store_manifest(project) is None:
        return []
    return [
        str(one)
        for purpose in PURPOSES
        for one in translate_subjects(project, [subject_id], from_purpose="score", to_purpose=purpose)["to_subject"]
    ]
