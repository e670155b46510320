"""A login through the identity provider, from the first click to the session.

The way there is kept in `LoginAttemptRow`: its nonce, its PKCE verifier and where to go afterwards, under a digest of the state. It is used
once, within ten minutes, by the browser that began it.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from json import dumps
from typing import Any
from urllib.parse import urlencode

import httpx
from sqlalchemy import delete

from features.errors import ReviewError
from serving.access.tokens.issuer import read_json
from serving.access.tokens.verifying import TokenRefusedError
from serving.oidc.id_tokens import Identity, read_id_token
from serving.oidc.provider import Provider
from serving.storage.database import Database
from serving.storage.tables import LoginAttemptRow

ATTEMPT_LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class Attempt:
    """A login that was sent to the provider."""

    nonce: str
    code_verifier: str
    return_to: str


def begin(database: Database, provider: Provider, *, return_to: str, now: datetime) -> tuple[str, str]:
    """Begin a login; gives the provider's address to go to, and the state that the browser keeps in a cookie.

    The provider is asked before the database is: nobody else waits to write while it takes its time.

    Raises
    ------
    ReviewError
        TID732 when the provider can't be reached.
    """
    state, nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    endpoint = provider.issuer.endpoint("authorization_endpoint", now=now)
    address, _ = provider.client().create_authorization_url(endpoint, state=state, code_verifier=verifier, nonce=nonce, **_asked(provider))
    with database.transaction() as session:
        session.execute(delete(LoginAttemptRow).where(LoginAttemptRow.created_at <= now - ATTEMPT_LASTS))
        session.add(
            LoginAttemptRow(state_digest=_digest(state), nonce=nonce, code_verifier=verifier, return_to=return_to[:300], created_at=now)
        )
    return str(address), state


def use_attempt(database: Database, *, state: str, kept: str | None, now: datetime) -> Attempt:
    """Use up the attempt that this answer belongs to, whatever comes of it afterwards.

    Parameters
    ----------
    kept
        The state that this browser's cookie holds; another browser's answer is refused, so that nobody is logged in as somebody else.

    Raises
    ------
    ReviewError
        TID730 when there is none, it was used, it is older than ten minutes or another browser's.
    """
    if kept is None or not compare_digest(kept.encode(), state.encode()):
        raise _no_attempt()
    with database.transaction() as session:
        row = session.get(LoginAttemptRow, _digest(state))
        if row is not None:
            session.delete(row)
    if row is None or now - row.created_at >= ATTEMPT_LASTS:
        raise _no_attempt()
    return Attempt(row.nonce, row.code_verifier, row.return_to)


def identify(provider: Provider, attempt: Attempt, *, code: str, now: datetime) -> Identity:
    """Change the code for an ID token, over the back channel, and read it.

    Raises
    ------
    ReviewError
        TID731 when the provider refuses the code or its token does not stand, TID732 when it can't be reached.
    """
    answer = _exchange(provider, attempt, code, now)
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise refused()
    try:
        return read_id_token(token, provider, nonce=attempt.nonce, now=now)
    except TokenRefusedError as refusal:
        raise refused() from refusal


def refused() -> ReviewError:
    """Refuse the provider's answer; the same words whatever was wrong with it."""
    return ReviewError("TID731", "the identity provider's answer does not log anybody in here. Log in again from the start.")


def logout_address(provider: Provider, *, now: datetime) -> str | None:
    """Give the provider's address that ends the login there too; None where it has none."""
    address = provider.issuer.find_endpoint("end_session_endpoint", now=now)
    if address is None:
        return None
    from_where = {"client_id": provider.client_id, "post_logout_redirect_uri": f"{provider.public_url}/login"}
    return f"{address}{'&' if '?' in address else '?'}{urlencode(from_where)}"


def _asked(provider: Provider) -> dict[str, str]:
    asked: dict[str, str] = {}
    if provider.acr_values:
        asked["acr_values"] = " ".join(provider.acr_values)
    if provider.access.authorization_details:
        asked["authorization_details"] = dumps(provider.access.authorization_details)
    return asked


def _exchange(provider: Provider, attempt: Attempt, code: str, now: datetime) -> dict[str, Any]:
    client = provider.client()
    body = urlencode(
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": provider.redirect_uri,
            "code_verifier": attempt.code_verifier,
            **({"client_id": provider.client_id} if provider.client_secret is None else {}),
        }
    )
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    endpoint = provider.issuer.endpoint("token_endpoint", now=now)
    address, headers, body = client.client_auth(client.token_endpoint_auth_method).prepare("POST", endpoint, headers, body)
    try:
        with provider.issuer.http.stream("POST", address, headers=headers, content=body) as response:
            if 400 <= response.status_code < 500:
                raise refused()
            return read_json(response)
    except (httpx.HTTPError, ValueError) as error:
        raise ReviewError(
            "TID732",
            "the identity provider can't be used now: it answers as it should not. Try again, and tell the operator.",
        ) from error


def _no_attempt() -> ReviewError:
    return ReviewError("TID730", "this login was not begun here, was used before or took over ten minutes. Log in again from the start.")


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
