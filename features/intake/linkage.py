"""The one door to the mapping beside ingest.

Subjects of two purposes can't be joined anywhere else. Only these may come through here, each for something the law asks: restrictions and
consents (what somebody said of scoring or training is kept on one subject), audit (the fairness job), scored and followup (what lives on for
outcome monitoring, R-25), and the explanation that an authorised person asked for by pseudonym.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from features.errors import DataError
from features.intake.mapping import load_mapping
from features.intake.pseudonyms import LENGTH, SYNTHETIC_PREFIX
from features.manifest import StorePurpose
from features.project import Project
from features.store import find_store_manifest, store_folder


def translate_subjects(
    project: Project, subject_ids: Sequence[str], *, from_purpose: StorePurpose, to_purpose: StorePurpose
) -> pd.DataFrame:
    """Translate subject ids of one purpose into those of another.

    Returns
    -------
    pandas.DataFrame
        from_subject, to_subject and to_person; one row for each id that both purposes have, in the order given.

    Raises
    ------
    DataError
        TID402 when nothing has been ingested.
    """
    rows = _rows(project)
    source = rows[rows["purpose"] == from_purpose].set_index("subject_id")["link"]
    target = rows[rows["purpose"] == to_purpose].set_index("link")[["subject_id", "person"]]
    known = pd.Index(subject_ids)[pd.Index(subject_ids).isin(source.index)]
    frame = pd.DataFrame({"from_subject": known, "link": source.loc[known].to_numpy()})
    frame = frame[frame["link"].isin(target.index)]
    found = target.loc[frame["link"]]
    return pd.DataFrame(
        {
            "from_subject": frame["from_subject"].to_numpy(),
            "to_subject": found["subject_id"].to_numpy(),
            "to_person": found["person"].to_numpy("int32"),
        }
    )


def resolve_pseudonym(project: Project, pseudonym: str, *, purpose: StorePurpose) -> str:
    """Return the subject id behind a pseudonym that an authorised person has typed.

    Raises
    ------
    DataError
        TID406 when it does not have a pseudonym's form or is nobody's; the message does not repeat what was typed.
    """
    text = pseudonym.strip().upper()
    rows = _rows(project)
    found = rows[(rows["purpose"] == purpose) & (rows["pseudonym"] == text)]
    if len(found) != 1:
        form = f"{SYNTHETIC_PREFIX if project.is_synthetic else ''}{LENGTH} letters and digits"
        raise DataError("TID406", f"nobody in the {purpose} store has this pseudonym. Expected {form}, of the {purpose} purpose.")
    return str(found["subject_id"].iloc[0])


def pseudonyms_for(project: Project, subject_ids: Sequence[str], *, purpose: StorePurpose) -> pd.DataFrame:
    """Return subject_id and pseudonym of these subjects; for synthetic and public data, where somebody has to know what to type.

    Raises
    ------
    DataError
        TID407 when the project holds real data.
    """
    if project.screening.project.data == "real":
        raise DataError("TID407", f"{project.root} holds real data: its pseudonyms stay with intake.")
    rows = _rows(project)
    mine = rows[(rows["purpose"] == purpose) & rows["subject_id"].isin(list(subject_ids))]
    return mine[["subject_id", "pseudonym"]].reset_index(drop=True)


def _rows(project: Project) -> pd.DataFrame:
    manifest = find_store_manifest(project)
    if manifest is None or manifest.mapping is None:
        raise DataError("TID402", f"{store_folder(project)} holds nothing yet. Run `tidlig ingest` first.")
    return load_mapping(store_folder(project) / manifest.mapping).rows
