"""What one screening said about everybody, under the audit purpose: outcome monitoring needs it when the cases are long gone (R-25)."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa

from features.declarations.project import Project
from features.errors import DataError
from features.exchange import read_table, write_table
from features.exchanged import SCORED, scored_folder
from features.intake.linkage import translate_subjects
from features.restrictions import check_restrictions_there, restricted_subjects

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


def _path(project: Project, screening_id: str) -> Path:
    if not _SAFE.match(screening_id):
        raise DataError("TID410", "a screening's id has letters, digits, dots, dashes and underscores only, at most 100: it names a file.")
    return scored_folder(project) / f"{screening_id}.parquet"
