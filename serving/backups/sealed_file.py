"""A file of any size under AES-256-GCM, written and read as a stream.

Chunks of 1 MiB are sealed one by one under a key of the file's own (HKDF of the operator's key and a random salt). A chunk's nonce is its
number and whether it is the last one, so that chunks can't be edited, moved, left out or cut off at the end unseen.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from features.errors import ReviewError

MAGIC = b"TIDLIG-BACKUP-1\n"
CHUNK = 1 << 20
_SALT = 16
_HEAD = 5
"""A byte that says whether this is the last chunk, and four with the length of what follows."""


def read_backup_key(path: Path) -> bytes:
    """Read an operator's key: 64 hex digits.

    Raises
    ------
    ReviewError
        TID752 when the file is missing or holds something else.
    """
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        key = b""
    if len(key) != 32:
        raise ReviewError("TID752", f"{path} holds no key: expected 64 hex digits, as `openssl rand -hex 32` prints them.")
    return key


class SealedWriter:
    """Seals what is written to it; `close` writes the last chunk, without which the file does not open."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        salt = secrets.token_bytes(_SALT)
        file.write(MAGIC + salt)
        self._file, self._cipher, self._number, self._waiting = file, _cipher(key, salt), 0, bytearray()

    def write(self, data: bytes) -> int:
        """Take bytes; whole chunks go to the file."""
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._seal(bytes(self._waiting[:CHUNK]), is_last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def close(self) -> None:
        """Write what waits as the last chunk; the underlying file stays open."""
        self._seal(bytes(self._waiting), is_last=True)
        self._waiting.clear()

    def _seal(self, plain: bytes, *, is_last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, is_last=is_last), plain, MAGIC)
        self._file.write(bytes([is_last]) + len(sealed).to_bytes(4, "big") + sealed)
        self._number += 1


class SealedReader:
    """Reads back what `SealedWriter` wrote, and nothing that was altered.

    Raises
    ------
    ReviewError
        TID753 when the file is no backup, was altered or cut off, or the key is another one.
    """

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        head = file.read(len(MAGIC) + _SALT)
        if head[: len(MAGIC)] != MAGIC or len(head) < len(MAGIC) + _SALT:
            raise _does_not_open()
        self._file, self._cipher = file, _cipher(key, head[len(MAGIC) :])
        self._number, self._waiting, self._is_over = 0, bytearray(), False

    def read(self, size: int = -1) -> bytes:
        """Give up to `size` bytes, all that is left by default; nothing at the end."""
        while not self._is_over and (size < 0 or len(self._waiting) < size):
            self._open_next()
        taken = bytes(self._waiting if size < 0 else self._waiting[:size])
        del self._waiting[: len(taken)]
        return taken

    def read_to_end(self) -> None:
        """Read on to the last chunk, so that a file that was cut off shows."""
        while not self._is_over:
            self._open_next()

    def _open_next(self) -> None:
        head = self._file.read(_HEAD)
        if len(head) < _HEAD or head[0] > 1:
            raise _does_not_open()
        is_last, sealed = bool(head[0]), self._file.read(int.from_bytes(head[1:], "big"))
        try:
            self._waiting += self._cipher.decrypt(_nonce(self._number, is_last=is_last), sealed, MAGIC)
        except InvalidTag as error:
            raise _does_not_open() from error
        self._number, self._is_over = self._number + 1, is_last


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=MAGIC).derive(key))


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _does_not_open() -> ReviewError:
    return ReviewError("TID753", "this is no backup that opens with this key: the key is another one, or the file was altered or cut off.")
