"""The one way on which a raw identifier leaves intake: handed to a writer, with the subject that it stands for.

Who may import this is an import contract (`pyproject.toml`). Nothing is kept here, and nobody with a strictly confidential address is ever
among them (R-08).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from features.declarations.project import Project
from features.errors import DataError
from features.intake.mapping import load_mapping
from features.intake.pseudonyms import pseudonyms_of
from features.intake.register import read_register
from features.keys import KeyRing
from features.store import find_store_manifest, store_folder


def hand_over_identities(
    project: Project,
    *,
    keys: KeyRing,
    environ: Mapping[str, str],
    now: datetime,
    write: Callable[[str, str], None],
    only: str | None = None,
) -> int:
    """Give a writer each subject id of the score purpose with its raw identifier, and say how many.

    Parameters
    ----------
    keys
        With the score purpose's key: an identifier is matched to its subject by the pseudonym that this key makes of it.
    write
        Takes subject id and raw identifier.
    only
        One subject id; nobody else is handed over then.

    Raises
    ------
    DataError
        TID402 nothing has been ingested, TID405 the mapping does not read.
    PurposeError
        TID203 a key is missing, TID208 it is not the mapping's.
    IntakeError
        What reading the persons sources raises.
    """
    manifest = find_store_manifest(project)
    if manifest is None or manifest.mapping is None:
        raise DataError("TID402", f"{store_folder(project)} holds nothing yet. Run `tidlig ingest` first.")
    mapping = load_mapping(store_folder(project) / manifest.mapping)
    mapping.check_keys(keys)
    rows = mapping.of("score")
    subjects = {p: s for p, s in zip(rows["pseudonym"], rows["subject_id"], strict=True) if only is None or s == only}
    raw = read_register(project, environ=environ, now=now).people["raw"].tolist()
    count = 0
    for one, pseudonym in zip(raw, pseudonyms_of(raw, keys.get_key("score"), synthetic=project.is_synthetic), strict=True):
        if pseudonym in subjects:
            write(str(subjects[pseudonym]), one)
            count += 1
    return count
