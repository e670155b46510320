"""Which place a person belonged to on the as-of date, for asking whether visiting places would do: in memory, and out as aggregates.

A place that only audit may see, such as a school, is read from the audit store under the audit purpose, and only what was known on the
as-of date counts: the school that somebody went to later would tell how things went.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.consents import open_permitted_store
from features.declarations.catalogue import Sector
from features.declarations.project import Project
from features.errors import DataError
from features.intake.linkage import translate_subjects
from features.manifest import StorePurpose
from features.restrictions import restricted_persons

Vector = NDArray[np.float64]


def places_on(project: Project, code: str, *, subject_ids: NDArray[np.str_], as_of: NDArray[np.int32], on: date) -> Vector:
    """Give the number of each row's place as it was known on the row's as-of date, NaN where it was not, shape (n_rows,).

    Parameters
    ----------
    subject_ids
        Subjects of the training store, shape (n_rows,).
    as_of
        Days since 1970, shape (n_rows,).
    on
        Today: the purpose has to be valid, and objections of that day apply.

    Raises
    ------
    PurposeError
        TID201, TID202: no audit purpose is valid, where the indicator is an audit one.
    DataError
        TID454 when the indicator is switched off or not declared.
    """
    if code not in project.catalogue.indicators:
        raise DataError(
            "TID454",
            f"`places` in [training] names {code}, which is not declared or is switched off in {project.root / 'indicators'}. "
            "Switch its sector on, or take it out of `places`.",
        )
    home: StorePurpose = "audit" if project.catalogue.sector_of(code) is Sector.AUDIT else "train"
    project.check_purpose(home, on=on)
    rows = pd.DataFrame(
        {"person": _persons(project, subject_ids, home, on=on), "as_of": as_of.astype(np.int64), "row": np.arange(len(as_of))}
    )
    return _last_before(rows, _records(project, code, home, on=on))


def _persons(project: Project, subject_ids: NDArray[np.str_], home: StorePurpose, *, on: date) -> NDArray[np.int64]:
    """Person code in the store that has the indicator; -1 where there is none, or where the person objected."""
    known = translate_subjects(project, np.unique(subject_ids).tolist(), from_purpose="train", to_purpose=home)
    code_of = dict(zip(known["from_subject"], known["to_person"], strict=True))
    persons = np.array([code_of.get(str(one), -1) for one in subject_ids], dtype=np.int64)
    return np.where(np.isin(persons, list(restricted_persons(project, home, on=on))), -1, persons)


def _records(project: Project, code: str, home: StorePurpose, *, on: date) -> pd.DataFrame:
    store = open_permitted_store(project, home, on=on)
    parts = [store.read_part(part, indicators=[code]) for part in store.parts()]
    columns = ("person", "value", "happened_on", "known_on", "known_to")
    frame = pd.DataFrame({name: np.concatenate([getattr(one, name) for one in parts] or [np.empty(0)]) for name in columns})
    return frame[frame["value"].notna()]


def _last_before(rows: pd.DataFrame, records: pd.DataFrame) -> Vector:
    """Value of the newest record of each row's person that was known, and not yet superseded, on the row's as-of date."""
    met = rows.merge(records, on="person")
    visible = met[(met["known_on"] <= met["as_of"]) & (met["happened_on"] <= met["as_of"]) & (met["known_to"] > met["as_of"])]
    newest = visible.sort_values(["row", "happened_on", "known_on"], kind="stable").groupby("row")["value"].last()
    found = np.full(len(rows), np.nan)
    found[newest.index.to_numpy(dtype=np.intp)] = newest.to_numpy(dtype=np.float64)
    return found
