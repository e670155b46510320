"""Incidents of models in use, from the login: the same book as `tidlig incidents`, the role taken from the account and each step logged.

Whoever answers for reports may open one. What follows is taken by the role that the incident names as responsible, and by the controller,
who answers for all processing (GDPR article 33).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from features.declarations.project import Project
from features.errors import ReviewError
from features.roles import Responsible
from monitoring.incidents import steps
from monitoring.incidents.book import read_incidents
from monitoring.incidents.clocks import Duty, Harm
from monitoring.incidents.pages import write_incident_pages
from monitoring.incidents.record import Incident
from serving.access.accounts import Account
from serving.access.desk import Desk
from serving.access.permissions import Action, can, check_may
from serving.auditing import log
from serving.errors import NotFoundError
from serving.roles import Role


def list_incidents(account: Account, project: Project, *, now: datetime) -> list[Incident]:
    """List incidents: overdue ones first, then open ones, newest first.

    Raises
    ------
    NotAllowedError
        TID712.
    LedgerError
        TID801 to TID805 when the incidents' book does not verify.
    """
    check_may(account, Action.SEE_REPORTS)
    newest_first = sorted(read_incidents(project), key=lambda one: one.id, reverse=True)
    return sorted(newest_first, key=lambda one: (not one.overdue(now), not one.is_open))


def get_incident(account: Account, project: Project, incident: str) -> Incident:
    """Return one incident.

    Raises
    ------
    NotFoundError
        TID710.
    NotAllowedError, LedgerError
        As `list_incidents`.
    """
    check_may(account, Action.SEE_REPORTS)
    found = next((one for one in read_incidents(project) if one.id == incident), None)
    if found is None:
        raise NotFoundError("incident")
    return found


def answers_for(account: Account, incident: Incident) -> bool:
    """Answer whether this account takes the steps of an incident."""
    return can(account, Action.HANDLE_INCIDENTS) and account.role.value in (incident.responsible, Role.CONTROLLER.value)


def open_incident(desk: Desk, *, model: str, what: str) -> Incident:
    """Open an incident that somebody noticed.

    Raises
    ------
    NotAllowedError
        TID712.
    DataError
        As `monitoring.incidents.steps.open_by_hand`.
    """
    check_may(desk.account, Action.HANDLE_INCIDENTS)
    return _done(desk, "incident.opened", lambda role: steps.open_by_hand(desk.project, model=model, what=what, role=role, now=desk.now))


def assess(
    desk: Desk, incident: str, *, breach: Literal["no", "possible"], harm: Harm, why: str, aware_at: datetime | None = None
) -> Incident:
    """Say whether it may be a breach of personal data and whether it is a serious incident.

    Raises
    ------
    ReviewError
        TID712, TID710, TID776 where another role answers for it.
    DataError
        As `monitoring.incidents.steps.assess`.
    """
    return _step(
        desk,
        incident,
        "incident.assessed",
        lambda role: steps.assess(desk.project, incident, breach=breach, harm=harm, why=why, role=role, now=desk.now, aware_at=aware_at),
    )


def notify(desk: Desk, incident: str, *, duty: Duty, reference: str, at: datetime | None = None) -> Incident:
    """Note that an authority was told. Nobody is told by this.

    Raises
    ------
    ReviewError, DataError
        As `assess`.
    """
    return _step(
        desk,
        incident,
        "incident.notified",
        lambda role: steps.notify(desk.project, incident, duty=duty, reference=reference, role=role, now=desk.now, at=at),
    )


def decline(desk: Desk, incident: str, *, duty: Duty, why: str) -> Incident:
    """Note why an authority need not be told.

    Raises
    ------
    ReviewError, DataError
        As `assess`.
    """
    return _step(
        desk,
        incident,
        "incident.not_notifiable",
        lambda role: steps.decline(desk.project, incident, duty=duty, why=why, role=role, now=desk.now),
    )


def close(desk: Desk, incident: str, *, done: str) -> Incident:
    """Close an incident with what was done.

    Raises
    ------
    ReviewError, DataError
        As `assess`.
    """
    return _step(desk, incident, "incident.closed", lambda role: steps.close(desk.project, incident, done=done, role=role, now=desk.now))


def _step(desk: Desk, incident: str, action: str, take: Callable[[Responsible], Incident]) -> Incident:
    check_may(desk.account, Action.HANDLE_INCIDENTS)
    found = get_incident(desk.account, desk.project, incident)
    if not answers_for(desk.account, found):
        raise ReviewError(
            "TID776",
            f"{incident} is answered for by {found.responsible}, and by {Role.CONTROLLER}; {desk.account.role} reads it. "
            "Ask one of them to take the step.",
        )
    return _done(desk, action, take)


def _done(desk: Desk, action: str, take: Callable[[Responsible], Incident]) -> Incident:
    """Take a step in the book and log it: the log's writers' turn is held already, so that the order is the same for everybody."""
    taken = take(_responsible(desk.account.role))
    event = log.Event(action, desk.account.id, desk.account.role, details={"incident": taken.id, "model": taken.model})
    log.record(desk.session, event, now=desk.now)
    write_incident_pages(desk.project, now=desk.now)
    return taken


def _responsible(role: Role) -> Responsible:
    """Name the role as the book does; the matrix lets no role handle incidents that has nothing to answer for."""
    return Responsible(role.value)
