"""A key of their own for every person.

Texts about a person are encrypted with AES-256-GCM under that person's key; the key is kept wrapped by the service's key, which lies
in a file. Erasing a person is emptying their key: nothing sealed under it can be read again, here or in a backup of the texts.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete
from sqlalchemy.orm import Session

from features.errors import LedgerError, ProjectError, ReviewError
from serving.storage.tables import IdempotentCallRow, PersonKeyRow

_NONCE = 12


@dataclass(frozen=True)
class PersonKeys:
    """Seals and unseals under persons' keys. Holds the service's key and nothing else."""

    service_key: bytes = field(repr=False)

    def get_or_make(self, session: Session, subject_id: str, *, now: datetime) -> bytes:
        """Give a person's key, making one the first time.

        Raises
        ------
        ReviewError
            TID708 when the person's key was erased: nothing more is written about them.
        """
        row = session.get(PersonKeyRow, subject_id)
        if row is None:
            key = AESGCM.generate_key(bit_length=256)
            session.add(PersonKeyRow(subject_id=subject_id, wrapped=_lock(self.service_key, key, subject_id), made_at=now))
            session.flush()
            return key
        return self._unwrap(row)

    def find(self, session: Session, subject_id: str) -> bytes | None:
        """Give a person's key, or None when there is none or it was erased."""
        row = session.get(PersonKeyRow, subject_id)
        return None if row is None or row.wrapped is None else self._unwrap(row)

    def seal(self, session: Session, subject_id: str, content: Any, *, now: datetime) -> bytes:
        """Encrypt JSON content under a person's key."""
        return _lock(self.get_or_make(session, subject_id, now=now), json.dumps(content, ensure_ascii=False).encode(), subject_id)

    def unseal(self, session: Session, subject_id: str, sealed: bytes) -> Any:
        """Read back what `seal` wrote.

        Raises
        ------
        ReviewError
            TID708 when the person's key was erased.
        LedgerError
            TID809 when the content was altered.
        """
        key = self.find(session, subject_id)
        if key is None:
            raise _erased()
        return json.loads(_unlock(key, sealed, subject_id))

    def mark(self, text: str, *, of: str) -> str:
        """Digest a text so that the same text by the same person can be noticed without keeping it."""
        plain = " ".join(text.casefold().split())
        return hmac.new(self.service_key, f"{of}\n{plain}".encode(), hashlib.sha256).hexdigest()

    def _unwrap(self, row: PersonKeyRow) -> bytes:
        if row.wrapped is None:
            raise _erased()
        return _unlock(self.service_key, row.wrapped, row.subject_id)


def erase_person_key(session: Session, subject_id: str, *, now: datetime) -> None:
    """Erase a person's key for good. The row stays as a tombstone, also of somebody who had none, so that no new key is made unnoticed."""
    row = session.get(PersonKeyRow, subject_id)
    if row is None:
        session.add(PersonKeyRow(subject_id=subject_id, wrapped=None, made_at=now, erased_at=now))
    elif row.wrapped is not None:
        row.wrapped, row.erased_at = None, now
    # Answers that wait to be given again are sealed under the service's key, and may be about this person.
    session.execute(delete(IdempotentCallRow))
    session.flush()


def read_service_key(path: Path, *, variable: str = "TIDLIG_PERSON_KEY_FILE") -> bytes:
    """Read a key: 64 hex digits.

    Parameters
    ----------
    variable
        The environment variable that names the file, for the message.

    Raises
    ------
    ProjectError
        TID120 when the file is missing or holds something else.
    """
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise ProjectError(
            "TID120", f"{path} can't be read as a key. Expected 64 hex digits, as `openssl rand -hex 32` prints; {variable} names the file."
        ) from error
    if len(key) != 32:
        raise ProjectError("TID120", f"{path} holds a key of {len(key)} bytes; expected 32, written as 64 hex digits.")
    return key


def read_or_make_service_key(path: Path) -> bytes:
    """Read the service's key, making one that only this user can read where there is none. Not for production."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    return read_service_key(path)


def _lock(key: bytes, plain: bytes, bound_to: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to.encode())


def _unlock(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to.encode())
    except InvalidTag as error:
        raise LedgerError(
            "TID809", "sealed content does not open with its key: it was altered, or the service key is another one."
        ) from error


def _erased() -> ReviewError:
    return ReviewError("TID708", "the content is gone: it was purged or the person was erased.")
