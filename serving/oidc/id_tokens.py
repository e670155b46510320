"""ID tokens: who logged in, said by the provider to this service in answer to this very login."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hmac import compare_digest
from typing import Any

from features.nationalid import holds_national_id
from serving.access.tokens.verifying import TokenRefusedError, check_claims, is_recent, verify_signature
from serving.oidc.provider import Provider

MAX_AGE_SECONDS = 600
"""An ID token comes straight from the provider; an older one was kept by somebody."""


@dataclass(frozen=True)
class Identity:
    """Who the provider says somebody is."""

    subject: str
    name: str | None
    session: str | None
    """The provider's session, by which it ends ours."""
    claims: Mapping[str, Any] = field(repr=False)
    """A citizen's hold a national identity number: they are read and dropped, and do not print themselves."""


def read_id_token(token: str, provider: Provider, *, nonce: str, now: datetime) -> Identity:
    """Check an ID token as OpenID Connect Core 3.1.3.7 asks, and read who it is about.

    Raises
    ------
    TokenRefusedError
        When it does not stand, is another login's, or the provider was not sure enough.
    ReviewError
        TID732 when the provider's keys can't be had.
    """
    claims = verify_signature(token, provider.issuer, now=now, types=("jwt",)).claims
    check_claims(claims, now=now, issuer=provider.issuer.name, audience=provider.client_id, also=("sub", "nonce", provider.access.subject))
    _check_party(claims, provider.client_id)
    if not isinstance(claims["nonce"], str) or not compare_digest(claims["nonce"].encode(), nonce.encode()):
        raise TokenRefusedError("it is another login's")
    if not is_recent(claims, now=now, seconds=MAX_AGE_SECONDS):
        raise TokenRefusedError("it is too old")
    if provider.accepted_acr and claims.get("acr") not in provider.accepted_acr:
        raise TokenRefusedError("the provider is not sure enough who it is")
    return Identity(_subject(claims, provider.access.subject), _name(claims, provider.access.name), _session(claims), claims)


def _check_party(claims: Mapping[str, Any], client_id: str) -> None:
    is_for_several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if is_for_several else client_id) != client_id:
        raise TokenRefusedError("it was given to another client")


def _subject(claims: Mapping[str, Any], name: str) -> str:
    found = claims[name]
    if not isinstance(found, str) or not found or len(found) > 300:
        raise TokenRefusedError("it does not say who it is about")
    if holds_national_id(found):
        raise TokenRefusedError("it says who it is about with a national identity number, which is not kept here; see docs/access.md")
    return found


def _name(claims: Mapping[str, Any], name: str | None) -> str | None:
    found = None if name is None else claims.get(name)
    return found.strip()[:60] if isinstance(found, str) and found.strip() and not holds_national_id(found) else None


def _session(claims: Mapping[str, Any]) -> str | None:
    found = claims.get("sid")
    return found if isinstance(found, str) and 0 < len(found) <= 300 else None
