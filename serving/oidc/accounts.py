"""The account of somebody whom the identity provider vouches for: made at the first login, brought up to date at every later one."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.errors import ReviewError
from serving.access.accounts import check_apart, create_account
from serving.access.sessions import end_sessions
from serving.auditing import log
from serving.oidc.id_tokens import Identity
from serving.oidc.mapping import Grant, find_grant
from serving.oidc.provider import Provider
from serving.roles import ROLES
from serving.storage.tables import AccountRow


def let_in(session: Session, provider: Provider, identity: Identity, *, now: datetime) -> AccountRow | ReviewError:
    """Give the account of somebody who logged in, as their claims say today, or why they are turned away.

    Somebody who is turned away loses the sessions that they still have. That has to stand, so the refusal is given back and not raised:
    TID733 when the claims give no role or the account is closed, TID717 when they would make somebody both leader and data protection
    officer.
    """
    row = find_provider_account(session, issuer=provider.issuer.name, external_id=identity.subject)
    grant = _granted(session, provider, identity, row)
    if isinstance(grant, Grant):
        return _make(session, provider, identity, grant, now) if row is None else _update(session, row, identity, grant, now)
    if row is not None:
        end_sessions(session, row, now=now, why="no role")
    return grant


def find_provider_account(session: Session, *, issuer: str, external_id: str) -> AccountRow | None:
    """Find an account, closed or not, by who the provider says it is."""
    return session.scalar(select(AccountRow).where(AccountRow.issuer == issuer, AccountRow.external_id == external_id))


def holder_of(issuer: str, external_id: str) -> str:
    """Name the person behind a provider's account, the same for every account of theirs; a digest, so that it fits and tells nothing."""
    return sha256(f"{issuer}|{external_id}".encode()).hexdigest()


def _granted(session: Session, provider: Provider, identity: Identity, row: AccountRow | None) -> Grant | ReviewError:
    """Find what the claims give today, or why they give nothing."""
    try:
        grant = find_grant(provider.access, identity.claims, within=provider.within)
        if grant is None or (row is not None and row.closed_at is not None):
            return _not_let_in()
        if row is not None:
            check_apart(session, holder=row.holder, role=grant.role, but=row.id)
    except ReviewError as refusal:
        return refusal
    return grant


def _make(session: Session, provider: Provider, identity: Identity, grant: Grant, now: datetime) -> AccountRow:
    holder = holder_of(provider.issuer.name, identity.subject)
    row = create_account(
        session,
        login=_login(identity, grant, holder),
        holder=holder,
        role=grant.role,
        municipality=grant.municipality,
        service=grant.service,
        password=None,
        issuer=provider.issuer.name,
        external_id=identity.subject,
        now=now,
    )
    log.record(session, log.Event("account.created", actor=row.id, role=row.role, details={"by": "provider"}), now=now)
    return row


def _update(session: Session, row: AccountRow, identity: Identity, grant: Grant, now: datetime) -> AccountRow:
    before = {"role": row.role, "municipality": row.municipality, "service": row.service}
    row.role, row.municipality, row.service = grant.role.value, grant.municipality, grant.service
    row.login = _login(identity, grant, row.holder)
    after = {"role": row.role, "municipality": row.municipality, "service": row.service}
    if before != after:
        end_sessions(session, row, now=now, why="role changed")
        details = {"from": before["role"], "to": after["role"]}
        log.record(session, log.Event("account.changed", actor=row.id, role=row.role, details=details), now=now)
    return row


def _login(identity: Identity, grant: Grant, holder: str) -> str:
    """Say in a few words who it is, for colleagues: the name that the provider gives, and enough of the digest to tell two apart."""
    return f"{identity.name or ROLES[grant.role].name.nb} ({holder[:8]})"


def _not_let_in() -> ReviewError:
    """Turn away somebody who logged in, but has no role here."""
    return ReviewError("TID733", "you are logged in, but have no role in this service. Ask whoever gives access where you work.")
