"""What one screening said about everybody, under the audit purpose: outcome monitoring needs it when the cases are long gone (R-25)."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.declarations.project import Project
from features.errors import DataError
from features.exchange import read_table, write_table
from features.exchanged import SCORED, scored_folder
from features.intake.linkage import translate_subjects
from features.restrictions import check_restrictions_there, restricted_subjects
from features.store import find_store_manifest

_GIVEN = tuple(name for name in SCORED.names if name not in ("screening_id", "project", "synthetic"))
_SAFE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")


def write_scored(project: Project, screening_id: str, frame: pd.DataFrame, *, on: date) -> Path:
    """Write one screening's rows; the same screening again replaces them. Who has objected meanwhile is left out (R-22).

    Parameters
    ----------
    frame
        Columns of `SCORED` except screening_id, project and synthetic, with `subject_id` of the *score* purpose: it is translated here.
    on
        The day of the run, on which the audit purpose has to be valid.

    Raises
    ------
    PurposeError
        TID201, TID202: no audit purpose is valid on this day.
    DataError
        TID408 a column is missing, unknown or of the wrong type; TID410 a subject has no audit subject, or the screening's id can't name
        a file.
    """
    project.check_purpose("audit", on=on)
    path = _path(project, screening_id)
    frame = frame.drop(columns="project", errors="ignore")
    missing = sorted(set(_GIVEN) ^ set(frame.columns))
    if missing:
        raise DataError(
            "TID408", f"{path.name}: the columns {', '.join(missing)} are missing or not declared. Expected {', '.join(_GIVEN)}."
        )
    check_restrictions_there(project)
    frame = frame[~frame["subject_id"].isin(restricted_subjects(project, on=on))]
    known = translate_subjects(project, frame["subject_id"].tolist(), from_purpose="score", to_purpose="audit")
    if len(known) != len(frame):
        raise DataError(
            "TID410",
            f"{path.name}: {len(frame) - len(known)} of {len(frame)} subjects have no subject in the audit store. Declare a purpose of "
            "kind 'audit' in screening.toml and ingest again: outcomes can't be monitored without it.",
        )
    rows = frame.assign(
        subject_id=known["to_subject"].to_numpy(), screening_id=screening_id, project=project.id, synthetic=project.is_synthetic
    )
    write_table(path, pa.Table.from_pandas(rows[SCORED.names], schema=SCORED, preserve_index=False), SCORED)
    return path


def read_scored(project: Project) -> pd.DataFrame:
    """Read the rows of all screenings, oldest file name first; empty, with its columns, where there is none."""
    paths = sorted(scored_folder(project).glob("*.parquet"))
    frame: pd.DataFrame = pa.concat_tables([SCORED.empty_table(), *(read_table(path, SCORED) for path in paths)]).to_pandas()
    return frame


def scored_of(project: Project, subject_id: str) -> pd.DataFrame:
    """Read what screenings said about one person, for that person's own report: `subject_id` of the score purpose.

    Empty, with its columns, where there is none. The rows live under the audit purpose; a person's right to see them is one of the few
    reasons for which the two ids meet.
    """
    found = [_rows_of(path, _audit_subjects(project, subject_id)) for path in sorted(scored_folder(project).glob("*.parquet"))]
    frame: pd.DataFrame = pa.concat_tables([SCORED.empty_table(), *found]).to_pandas()
    return frame


def remove_scored(project: Project, subject_id: str) -> int:
    """Remove what every screening said about one person who is erased, and say how many rows went: `subject_id` of the score purpose."""
    removed = 0
    for path in sorted(scored_folder(project).glob("*.parquet")):
        table = read_table(path, SCORED)
        is_theirs = pc.is_in(table["subject_id"], pa.array(_audit_subjects(project, subject_id), pa.string()))
        left = table.filter(pc.invert(is_theirs))
        if len(left) < len(table):
            write_table(path, left, SCORED)
            removed += len(table) - len(left)
    return removed


def _rows_of(path: Path, subjects: list[str]) -> pa.Table:
    table = read_table(path, SCORED)
    return table.filter(pc.is_in(table["subject_id"], pa.array(subjects, pa.string())))


def _audit_subjects(project: Project, subject_id: str) -> list[str]:
    if find_store_manifest(project) is None:
        return []  # nothing was ingested, so nobody was scored
    known = translate_subjects(project, [subject_id], from_purpose="score", to_purpose="audit")
    return [str(one) for one in known["to_subject"]]


def _path(project: Project, screening_id: str) -> Path:
    if not _SAFE.match(screening_id):
        raise DataError("TID410", "a screening's id has letters, digits, dots, dashes and underscores only, at most 100: it names a file.")
    return scored_folder(project) / f"{screening_id}.parquet"
