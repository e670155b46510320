"""Pages of a list: a cursor says where the last page ended, and only this service can write one.

It names a place in the list's order, not a number of rows to skip, so that what comes or goes between two pages neither repeats nor hides a
row. It is sealed: nobody reads the place or makes one up, and it is good for one list and one account.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64Error
from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from features.errors import ReviewError

RowT = TypeVar("RowT")
Place: TypeAlias = tuple[str | int, ...]
"""Where a row stands in the order of its list; what is compared first comes first."""

_NONCE_BYTES = 12


def write_cursor(place: Place, *, of: str, key: bytes) -> str:
    """Write the cursor behind a place of a list; `of` names list and account.

    Examples
    --------
    >>> read_cursor(write_cursor(("2026-06-15", "T-1"), of="cases a", key=bytes(32)), of="cases a", key=bytes(32))
    ('2026-06-15', 'T-1')
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    told = _cipher(key).encrypt(nonce, json.dumps(place, separators=(",", ":")).encode(), of.encode())
    return urlsafe_b64encode(nonce + told).decode().rstrip("=")


def read_cursor(cursor: str, *, of: str, key: bytes) -> Place:
    """Read a cursor that this service wrote for this list and account.

    Raises
    ------
    ReviewError
        TID741 otherwise.
    """
    try:
        content = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        told = _cipher(key).decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], of.encode())
    except (NotBase64Error, UnicodeEncodeError, ValueError, InvalidTag):
        raise _not_ours() from None
    return tuple(json.loads(told))


def cut(
    rows: Sequence[RowT], *, place: Callable[[RowT], Place], after: Place | None, limit: int, is_descending: bool = False
) -> tuple[list[RowT], Place | None]:
    """Cut a page out of rows in the order of their places, and say behind which place the next begins; None at the end.

    Examples
    --------
    >>> cut([3, 5, 8], place=lambda row: (row,), after=(4,), limit=1)
    ([5], (5,))
    >>> cut([3, 5, 8], place=lambda row: (row,), after=(5,), limit=9)
    ([8], None)
    """
    left = [row for row in rows if after is None or (place(row) < after if is_descending else place(row) > after)]
    page = left[:limit]
    return page, place(page[-1]) if len(left) > limit else None


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(hmac.new(key, b"cursors", hashlib.sha256).digest())


def _not_ours() -> ReviewError:
    return ReviewError("TID741", "this cursor was not given by this list to this account. Begin without one, and use `next` as it comes.")
