"""What keeps somebody from being proposed: they are followed up already, or have said no.

Asked twice: of a whole cohort when it is screened, and of one person when their case is opened, since weeks may lie between.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.consents import open_permitted_store
from features.declarations.catalogue import Indicator, Kind, Use
from features.declarations.project import Project
from features.records import PERSONS_PER_PART, day_number
from features.restrictions import check_restrictions_there, restricted_subjects
from features.store import EventStore, find_store_manifest

OBJECTED = "objection"
"""Stands among the codes of `suppressors_now` for an objection, restriction or address protection on record."""


def already_followed(project: Project, store: EventStore, *, as_of: date) -> NDArray[np.int32]:
    """Find the persons who are followed up already: whose last visible record of a suppressor says so on that day."""
    suppressors = _suppressors(project, store)
    if not suppressors:
        return np.empty(0, dtype=np.int32)
    day = day_number(as_of)
    found = [np.empty(0, dtype=np.int32)]
    for part in store.parts():
        records = store.read_part(part, indicators=list(suppressors))
        visible = records.take(records.visible_on(day))
        codes = np.array(store.indicators, dtype=object)[visible.indicator]
        found.append(_in_force(suppressors, visible.person, codes, visible.value)["person"].to_numpy(dtype=np.int32))
    return np.unique(np.concatenate(found))


def suppressors_now(project: Project, subject_id: str, *, on: date) -> tuple[str, ...]:
    """Name what would keep this person from being proposed on a day; empty where nothing does.

    Codes of suppressing indicators whose last visible record is in force, and `OBJECTED`. Reads only the part of the store that holds this
    person. Which code it is may itself be confidential: it is for deciding, not for showing. A person of whom nothing is in the store any
    more, as after an erasure, has no suppressor.

    Raises
    ------
    DataError
        TID456 when the list of restrictions is gone.
    PurposeError
        TID220, TID221 as `features.consents.open_permitted_store`.
    """
    check_restrictions_there(project)
    restricted = (OBJECTED,) if subject_id in restricted_subjects(project, on=on) else ()
    if find_store_manifest(project) is None:  # cases without a store: nobody was ingested here, so nobody is on record as followed up
        return restricted
    store = open_permitted_store(project, "score", on=on)
    subjects = store.subjects()
    persons = subjects.loc[subjects["subject_id"] == subject_id, "person"].to_numpy(dtype=np.int32)
    suppressors = _suppressors(project, store)
    if not len(persons) or not suppressors:
        return restricted
    records = store.read_part(int(persons[0]) // PERSONS_PER_PART, indicators=list(suppressors))
    visible = records.take((records.person == persons[0]) & records.visible_on(day_number(on)))
    codes = np.array([*store.indicators, ""], dtype=object)[visible.indicator]
    return (*sorted(_in_force(suppressors, visible.person, codes, visible.value)["indicator"]), *restricted)


def _suppressors(project: Project, store: EventStore) -> dict[str, Indicator]:
    return {i.code: i for i in project.catalogue.with_use(Use.SUPPRESSOR) if i.code in store.indicators}


def _in_force(
    suppressors: dict[str, Indicator], person: NDArray[np.int32], codes: NDArray[np.object_], value: NDArray[np.float32]
) -> pd.DataFrame:
    """Keep the last record of each person and suppressor, in store order, that does not end it: 0 ends all but a category."""
    last = pd.DataFrame({"person": person, "indicator": codes, "value": value}).drop_duplicates(["person", "indicator"], keep="last")
    ended_by_zero = [code for code, indicator in suppressors.items() if indicator.kind is not Kind.CATEGORY]
    return last[~(last["indicator"].isin(ended_by_zero) & (last["value"] == 0))]
