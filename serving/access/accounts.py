"""Accounts: who works with the service, in which role, and how a password is checked."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.errors import ReviewError
from serving.roles import NEVER_TOGETHER, ROLES, Role
from serving.settings import Settings
from serving.storage.tables import AccountRow

SCRYPT_N = 2**14
"""scrypt's cost of a new password: with the block size below about 16 MB and 50 ms a try."""
_R, _P = 8, 1


@dataclass(frozen=True)
class Account:
    """Somebody who is logged in."""

    id: str
    login: str
    role: Role
    municipality: str | None
    """Number of the municipality that the account works for; a planner's may be a county (two digits)."""
    is_demo: bool
    service: str | None = None
    """Code of the local service that a relay holder works in."""
    subject_id: str | None = None
    """Of a citizen: whose report they see."""
    issuer: str | None = None
    """The identity provider that vouches for them; None where they log in with a password."""


def hash_password(password: str) -> str:
    """Hash a password with scrypt and a salt of its own; the parameters stand in the text.

    Examples
    --------
    >>> is_password("riktig hest", hash_password("riktig hest")), is_password("feil", hash_password("riktig hest"))
    (True, False)
    """
    salt = secrets.token_bytes(16)
    return f"scrypt${SCRYPT_N}${_R}${_P}${salt.hex()}${_derive(password, salt, SCRYPT_N, _R, _P).hex()}"


def is_password(password: str, stored: str) -> bool:
    """Answer whether a password is the one that was hashed, in constant time. An account without a password has none to be right."""
    if not stored:
        return False
    _, n, r, p, salt, expected = stored.split("$")
    return hmac.compare_digest(_derive(password, bytes.fromhex(salt), int(n), int(r), int(p)).hex(), expected)


def create_account(
    session: Session,
    *,
    login: str,
    holder: str,
    role: Role,
    municipality: str | None,
    password: str | None,
    now: datetime,
    is_demo: bool = False,
    service: str | None = None,
    subject_id: str | None = None,
    issuer: str | None = None,
    external_id: str | None = None,
) -> AccountRow:
    """Create an account.

    Parameters
    ----------
    password
        None for somebody whom an identity provider vouches for: `issuer` and `external_id` then say who they are there.

    Raises
    ------
    ReviewError
        TID717 when the holder would be both leader and data protection officer, TID739 when the role needs a municipality, a service or a
        person and none is given, or the other way round.
    """
    check_fits(role, municipality=municipality, service=service, subject_id=subject_id)
    check_apart(session, holder=holder, role=role)
    row = AccountRow(
        id=secrets.token_hex(16),
        login=login,
        holder=holder,
        role=role.value,
        municipality=municipality,
        service=service,
        subject_id=subject_id,
        issuer=issuer,
        external_id=external_id,
        password_hash="" if password is None else hash_password(password),
        is_demo=is_demo,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def find_account_row(session: Session, login: str) -> AccountRow | None:
    """Find an account that is not closed by its login."""
    return session.scalar(select(AccountRow).where(AccountRow.login == login, AccountRow.closed_at.is_(None)))


def check_demo_allowed(project: Project, settings: Settings) -> None:
    """Refuse demo accounts outside synthetic data and in production (R-29).

    Raises
    ------
    ReviewError
        TID716.
    """
    if not project.is_synthetic or settings.env == "prod":
        raise ReviewError("TID716", "demo accounts exist only with synthetic data and outside TIDLIG_ENV=prod. Use accounts of your own.")


def account_of(row: AccountRow) -> Account:
    """Turn a row into the value that the service works with."""
    return Account(row.id, row.login, Role(row.role), row.municipality, row.is_demo, row.service, row.subject_id, row.issuer)


def check_fits(role: Role, *, municipality: str | None, service: str | None, subject_id: str | None = None) -> None:
    """Refuse an account that says too much or too little for its role.

    Raises
    ------
    ReviewError
        TID739.
    """
    described = ROLES[role]
    if not described.logs_in:
        raise ReviewError("TID739", f"nobody logs in as {role}: a machine brings a token. Choose a role of a person.")
    if described.has_municipality != (municipality is not None) and not described.may_have_area:
        raise ReviewError("TID739", f"an account with the role {role} has {'a' if described.has_municipality else 'no'} municipality.")
    if described.has_service != (service is not None):
        raise ReviewError("TID739", f"an account with the role {role} has {'a' if described.has_service else 'no'} service.")
    if subject_id is not None and role is not Role.CITIZEN:
        raise ReviewError("TID739", f"an account with the role {role} is nobody's own: only {Role.CITIZEN} sees their own report.")


def check_apart(session: Session, *, holder: str, role: Role, but: str | None = None) -> None:
    """Refuse to let one person be both leader and data protection officer; `but` is the account that is about to change its role.

    Raises
    ------
    ReviewError
        TID717.
    """
    if role not in NEVER_TOGETHER:
        return
    theirs = select(AccountRow.role).where(AccountRow.holder == holder, AccountRow.closed_at.is_(None), AccountRow.id != (but or ""))
    if {Role(r) for r in session.scalars(theirs)} & (NEVER_TOGETHER - {role}):
        raise ReviewError("TID717", "nobody is both leader and data protection officer: the officer checks what the leader answers for.")


def _derive(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, dklen=32)
