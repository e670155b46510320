"""What a running service does by itself, at its start and every quarter of an hour: nothing that decides anything about a person."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from features.declarations.project import Project
from features.errors import ScreeningError
from serving.aggregates.planning import tell_due_periods
from serving.cases.expiry import expire_overdue
from serving.cases.leaving import release_left
from serving.cases.overdue import remind_and_escalate
from serving.cases.shielding import find_graded, shield_graded
from serving.http.dependencies import Clock
from serving.http.idempotency import forget_old_calls
from serving.identities.forgetting import forget_erased
from serving.identities.vault import IdentityVault
from serving.operation.metrics import Metrics
from serving.persons.store_clearing import clear_erased
from serving.scoring.deployed import DeployedModels
from serving.screening.scored_ends import purge_ended_scores
from serving.screening.stopping import suspend_by_findings
from serving.storage.database import Database

_log = logging.getLogger(__name__)

LOOK_SECONDS = 900.0
"""How often a running service looks for cases past their deadline (R-25)."""


def look(database: Database, project: Project, clock: Clock, metrics: Metrics, vault: IdentityVault | None = None) -> None:
    """Do all that waits for nobody: end what is past its time, remind, free what somebody left, shield, stop, tell planners of a quarter.

    Raises
    ------
    SQLAlchemyError, ScreeningError
        When the database is not there or does not let it; counted as failed.
    """
    try:
        with database.transaction() as session:
            expire_overdue(session, project, now=clock())
            release_left(session, project, now=clock())
            remind_and_escalate(session, project, now=clock())
            forget_old_calls(session, now=clock())
        purge_ended_scores(database, project, now=clock())
        with database.reading() as session:
            graded = find_graded(session, project)  # reads the store: nobody waits to write meanwhile
        with database.transaction() as session:
            shield_graded(session, project, graded=graded, now=clock())
            suspend_by_findings(session, project, now=clock())
        with database.reading() as session:
            tell_due_periods(session, project, now=clock())
        forget_erased(database, vault)
        clear_erased(database, project, now=clock())
    except (SQLAlchemyError, ScreeningError):
        metrics.expiry_runs.labels("failed").inc()
        raise
    metrics.expiry_runs.labels("done").inc()


def warm_up(models: DeployedModels) -> None:
    """Load the models that serve, so that the first who asks does not wait for it; one that can't be loaded is for readiness to tell."""
    try:
        models.check_all()
    except ScreeningError:
        _log.exception("a model that should serve can't be loaded; see /health/ready")


async def look_now_and_then(
    database: Database, project: Project, clock: Clock, metrics: Metrics, vault: IdentityVault | None, stopping: asyncio.Event
) -> None:
    """Look until the service stops; one that fails is in the server's log, and the next comes all the same."""
    while not stopping.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), LOOK_SECONDS)
            return
        try:
            await asyncio.to_thread(look, database, project, clock, metrics, vault)
        except (SQLAlchemyError, ScreeningError):
            _log.exception("looking for what is past its time failed; trying again in %s seconds", LOOK_SECONDS)
