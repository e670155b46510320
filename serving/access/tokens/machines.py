"""Bearer tokens of machine clients, such as Maskinporten issues them. Nothing of them is stored, and no secret is shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from features.errors import ReviewError
from serving.access.accounts import Account
from serving.access.tokens.issuer import Issuer
from serving.access.tokens.verifying import TokenRefusedError, check_claims, verify_signature
from serving.roles import Role

_TYPES = ("jwt", "at+jwt")
_NOT_AN_ACCESS_TOKEN = frozenset({"nonce", "at_hash", "c_hash", "events"})
"""Claims of ID tokens and logout tokens, which say who somebody is or was, and let nobody do anything."""


@dataclass(frozen=True)
class MachineTokens:
    """What a machine client's token has to be."""

    issuer: Issuer
    audience: str
    scope: str
    client_claim: str

    def read(self, token: str, *, now: datetime) -> Account:
        """Check a token and say which client sent it.

        Returns
        -------
        Account
            With the role of a machine client, no municipality, and an id that stays the same for the same client of the same issuer.

        Raises
        ------
        ReviewError
            TID735 when the token does not stand, TID736 when it lacks the scope, TID732 when the issuer's keys can't be had.
        """
        try:
            verified = verify_signature(token, self.issuer, now=now, types=_TYPES)
            check_claims(verified.claims, now=now, issuer=self.issuer.name, audience=self.audience, also=[self.client_claim])
            client = _client(verified.claims, self.client_claim)
        except TokenRefusedError as refusal:
            raise refused() from refusal
        if self.scope not in _scopes(verified.claims):
            raise ReviewError("TID736", f"the token does not carry the scope {self.scope}. Ask its issuer for that scope.")
        return Account(_account_id(self.issuer.name, client), client, Role.MACHINE, None, is_demo=False, issuer=self.issuer.name)


def refused() -> ReviewError:
    """Refuse a call that carries no token that stands; the same words whatever was wrong."""
    return ReviewError(
        "TID735", "the bearer token is missing or does not stand here. Get a new one, made out to this service, and send it as Bearer."
    )


def _client(claims: Mapping[str, Any], name: str) -> str:
    client = claims[name]
    if not isinstance(client, str) or not client or len(client) > 80 or _NOT_AN_ACCESS_TOKEN & set(claims):
        raise TokenRefusedError("it is no access token of a client")
    return client


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    found = claims.get("scope", "")
    return frozenset(found.split()) if isinstance(found, str) else frozenset()


def _account_id(issuer: str, client: str) -> str:
    return "m" + sha256(f"{issuer}|{client}".encode()).hexdigest()[:31]
