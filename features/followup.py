"""What became of people who were screened: their matured outcomes, for outcome monitoring under the audit purpose (R-25).

Outcomes are read from the train store with the very definition that labels have. They go back to the caller as a column beside the scored
rows, and from there as aggregates only; reviews are never among them (R-37).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort import Cohort
from features.consents import open_permitted_store
from features.declarations.outcomes import Outcome
from features.declarations.project import Project
from features.intake.linkage import translate_subjects
from features.outcomes import label_rows
from features.restrictions import restricted_persons


def matured_outcomes(project: Project, scored: pd.DataFrame, outcome: Outcome, *, on: date) -> NDArray[np.float64]:
    """Read the outcome of each scored row, as far as it is known on a day.

    Parameters
    ----------
    scored
        Rows of `features.scored.read_scored`: `subject_id` of the audit purpose, `stage` and `as_of`.
    on
        Both the day on which the audit purpose has to be valid and the last day a record may have become known.

    Returns
    -------
    numpy.ndarray
        1.0 with the outcome, 0.0 without, NaN where it is not known, excluded, or the person is not in the train store or has objected;
        shape (n_rows,).

    Raises
    ------
    PurposeError
        TID201, TID202: no audit purpose is valid on this day.
    DataError
        TID402 nothing has been ingested, and all of `label_rows`.
    """
    project.check_purpose("audit", on=on)
    known = translate_subjects(project, scored["subject_id"].unique().tolist(), from_purpose="audit", to_purpose="train")
    persons = scored["subject_id"].map(dict(zip(known["from_subject"], known["to_person"], strict=True)))
    label = np.full(len(scored), np.nan, dtype=np.float64)
    persons = persons.mask(persons.isin(restricted_persons(project, "train", on=on)))
    place = np.flatnonzero(persons.notna().to_numpy())
    if not len(place):
        return label
    rows = pd.DataFrame({"person": persons.iloc[place].to_numpy(np.int32), "as_of": scored["as_of"].iloc[place].to_numpy(), "place": place})
    rows = rows.sort_values(["person", "as_of"], ignore_index=True)
    store = open_permitted_store(project, "train", on=on)
    found = label_rows(project, store, Cohort(str(scored["stage"].iloc[0]), rows), outcome, known_by=on)
    label[rows["place"].to_numpy()] = found["label"].to_numpy(dtype=np.float64)
    return label
