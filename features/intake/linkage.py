"""The one door to the mapping beside ingest.

Subjects of two purposes can't be joined anywhere else. Only these may come through here, each for something the law asks: restrictions and
consents (what somebody said of scoring or training is kept on one subject), audit (the fairness job), scored and followup (what lives on
for outcome monitoring, R-25; a person's own report and their erasure too), and what an authorised person asked for by pseudonym: an
explanation, a report, an erasure.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.declarations.project import Project
from features.errors import DataError
from features.intake.mapping import load_mapping
from features.intake.pseudonyms import LENGTH, SYNTHETIC_PREFIX
from features.manifest import StorePurpose
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
        TID402 when nothing has been ingested, TID405 when the mapping does not read.
    """
    path = _mapping_path(project)
    source, target = (read_links(path, purpose) for purpose in (from_purpose, to_purpose))
    asked = pa.array(subject_ids, pa.string())
    in_source = pc.index_in(asked, source["subject_id"].combine_chunks())
    in_target = pc.index_in(source["link"].take(in_source), target["link"].combine_chunks())
    found = pc.is_valid(in_target)
    rows = target.take(in_target.filter(found))
    return pd.DataFrame(
        {
            "from_subject": asked.filter(found).to_numpy(zero_copy_only=False),
            "to_subject": rows["subject_id"].to_numpy(),
            "to_person": rows["person"].to_numpy(),
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


def read_links(path: Path, purpose: StorePurpose) -> pa.Table:
    """Read subject_id, person and link of one purpose from a mapping file; columns only, since a nation has millions of rows.

    Raises
    ------
    DataError
        TID405 when it does not read.
    """
    try:
        table = pq.read_table(path, columns=["purpose", "subject_id", "person", "link"], partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise DataError("TID405", f"{path} does not read as the store's mapping. Restore `var/store` from a backup.") from error
    return table.filter(pc.equal(table["purpose"], purpose)).select(["subject_id", "person", "link"])


def _rows(project: Project) -> pd.DataFrame:
    return load_mapping(_mapping_path(project)).rows


def _mapping_path(project: Project) -> Path:
    manifest = find_store_manifest(project)
    if manifest is None or manifest.mapping is None:
        raise DataError("TID402", f"{store_folder(project)} holds nothing yet. Run `tidlig ingest` first.")
    return store_folder(project) / manifest.mapping
