"""The records of people who were erased leave the store too, however often a source delivers them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from features.declarations.project import Project
from features.errors import IntakeError
from features.intake.clearing import clear_records
from serving.aggregates.overview import or_none
from serving.auditing import log
from serving.cases.expiry import SYSTEM
from serving.storage.database import Database
from serving.storage.tables import PersonKeyRow

_INGEST_IS_RUNNING = "TID317"


def clear_erased(database: Database, project: Project, *, now: datetime) -> int:
    """Take the records of everybody who was erased out of the store, log how many there were, and say so.

    While an ingest is running nothing is done: it would write them back, and the next look comes.
    """
    with database.reading() as session:
        erased = session.scalars(select(PersonKeyRow.subject_id).where(PersonKeyRow.erased_at.is_not(None))).all()
    try:
        n_rows = clear_records(project, erased)
    except IntakeError as error:
        if error.code != _INGEST_IS_RUNNING:
            raise
        return 0
    if n_rows:
        details = {"n_rows": or_none(n_rows)}
        with database.transaction() as session:
            log.record(session, log.Event("store.cleared", actor=SYSTEM, role=SYSTEM, details=details), now=now)
    return n_rows
