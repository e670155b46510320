"""How long what a screening said lives on, and its end (R-25).

Scored rows serve one thing: to see, under the audit purpose, whether the model was right and fair once it is known how people fared. So
they go when that can have been seen, and when no audit purpose covers them any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.declarations.project import Project
from features.exchange import read_table, write_table
from features.exchanged import SCORED, scored_folder
from features.manifest import flush_folder
from features.outcomes import may_still_come, outcome_at
from features.records import day_number

RENEWAL_DAYS = 30
"""So long rows outlast the last audit purpose, which nobody may read them under: a renewal that comes late does not cost what can't be had
again."""

_KIND = ["stage", "outcome", "as_of"]


@dataclass(frozen=True)
class PurgedScored:
    """What was purged, in numbers."""

    n_screenings: int
    n_rows: int


def purge_scored(project: Project, *, on: date, screened: Mapping[str, date]) -> PurgedScored:
    """Remove scored rows that have served their purpose, and say how many; a screening of which nothing is left loses its file.

    Parameters
    ----------
    on
        Today.
    screened
        Screening's id -> the day on which it was run: one over a date long past is kept as long after that as any other.

    Notes
    -----
    Where no audit purpose is declared at all nothing says when it ended, and nothing is removed: a purpose that ends is given its last day.
    """
    n_screenings = n_rows = 0
    for path in sorted(scored_folder(project).glob("*.parquet")):
        table = read_table(path, SCORED)
        left = table.filter(_is_kept(project, table, on=on, screened_on=screened.get(path.stem)))
        if len(left) < len(table):
            _replace(path, left)
            n_screenings, n_rows = n_screenings + 1, n_rows + len(table) - len(left)
    return PurgedScored(n_screenings, n_rows)


def is_over(project: Project, stage: str, outcome: str, as_of: date, *, on: date, screened_on: date | None) -> bool:
    """Answer whether rows of a stage, outcome and as-of date have served their purpose.

    An outcome that the project no longer declares has no horizon: its rows go with the audit purpose.
    """
    last_days = [purpose.valid_to for purpose in project.screening.purpose if purpose.kind == "audit"]
    if last_days and max(last_days) + timedelta(days=RENEWAL_DAYS) < on:
        return True
    known_by = on - timedelta(days=project.screening.retention.scored_days + 1)
    declared = project.outcomes.get(outcome)
    if declared is None or not last_days or (screened_on is not None and screened_on > known_by):
        return False
    day = np.array([day_number(as_of)], dtype=np.int32)
    return not bool(may_still_come(outcome_at(project, stage, declared), day, known_by=known_by)[0])


def _is_kept(project: Project, table: pa.Table, *, on: date, screened_on: date | None) -> pa.Array:
    over = pa.array(np.zeros(len(table), dtype=bool))
    for kind in table.select(_KIND).group_by(_KIND).aggregate([]).to_pylist():
        if is_over(project, kind["stage"], kind["outcome"], kind["as_of"], on=on, screened_on=screened_on):
            over = pc.or_(over, _is_of(table, kind))
    return pc.invert(over)


def _is_of(table: pa.Table, kind: Mapping[str, str | date]) -> pa.Array:
    found = pa.array(np.ones(len(table), dtype=bool))
    for name, value in kind.items():
        found = pc.and_(found, pc.equal(table[name].combine_chunks(), pa.scalar(value, SCORED.field(name).type)))
    return found


def _replace(path: Path, left: pa.Table) -> None:
    if len(left):
        write_table(path, left, SCORED)
        return
    path.unlink()
    flush_folder(path.parent)
