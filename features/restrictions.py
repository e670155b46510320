"""The table of restrictions, which the review service gives to the lower rooms.

Serving writes it whole; intake, cohort and monitoring read it. An objection or a restriction on the score purpose's subject holds for
every purpose (R-22, R-36).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.declarations.project import Project
from features.errors import DataError
from features.exchange import as_table, read_table, write_table
from features.exchanged import RESTRICTIONS, restrictions_path
from features.intake.linkage import translate_subjects
from features.manifest import StorePurpose
from features.store import find_store_manifest

RestrictionKind = Literal["objection", "restriction", "consent_withdrawn", "address_protection"]
KINDS: tuple[RestrictionKind, ...] = ("objection", "restriction", "consent_withdrawn", "address_protection")


def read_restrictions(project: Project) -> pd.DataFrame:
    """Read every restriction ever registered; empty, with its columns, where there is none."""
    return _frame(read_table(restrictions_path(project), RESTRICTIONS))


def write_restrictions(project: Project, table: pd.DataFrame | pa.Table) -> None:
    """Replace the table of restrictions.

    Raises
    ------
    DataError
        TID408 when a column is missing, unknown or of the wrong type; TID409 when a kind is not known.
    """
    arrow = as_table(table, RESTRICTIONS)
    unknown = pc.sum(pc.invert(pc.is_in(arrow["kind"], pa.array(KINDS)))).as_py() or 0 if "kind" in arrow.column_names else 0
    if unknown:
        raise DataError("TID409", f"{unknown} restrictions are of a kind that is not known. Expected {', '.join(KINDS)}.")
    write_table(restrictions_path(project), arrow, RESTRICTIONS)


def check_restrictions_there(project: Project) -> None:
    """Refuse to go on when people have been loaded and the list of those who objected is gone (R-36).

    Raises
    ------
    DataError
        TID456.
    """
    if find_store_manifest(project) is not None and not restrictions_path(project).is_file():
        raise DataError(
            "TID456",
            f"{restrictions_path(project)} is gone: nobody knows who has objected. Restore it from a backup. Nothing is computed without "
            "it (R-36).",
        )


def restricted_subjects(project: Project, *, on: date, kinds: Sequence[RestrictionKind] = KINDS) -> tuple[str, ...]:
    """Return subject ids of the score purpose that a restriction of these kinds covers on this day, each once."""
    frame = read_restrictions(project)
    open_end = frame["valid_to"].isna()
    in_force = (frame["valid_from"] <= on) & (open_end | (frame["valid_to"].where(~open_end, on) >= on)) & frame["kind"].isin(kinds)
    return tuple(dict.fromkeys(frame.loc[in_force, "subject_id"]))


def restricted_persons(project: Project, purpose: StorePurpose, *, on: date, kinds: Sequence[RestrictionKind] = KINDS) -> NDArray[np.int32]:
    """Return the purpose's person codes that a restriction of these kinds covers on this day, sorted.

    Restrictions are registered on subjects of the score purpose and hold for `train` and `audit` as well.

    Raises
    ------
    DataError
        TID402 when there are restrictions but nothing has been ingested, TID456 when the list is gone.
    """
    check_restrictions_there(project)
    subjects = restricted_subjects(project, on=on, kinds=kinds)
    if not subjects:
        return np.empty(0, dtype=np.int32)
    found = translate_subjects(project, subjects, from_purpose="score", to_purpose=purpose)
    return np.unique(found["to_person"].to_numpy(np.int32))


def _frame(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas()
    return frame
