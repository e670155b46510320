"""Keyed pseudonyms: what stands in for a raw identifier within one purpose (R-07)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable

LENGTH = 26
SYNTHETIC_PREFIX = "SYN-"


def pseudonym_of(raw: str, key: bytes, *, synthetic: bool) -> str:
    """Replace one identifier: HMAC-SHA256 under the purpose's key, base32, its first 26 characters (130 bits).

    >>> pseudonym_of("a", bytes(32), synthetic=False) == pseudonym_of("a", bytes(32), synthetic=False)
    True
    >>> pseudonym_of("a", bytes(32), synthetic=True)[:4]
    'SYN-'
    """
    digest = hmac.digest(key, raw.encode(), "sha256")
    text = base64.b32encode(digest)[:LENGTH].decode("ascii")
    return SYNTHETIC_PREFIX + text if synthetic else text


def pseudonyms_of(raw: Iterable[str], key: bytes, *, synthetic: bool) -> list[str]:
    """Replace *distinct* identifiers, in order: hashing every row of a file would cost a hundred times as much."""
    return [pseudonym_of(one, key, synthetic=synthetic) for one in raw]


def group_pseudonym_of(raw: str, key: bytes, *, synthetic: bool) -> str:
    """Replace the identifier of a group of rows that are one human being; never equal to a person's pseudonym."""
    return pseudonym_of(f"group\x00{raw}", key, synthetic=synthetic)
