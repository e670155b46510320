"""Keyed pseudonyms: what stands in for a raw identifier within one purpose (R-07)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable

import numpy as np

LENGTH = 26
SYNTHETIC_PREFIX = "SYN-"

_DIGEST_BYTES = 32
_LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", dtype=np.uint8)


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
    """Replace *distinct* identifiers, in order: hashing every row of a file would cost a hundred times as much.

    >>> pseudonyms_of(["a", "b"], bytes(32), synthetic=True) == [pseudonym_of(one, bytes(32), synthetic=True) for one in ("a", "b")]
    True
    """
    digests = b"".join(hmac.digest(key, one.encode(), "sha256") for one in raw)
    rows = np.frombuffer(digests, dtype=np.uint8).reshape(-1, _DIGEST_BYTES)
    fives = np.unpackbits(rows[:, : -(-5 * LENGTH // 8)], axis=1)[:, : 5 * LENGTH].reshape(-1, LENGTH, 5)
    letters = _LETTERS[fives @ np.array([16, 8, 4, 2, 1], dtype=np.uint8)]
    prefix = SYNTHETIC_PREFIX if synthetic else ""
    text = letters.tobytes().decode("ascii")
    return [prefix + text[start : start + LENGTH] for start in range(0, len(text), LENGTH)]


def group_pseudonym_of(raw: str, key: bytes, *, synthetic: bool) -> str:
    """Replace the identifier of a group of rows that are one human being; never equal to a person's pseudonym."""
    return pseudonym_of(f"group\x00{raw}", key, synthetic=synthetic)
