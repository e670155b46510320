"""A young person or guardian at the door: an identity from ID-porten becomes an account without an identifier.

The national identity number is read from the claims, turned into a subject id by the identity vault, and gone: the account keeps the
provider's own name of the login, which is another one at every client.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.errors import ReviewError
from serving.access.accounts import create_account
from serving.access.sessions import end_sessions
from serving.auditing import log
from serving.citizens.whom import age_on, standing_of
from serving.identities.recognising import note_login, recognise
from serving.identities.vault import IdentityVault
from serving.oidc.accounts import find_provider_account, holder_of
from serving.oidc.id_tokens import Identity
from serving.oidc.login import refused
from serving.oidc.provider import Provider
from serving.roles import ROLES, Role
from serving.storage.tables import AccountRow

_LONGEST = 40
"""Digits of a national identity number, with room for what a test population writes."""


def check_recognises(vault: IdentityVault | None) -> IdentityVault:
    """Give the vault by which citizens are recognised.

    Raises
    ------
    ReviewError
        TID764 where there is none: nobody is sent to log in for nothing.
    """
    if vault is None:
        raise ReviewError(
            "TID764",
            "this service can't tell whose report is whose: it has no identity vault. Ask the municipality's data protection officer for "
            "your report; it is due in thirty days.",
        )
    return vault


def let_citizen_in(
    session: Session, provider: Provider, vault: IdentityVault, project: Project, identity: Identity, *, claim: str, now: datetime
) -> AccountRow | ReviewError:
    """Give the account of somebody who logged in for themselves or a child; made the first time, tied anew each time.

    Who is not known here, and who is too young to log in alone, gets an account that is tied to nobody: the pages are the same. A closed
    account is refused with TID733, which has to stand and is therefore given back.

    Raises
    ------
    ReviewError
        TID731 when the claims say no identifier, TID758 when the vault does not open.
    """
    identifier = identity.claims.get(claim)
    if not isinstance(identifier, str) or not 0 < len(identifier) <= _LONGEST:
        raise refused()
    subject_id = _known_and_old_enough(project, recognise(vault, identifier), now)
    external_id = provider.mark + identity.subject
    row = find_provider_account(session, issuer=provider.issuer.name, external_id=external_id)
    if row is not None and row.closed_at is not None:
        end_sessions(session, row, now=now, why="no role")
        return ReviewError("TID733", "you are logged in, but your access to this service was closed. Ask the municipality.")
    if row is None:
        row = _make(session, provider, external_id, now)
    _tie(session, row, subject_id, now)
    note_login(vault, account_id=row.id, identifier=identifier, now=now)
    return row


def _known_and_old_enough(project: Project, subject_id: str | None, now: datetime) -> str | None:
    if subject_id is None:
        return None
    who = standing_of(project, {subject_id}, on=now.date()).get(subject_id)
    if who is None or who.born_on is None or age_on(who.born_on, now.date()) < project.screening.citizens.alone_from:
        return None
    return subject_id


def _make(session: Session, provider: Provider, external_id: str, now: datetime) -> AccountRow:
    holder = holder_of(provider.issuer.name, external_id)
    row = create_account(
        session,
        login=f"{ROLES[Role.CITIZEN].name.nb} ({holder[:12]})",
        holder=holder,
        role=Role.CITIZEN,
        municipality=None,
        password=None,
        issuer=provider.issuer.name,
        external_id=external_id,
        now=now,
    )
    log.record(session, log.Event("account.created", actor=row.id, role=row.role, details={"by": "provider"}), now=now)
    return row


def _tie(session: Session, row: AccountRow, subject_id: str | None, now: datetime) -> None:
    """Tie an account to whom it is about today. Sessions of before that, if it was another, end: they are another's to read."""
    if row.subject_id != subject_id:
        end_sessions(session, row, now=now, why="tied anew")
        row.subject_id = subject_id
        session.flush()
