"""Logout from the provider's side (OpenID Connect Back-Channel Logout 1.0): it says over the back channel that a login has ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from fastapi import Response
from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from features.errors import ReviewError
from serving.access.sessions import end
from serving.access.tokens.verifying import TokenRefusedError, check_claims, is_recent, verify_signature
from serving.oidc.provider import Provider
from serving.storage.database import Database
from serving.storage.tables import AccountRow, SeenTokenRow, SessionRow

EVENT = "http://schemas.openid.net/event/backchannel-logout"
MAX_AGE_SECONDS = 600


def read_logout_token(token: str, provider: Provider, *, now: datetime) -> dict[str, Any]:
    """Check a logout token; gives its claims. Whether it was used before is asked in `end_provider_sessions`.

    Raises
    ------
    ReviewError
        TID737 when it does not stand, TID732 when the provider's keys can't be had.
    """
    try:
        claims = verify_signature(token, provider.issuer, now=now, types=("jwt", "logout+jwt")).claims
        check_claims(claims, now=now, issuer=provider.issuer.name, audience=provider.client_id, also=("jti", "events"))
        _check_is_a_logout(claims)
        if not is_recent(claims, now=now, seconds=MAX_AGE_SECONDS):
            raise TokenRefusedError("it is too old")
    except TokenRefusedError as refusal:
        raise _refused() from refusal
    return claims


def end_from_outside(database: Database, provider: Provider, token: str, *, now: datetime) -> Response:
    """Answer a provider's call that a login has ended.

    Raises
    ------
    ReviewError
        TID737, TID732.
    """
    claims = read_logout_token(token, provider, now=now)
    with database.transaction() as session:
        end_provider_sessions(session, provider, claims, now=now)
    return Response(status_code=200)


def end_provider_sessions(session: Session, provider: Provider, claims: Mapping[str, Any], *, now: datetime) -> int:
    """End the sessions that a logout token names, in this transaction; gives how many.

    By the provider's session where the token names one, else every session of the person.

    Raises
    ------
    ReviewError
        TID737 when the token was used before, or names the person with a claim that accounts here are not known by.
    """
    _use_once(session, provider, claims, now)
    found = session.scalars(select(SessionRow).join(AccountRow).where(*_whose(provider, claims), SessionRow.ended_at.is_(None))).all()
    for one in found:
        end(session, one, now=now, why="provider")
    return len(found)


def _whose(provider: Provider, claims: Mapping[str, Any]) -> Iterator[ColumnElement[bool]]:
    names_person, names_session = provider.access.subject == "sub" and "sub" in claims, "sid" in claims
    if not names_person and not names_session:
        raise _refused()
    yield AccountRow.issuer == provider.issuer.name
    if names_person:
        yield AccountRow.external_id == provider.mark + claims["sub"]
    if names_session:  # a session of this person that the provider gave no name is ended too: better one login too many
        named = SessionRow.provider_session == claims["sid"]
        yield or_(named, SessionRow.provider_session.is_(None)) if names_person else named


def _check_is_a_logout(claims: Mapping[str, Any]) -> None:
    events = claims["events"]
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise TokenRefusedError("it tells of no logout")
    if "nonce" in claims or not isinstance(claims["jti"], str):
        raise TokenRefusedError("it is an ID token, or has no id")
    if not isinstance(claims.get("sid", ""), str) or not isinstance(claims.get("sub", ""), str) or not {"sid", "sub"} & set(claims):
        raise TokenRefusedError("it does not say whose login ended")


def _use_once(session: Session, provider: Provider, claims: Mapping[str, Any], now: datetime) -> None:
    session.execute(delete(SeenTokenRow).where(SeenTokenRow.expires_at <= now))
    digest = sha256(f"{provider.issuer.name}|{claims['jti']}".encode()).hexdigest()
    if session.get(SeenTokenRow, digest) is not None:
        raise _refused()
    # Kept until it would be refused for its age alone, with the leeway that clocks get.
    last = min(float(claims["exp"]), float(claims["iat"]) + MAX_AGE_SECONDS) + 120
    session.add(SeenTokenRow(digest=digest, expires_at=datetime.fromtimestamp(last, UTC)))
    session.flush()


def _refused() -> ReviewError:
    return ReviewError("TID737", "the logout token does not stand here, or was used before. Send each one once, within ten minutes.")
