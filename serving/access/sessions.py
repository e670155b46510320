"""Logins: in, seen, out. A session's token is random, and only its digest is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.errors import ReviewError
from serving.access.accounts import Account, account_of, check_demo_allowed, find_account_row, is_password
from serving.auditing import log
from serving.errors import NotLoggedInError
from serving.roles import Role
from serving.settings import Settings
from serving.storage.database import Database
from serving.storage.tables import AccountRow, SessionRow

_SEEN_EVERY = timedelta(minutes=1)
"""A session's last use is written at most this often: reading a page should not be a write to the database each time."""

_NOBODY = f"scrypt$16384$8$1${'00' * 16}${'00' * 32}"
"""Checked when the login is unknown, so that an unknown login takes as long as a wrong password; nothing hashes to it."""


@dataclass
class LoginThrottle:
    """Counts failed logins per account and per address, in memory.

    A count is kept per process and lost at restart; it slows guessing, it does not lock anybody out for good.
    """

    attempts: int
    wait: timedelta
    _failed: dict[str, deque[datetime]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def check(self, *names: str, now: datetime) -> None:
        """Refuse a login where there were too many failures lately.

        Raises
        ------
        ReviewError
            TID715.
        """
        with self._lock:
            if any(len(self._recent(name, now)) >= self.attempts for name in names):
                raise ReviewError("TID715", "too many failed logins. Wait a few minutes, then try again.")

    def failed(self, *names: str, now: datetime) -> None:
        """Count a failed login."""
        with self._lock:
            for name in names:
                self._recent(name, now).append(now)

    def _recent(self, name: str, now: datetime) -> deque[datetime]:
        times = self._failed.setdefault(name, deque(maxlen=self.attempts))
        while times and times[0] <= now - self.wait:
            times.popleft()
        return times


def build_throttle(settings: Settings) -> LoginThrottle:
    """Make the throttle that the settings ask for."""
    return LoginThrottle(settings.login_attempts, timedelta(minutes=settings.login_wait_minutes))


def log_in(
    database: Database,
    *,
    login: str,
    password: str,
    address: str,
    project: Project,
    settings: Settings,
    throttle: LoginThrottle,
    now: datetime,
    previous: str | None = None,
) -> tuple[str, Account]:
    """Check a login and open a session; gives the token for the cookie and the account.

    Parameters
    ----------
    previous
        Token of the session that the browser held until now; it ends, so that nobody who planted it comes along.

    Raises
    ------
    ReviewError
        TID714 login refused (whatever was wrong), TID715 too many attempts, TID716 a demo account where those are refused, TID734 a
        password in production (R-29).
    """
    if settings.env == "prod":
        raise ReviewError("TID734", "passwords are refused in production. Log in through the identity provider.")
    names = (f"login {login}", f"address {address}")
    throttle.check(*names, now=now)
    with database.reading() as session:
        row = find_account_row(session, login)
    stored = _NOBODY if row is None or not row.password_hash else row.password_hash
    if not is_password(password, stored) or row is None:
        throttle.failed(*names, now=now)
        raise ReviewError("TID714", "login refused: the login or the password is wrong.")
    if row.is_demo:
        check_demo_allowed(project, settings)
    with database.transaction() as session:
        token = open_session(session, row, now=now, previous=previous)
    return token, account_of(row)


def open_session(
    session: Session, row: AccountRow, *, now: datetime, previous: str | None = None, provider_session: str | None = None
) -> str:
    """Open a session under a new token, end the one that the browser held before, and give the token.

    Parameters
    ----------
    provider_session
        The identity provider's own name of the session (``sid``), by which it can end it.
    """
    before = None if previous is None else session.get(SessionRow, _digest(previous))
    if before is not None and before.ended_at is None:
        end(session, before, now=now, why="login")
    token = secrets.token_urlsafe(32)
    session.add(SessionRow(token_digest=_digest(token), account_id=row.id, created_at=now, seen_at=now, provider_session=provider_session))
    log.record(session, log.Event("session.opened", actor=row.id, role=row.role), now=now)
    return token


def end(session: Session, row: SessionRow, *, now: datetime, why: str) -> None:
    """End a session that its owner did not log out of: a new login, the provider, or a closed account ended it."""
    row.ended_at = now
    owner = session.get_one(AccountRow, row.account_id)
    log.record(session, log.Event("session.closed", actor=owner.id, role=owner.role, details={"by": why}), now=now)


def find_account(database: Database, token: str, *, now: datetime, settings: Settings) -> Account | None:
    """Answer whose session this token opens, or None; being used keeps it alive."""
    with database.reading() as session:
        found = session.get(SessionRow, _digest(token))
        account = None if found is None else session.get(AccountRow, found.account_id)
    if found is None or account is None or account.closed_at is not None or not _is_alive(found, now=now, settings=settings):
        return None
    if now - found.seen_at >= _SEEN_EVERY:
        with database.transaction() as session:
            session.get_one(SessionRow, found.token_digest).seen_at = now
    return account_of(account)


def check_still(session: Session, token: str | None, account: Account | None) -> None:
    """Refuse to go on for somebody whose session ended, or whose role or place changed, after this request was let in.

    Asked inside the transaction that does the work: since writers go one at a time, what was taken from somebody before it is gone in it.

    Raises
    ------
    NotLoggedInError
        TID711.
    """
    if token is None or account is None:
        return
    opened, row = session.get(SessionRow, _digest(token)), session.get(AccountRow, account.id)
    if (
        opened is None
        or opened.ended_at is not None
        or row is None
        or row.closed_at is not None
        or _rights(account_of(row)) != _rights(account)
    ):
        raise NotLoggedInError


def log_out(session: Session, token: str, account: Account, *, now: datetime) -> None:
    """End a session at once."""
    row = session.get(SessionRow, _digest(token))
    if row is not None:
        row.ended_at = now
        log.record(session, log.Event("session.closed", actor=account.id, role=account.role), now=now)


def end_sessions(session: Session, row: AccountRow, *, now: datetime, why: str) -> int:
    """End every session of an account that is still open; gives how many."""
    opened = session.scalars(select(SessionRow).where(SessionRow.account_id == row.id, SessionRow.ended_at.is_(None))).all()
    for one in opened:
        end(session, one, now=now, why=why)
    return len(opened)


def csrf_token(token: str) -> str:
    """Derive the token that forms carry from the session's own, so that nothing more needs storing."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def check_csrf(token: str | None, given: str | None) -> None:
    """Refuse a change whose CSRF token is missing or another session's.

    Raises
    ------
    ReviewError
        TID713.
    """
    if token is None or given is None or not hmac.compare_digest(csrf_token(token).encode(), given.encode()):
        raise ReviewError("TID713", "the form's CSRF token is missing or wrong. Load the page again and send it from there.")


def _rights(account: Account) -> tuple[Role, str | None, str | None, str | None]:
    """What decides what somebody reaches; the name that colleagues read does not."""
    return account.role, account.municipality, account.service, account.subject_id


def _is_alive(row: SessionRow, *, now: datetime, settings: Settings) -> bool:
    idle, age = now - row.seen_at, now - row.created_at
    return row.ended_at is None and idle < timedelta(minutes=settings.session_minutes) and age < timedelta(hours=settings.session_hours)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
