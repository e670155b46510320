"""The end of what screenings said of everybody, once it has served outcome monitoring (R-25)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from features.declarations.project import Project
from features.scored_retention import PurgedScored, purge_scored
from serving.aggregates.overview import or_none
from serving.auditing import log
from serving.cases.expiry import SYSTEM
from serving.storage.database import Database
from serving.storage.tables import ScreeningRow


def purge_ended_scores(database: Database, project: Project, *, now: datetime) -> PurgedScored:
    """Remove scored rows whose purpose is over, and log how many; small numbers are hidden (R-09).

    The files are read and replaced outside the transaction that tells of it: nobody waits to write meanwhile.
    """
    with database.reading() as session:
        screened = {row.id: row.screened_at.date() for row in session.scalars(select(ScreeningRow))}
    purged = purge_scored(project, on=now.date(), screened=screened)
    if purged.n_rows:
        details = {"n_screenings": purged.n_screenings, "n_rows": or_none(purged.n_rows)}
        with database.transaction() as session:
            log.record(session, log.Event("scored.purged", actor=SYSTEM, role=SYSTEM, details=details), now=now)
    return purged
