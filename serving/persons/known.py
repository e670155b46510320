"""Whether anything at all is known of a subject id."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.errors import ReviewError
from features.intake.linkage import translate_subjects
from features.store import find_store_manifest
from serving.storage.tables import CaseRow, PersonKeyRow


def check_known(session: Session, project: Project, subject_id: str) -> None:
    """Refuse a subject id that neither the store nor the service knows: a slip of the pen would look like somebody without records.

    Raises
    ------
    ReviewError
        TID751.
    """
    has_case = session.scalar(select(CaseRow.id).where(CaseRow.subject_id == subject_id).limit(1)) is not None
    if has_case or session.get(PersonKeyRow, subject_id) is not None or is_stored(project, subject_id):
        return
    raise ReviewError("TID751", "neither the score store nor the service knows this subject id. Check it; it has 32 hex digits.")


def is_stored(project: Project, subject_id: str) -> bool:
    """Answer whether the score store has this subject."""
    manifest = find_store_manifest(project)
    if manifest is None or manifest.mapping is None:
        return False
    return len(translate_subjects(project, [subject_id], from_purpose="score", to_purpose="score")) == 1
