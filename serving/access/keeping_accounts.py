"""Accounts that somebody at a terminal keeps, where there is no identity provider: add, list, close."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.errors import ReviewError
from serving.access.accounts import create_account, find_account_row
from serving.access.sessions import end_sessions
from serving.auditing import log
from serving.errors import NotFoundError
from serving.roles import ROLES, Role
from serving.settings import Settings
from serving.storage.tables import AccountRow

MIN_PASSWORD = 12
"""Characters. Long and one's own beats short and mixed."""

_TERMINAL = "terminal"
"""Who the log says did it: whoever may read the service's keys and its database."""


@dataclass(frozen=True)
class AccountLine:
    """An account, for a list. Nothing that logs in."""

    login: str
    role: Role
    municipality: str | None
    service: str | None
    comes_from: str
    """``password``, ``demo`` or the identity provider's address."""
    created_at: datetime
    is_closed: bool


@dataclass(frozen=True)
class NewAccount:
    """An account as somebody describes it."""

    login: str
    role: Role
    holder: str
    """The person behind it, under a name that stays the same over all accounts of theirs."""
    municipality: str | None = None
    service: str | None = None
    subject_id: str | None = None


def add_account(session: Session, project: Project, settings: Settings, wanted: NewAccount, *, password: str, now: datetime) -> AccountLine:
    """Add an account that logs in with a password.

    Raises
    ------
    ReviewError
        TID717 when the holder would be both leader and data protection officer, TID734 in production, TID739 when the login is taken, the
        password is too short, or role, municipality, service and person do not fit.
    """
    if settings.env == "prod":
        raise ReviewError("TID734", "passwords are refused in production. Give the role by a claim instead, in access.toml.")
    for problem in _problems(session, project, wanted, password):
        raise ReviewError("TID739", problem)
    row = create_account(
        session,
        login=wanted.login,
        holder=wanted.holder,
        role=wanted.role,
        municipality=wanted.municipality,
        service=wanted.service,
        subject_id=wanted.subject_id,
        password=password,
        now=now,
    )
    details = {"account": row.id, "to": row.role}
    log.record(session, log.Event("account.created", actor=_TERMINAL, role=Role.OPERATOR, details=details), now=now)
    return _line(row)


def list_accounts(session: Session) -> list[AccountLine]:
    """List accounts, those that are closed too, by login."""
    return [_line(row) for row in session.scalars(select(AccountRow).order_by(AccountRow.login))]


def close_account(session: Session, login: str, *, now: datetime) -> AccountLine:
    """Close an account at once: its sessions end, nobody logs in with it any more, and what it did stays under its name.

    What becomes of the cases that it had taken is `serving.cases.leaving`'s to say.

    Raises
    ------
    NotFoundError
        TID710 when no open account has this login.
    """
    row = find_account_row(session, login)
    if row is None:
        raise NotFoundError("account")
    row.closed_at = now
    end_sessions(session, row, now=now, why="account closed")
    log.record(session, log.Event("account.closed", actor=_TERMINAL, role=Role.OPERATOR, details={"account": row.id}), now=now)
    return _line(row)


def _problems(session: Session, project: Project, wanted: NewAccount, password: str) -> Iterator[str]:
    described, places = ROLES[wanted.role], sorted(place.number for place in project.screening.municipality)
    if session.scalar(select(AccountRow.id).where(AccountRow.login == wanted.login)) is not None:
        yield "the login is taken, by an open account or a closed one. Choose another."
    if len(password) < MIN_PASSWORD:
        yield f"the password is too short. Give at least {MIN_PASSWORD} characters."
    if described.has_municipality and wanted.municipality is not None and wanted.municipality not in places:
        yield f"the project has no municipality of this number. Choose of {', '.join(places)}."
    if wanted.service is not None and wanted.service not in {service.code for service in project.services.service}:
        yield "services.toml has no service of this code. Choose one that it names."
    if wanted.role is Role.CITIZEN and wanted.subject_id is None:
        yield "a citizen's account is one person's own. Say whose, with --subject-id."


def _line(row: AccountRow) -> AccountLine:
    comes_from = row.issuer or ("demo" if row.is_demo else "password")
    return AccountLine(row.login, Role(row.role), row.municipality, row.service, comes_from, row.created_at, row.closed_at is not None)
