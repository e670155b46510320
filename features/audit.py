"""Audit attributes, for the fairness job alone (R-10): separate store, separate key, joined here and given out by group only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from features.consents import open_permitted_store
from features.declarations.catalogue import Indicator, Sector
from features.declarations.project import Project
from features.errors import DataError
from features.intake.checks import stored_levels
from features.intake.linkage import translate_subjects
from features.manifest import StorePurpose
from features.records import day_number
from features.restrictions import restricted_persons
from features.store import EventStore

UNKNOWN = "unknown"


def audit_groups(project: Project, subject_ids: Sequence[str], *, purpose: StorePurpose, on: date) -> pd.DataFrame:
    """Say for each subject which level of every declared fairness group was last known on a day.

    Parameters
    ----------
    subject_ids
        Subjects of `purpose`.
    on
        Both the day on which the audit purpose has to be valid and the last day a record may have become known.

    Returns
    -------
    pandas.DataFrame
        subject_id, and a column of level texts for each key of `screening.groups`; ``"unknown"`` where there is no record, or none that may
        be used: the person objected, or the group needs a consent that is not there. One row for each id, in the order given.

    Raises
    ------
    PurposeError
        TID201, TID202: no audit purpose is valid on this day. TID220, TID221: a group needs consent, and there is no list of consents.
    DataError
        TID402 nothing has been ingested, TID411 a group's indicator is switched off.

    Notes
    -----
    A group whose indicator stands in the train and score stores (`benchmark_only`) is read from there; all others
    come from the audit store. The result stays inside the fairness job: only aggregates leave it.
    """
    project.check_purpose("audit", on=on)
    frame = pd.DataFrame({"subject_id": list(subject_ids)})
    for name, code in project.screening.groups.items():
        frame[name] = _levels(project, frame["subject_id"], code, purpose, on)
    return frame


def _levels(project: Project, subject_ids: pd.Series, code: str, purpose: StorePurpose, on: date) -> pd.Series:
    indicator = project.catalogue.indicators.get(code)
    if indicator is None:
        raise DataError("TID411", f"the group indicator {code} is switched off in {project.root / 'indicators'}. Switch its sector on.")
    home = _home(project, code, purpose)
    by_person = _last_known(open_permitted_store(project, home, on=on), indicator, on)
    persons = _persons(project, subject_ids, purpose, home)
    persons = persons.mask(persons.isin(restricted_persons(project, home, on=on)))
    return persons.map(by_person).astype(object).where(lambda column: column.notna(), UNKNOWN)


def _home(project: Project, code: str, purpose: StorePurpose) -> StorePurpose:
    """Store that has an attribute; who was screened is found in the score store, whatever purpose names them."""
    if project.catalogue.sector_of(code) is Sector.AUDIT:
        return "audit"
    return "score" if purpose == "audit" else purpose


def _persons(project: Project, subject_ids: pd.Series, purpose: StorePurpose, home: StorePurpose) -> pd.Series:
    """Person code in the store that has the attribute, NaN where there is none."""
    known = translate_subjects(project, subject_ids.unique().tolist(), from_purpose=purpose, to_purpose=home)
    return subject_ids.map(dict(zip(known["from_subject"], known["to_person"], strict=True)))


def _last_known(store: EventStore, indicator: Indicator, on: date) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in store.parts():
        records = store.read_part(part, indicators=[indicator.code])
        records = records.take(records.visible_on(day_number(on)) & ~np.isnan(records.value))
        texts = _texts(records.value, indicator)
        found |= dict(zip(records.person.tolist(), texts, strict=True))
    return found


def _texts(values: np.ndarray[tuple[int], np.dtype[np.float32]], indicator: Indicator) -> list[str]:
    text_of = {number: text for text, number in stored_levels(indicator).items()}
    return [text_of.get(value) or f"{value:g}" for value in values.tolist()]
