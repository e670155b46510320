"""An issuer of tokens: the documents that it publishes, and its keys.

Both are asked for when they are first needed and kept for an hour. A token under a key that is not among the kept ones makes the keys be
asked for once more, at most once a minute: so a change of keys is noticed at once, and nobody can use made-up keys to make the service
call the issuer as often as they like.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey, import_key

from features.errors import ReviewError

KEEP = timedelta(hours=1)
ASK_AGAIN = timedelta(minutes=1)
MAX_DOCUMENT = 1_000_000
"""Bytes of a document that an issuer may give; a real one has a few thousand."""
MIN_RSA_BITS = 2048

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass
class Issuer:
    """One issuer, asked over one HTTP client.

    `name` is compared letter by letter with what documents and tokens say: two issuers that differ in a slash are two issuers.
    `loopback_allowed` lets a provider on this machine go without TLS, for trying things out; never in production.
    """

    name: str
    http: httpx.Client
    loopback_allowed: bool = False
    _metadata: tuple[datetime, dict[str, Any]] | None = None
    _keys: dict[str, Key] = field(default_factory=dict)
    _keys_at: datetime | None = None
    _failed_at: datetime | None = None
    _lock: Lock = field(default_factory=Lock)

    def metadata(self, *, now: datetime) -> dict[str, Any]:
        """Give the discovery document.

        Raises
        ------
        ReviewError
            TID732 when it can't be had, or is another issuer's.
        """
        with self._lock:
            return self._current_metadata(now)

    def endpoint(self, name: str, *, now: datetime) -> str:
        """Give the address of an endpoint that the issuer has to have.

        Raises
        ------
        ReviewError
            TID732 when there is none, or it is not protected by TLS.
        """
        return self._address(self.metadata(now=now).get(name), what=name)

    def find_endpoint(self, name: str, *, now: datetime) -> str | None:
        """Find the address of an endpoint that an issuer may go without."""
        found = self.metadata(now=now).get(name)
        return None if found is None else self._address(found, what=name)

    def find_key(self, kid: str, *, now: datetime) -> Key | None:
        """Find a public key by its name.

        Raises
        ------
        ReviewError
            TID732 when the issuer's keys can't be had.
        """
        with self._lock:
            if self._keys_at is None or now - self._keys_at >= KEEP or (kid not in self._keys and now - self._keys_at >= ASK_AGAIN):
                self._keys = self._ask_for_keys(now)
                self._keys_at = now
            return self._keys.get(kid)

    def _current_metadata(self, now: datetime) -> dict[str, Any]:
        if self._metadata is None or now - self._metadata[0] >= KEEP:
            found = self._ask(f"{self.name.rstrip('/')}/.well-known/openid-configuration", now)
            if found.get("issuer") != self.name:
                raise self._unusable("its discovery document names another issuer than TIDLIG_OIDC_ISSUER or TIDLIG_MACHINE_ISSUER does")
            self._metadata = (now, found)
        return self._metadata[1]

    def _ask_for_keys(self, now: datetime) -> dict[str, Key]:
        document = self._ask(self._address(self._current_metadata(now).get("jwks_uri"), what="jwks_uri"), now)
        entries = document.get("keys")
        if not isinstance(entries, list):
            raise self._unusable("its key document holds no list of keys")
        named = {
            entry["kid"]: _find_signing_key(entry) for entry in entries if isinstance(entry, dict) and isinstance(entry.get("kid"), str)
        }
        return {kid: key for kid, key in named.items() if key is not None}

    def _ask(self, address: str, now: datetime) -> dict[str, Any]:
        if self._failed_at is not None and timedelta(0) <= now - self._failed_at < timedelta(seconds=10):
            raise self._unusable("it could not be reached a moment ago")
        self._address(address, what="a document")
        try:
            with self.http.stream("GET", address, headers={"Accept": "application/json"}) as response:
                found = read_json(response)
        except (httpx.HTTPError, ValueError) as error:
            self._failed_at = now
            raise self._unusable("it can't be reached, or answers with something else than its documents") from error
        self._failed_at = None
        return found

    def _address(self, address: object, *, what: str) -> str:
        if not isinstance(address, str):
            raise self._unusable(f"its discovery document has no {what}")
        parts = urlsplit(address)
        is_local = self.loopback_allowed and parts.hostname in _LOOPBACK
        if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
            raise self._unusable(f"{what} is not protected by TLS")
        return address

    def _unusable(self, why: str) -> ReviewError:
        return ReviewError("TID732", f"the identity provider can't be used now: {why}. Try again, and tell the operator if it goes on.")


def read_json(response: httpx.Response) -> dict[str, Any]:
    """Read a streamed answer as a JSON object, no further than `MAX_DOCUMENT` bytes.

    Raises
    ------
    ValueError
        When it is no success, too long, or no JSON object.
    """
    if response.status_code != 200:
        raise ValueError(f"status {response.status_code}")
    content = bytearray()
    for part in response.iter_bytes():
        content += part
        if len(content) > MAX_DOCUMENT:
            raise ValueError("too long")
    found = json.loads(bytes(content))
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found


def _find_signing_key(entry: Mapping[str, Any]) -> Key | None:
    """Read a public key that signatures are checked with; None for any other: a secret, an encryption key, a kind we don't know."""
    if entry.get("use", "sig") != "sig" or entry.get("kty") not in ("RSA", "EC"):
        return None
    try:
        key = import_key(dict(entry))
    except (JoseError, ValueError, KeyError, TypeError):
        return None  # one unusable entry is no reason to refuse the tokens of the others
    return key if _is_strong(key) else None


def _is_strong(key: Key) -> bool:
    if isinstance(key, RSAKey):
        return not key.is_private and key.public_key.key_size >= MIN_RSA_BITS
    return isinstance(key, ECKey) and not key.is_private
