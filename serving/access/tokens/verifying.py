"""Whether a token stands: signed by its issuer with a key of theirs, for us, now.

What is refused is refused with one exception, whatever was wrong: the sender learns that, not how far they got.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry

from serving.access.tokens.issuer import Issuer

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384")
"""Signatures with a private key that only the issuer holds. ``none`` and shared secrets (HS…) are not among them and never will be."""

MAX_TOKEN = 16_384
"""Characters; a token with hundreds of groups has fewer."""

LEEWAY_SECONDS = 60
"""How far the issuer's clock may be from ours."""


class TokenRefusedError(Exception):
    """The token does not stand. The words are for the log of an operator and hold nothing of the token."""


@dataclass(frozen=True)
class Verified:
    """Header and claims of a token whose signature stands. What it says is still to be checked."""

    header: Mapping[str, Any]
    claims: dict[str, Any]


def verify_signature(token: str, issuer: Issuer, *, now: datetime, types: Iterable[str]) -> Verified:
    """Check a token's signature against the issuer's published keys.

    The key comes from the issuer's own document, by the name that the token gives, and never from the token itself.

    Parameters
    ----------
    types
        Values of the header ``typ`` that this use accepts, in lower case; a token without one is accepted.

    Raises
    ------
    TokenRefusedError
        When it does not stand.
    ReviewError
        TID732 when the issuer's keys can't be had.
    """
    if len(token) > MAX_TOKEN:
        raise TokenRefusedError("the token is too long")
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise TokenRefusedError("it is no signed token") from error
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if algorithm not in ALGORITHMS or not isinstance(kid, str) or "crit" in header:
        raise TokenRefusedError("its header asks for what is not accepted")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in set(types):
        raise TokenRefusedError("it is a token of another kind")
    key = issuer.find_key(kid, now=now)
    if key is None:
        raise TokenRefusedError("its key is none of the issuer's")
    try:
        verified = jwt.decode(token, key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise TokenRefusedError("its signature does not stand") from error
    return Verified(header, verified.claims)


def check_claims(claims: Mapping[str, Any], *, now: datetime, issuer: str, audience: str, also: Iterable[str] = ()) -> None:
    """Check issuer, audience and times; ``also`` names claims that have to be there.

    Raises
    ------
    TokenRefusedError
        When one of them is missing or says otherwise.
    """
    asked: dict[str, ClaimsOption] = {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": audience},
        "exp": {"essential": True},
        "iat": {"essential": True},
        **{name: {"essential": True} for name in also},
    }
    try:
        JWTClaimsRegistry(now=int(now.timestamp()), leeway=LEEWAY_SECONDS, **asked).validate(dict(claims))
    except JoseError as error:
        raise TokenRefusedError("it is not ours, not of this issuer or not valid now") from error


def is_recent(claims: Mapping[str, Any], *, now: datetime, seconds: int) -> bool:
    """Answer whether a token was issued within the last so many seconds; call after `check_claims`, which refuses one from the future."""
    return float(claims["iat"]) >= now.timestamp() - seconds - LEEWAY_SECONDS
