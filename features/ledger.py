"""A log that shows tampering: the hash-chained record format of training's ledger file and of serving's database.

Each entry's hash covers everything in it and the hash before it, so that an entry can't be edited, removed or moved unseen; an anchor
(count and head, kept elsewhere) shows when the end was cut off. Personal content is sealed under a key of the person's own: erasing that
key erases the person from the log, and the chain still verifies (R-25, R-27).
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from features.errors import LedgerError

NONCE_BYTES = 12
KEY_BYTES = 32


@dataclass(frozen=True)
class Anchor:
    """Where a ledger stands: how many entries, and the hash of the last."""

    count: int
    head: str


GENESIS = Anchor(0, "0" * 64)
"""Before the first entry."""


@dataclass(frozen=True)
class Entry:
    """One thing that was done.

    Attributes
    ----------
    sequence
        1 for the first entry, without gaps.
    recorded_at
        Aware UTC.
    actor
        Account or service that did it, never a private person's name.
    public
        What may be read by every log reader: codes, counts, versions; nothing about a person.
    sealed
        Personal content: nonce followed by AES-256-GCM ciphertext under the person's key, or None.
    """

    sequence: int
    recorded_at: datetime
    actor: str
    action: str
    subject_id: str | None
    purpose: str | None
    public: Mapping[str, Any]
    sealed: bytes | None
    previous_hash: str
    hash: str

    @property
    def anchor(self) -> Anchor:
        """The ledger's state right after this entry."""
        return Anchor(self.sequence, self.hash)

    def as_dict(self) -> dict[str, Any]:
        """Give the entry as JSON-ready fields; `sealed` as base64."""
        return {
            "sequence": self.sequence,
            "recorded_at": _instant(self.recorded_at),
            "actor": self.actor,
            "action": self.action,
            "subject_id": self.subject_id,
            "purpose": self.purpose,
            "public": dict(self.public),
            "sealed": base64.b64encode(self.sealed).decode("ascii") if self.sealed is not None else None,
            "previous_hash": self.previous_hash,
            "hash": self.hash,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Entry:
        """Read what `as_dict` gave.

        Raises
        ------
        LedgerError
            TID805 when it is no entry.
        """
        try:
            return cls(
                sequence=int(fields["sequence"]),
                recorded_at=datetime.fromisoformat(fields["recorded_at"]).astimezone(UTC),
                actor=fields["actor"],
                action=fields["action"],
                subject_id=fields["subject_id"],
                purpose=fields["purpose"],
                public=fields["public"],
                sealed=base64.b64decode(fields["sealed"], validate=True) if fields["sealed"] is not None else None,
                previous_hash=fields["previous_hash"],
                hash=fields["hash"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise LedgerError("TID805", "a line of the ledger is no entry: a field is missing or malformed.") from error


@dataclass(frozen=True)
class VerifiedLedger:
    """A ledger that holds: how many entries, and its head."""

    count: int
    head: str

    @property
    def anchor(self) -> Anchor:
        """What to keep elsewhere, so that a cut end shows."""
        return Anchor(self.count, self.head)


def next_entry(
    after: Anchor,
    *,
    recorded_at: datetime,
    actor: str,
    action: str,
    subject_id: str | None = None,
    purpose: str | None = None,
    public: Mapping[str, Any] | None = None,
    content: Mapping[str, Any] | None = None,
    key: bytes | None = None,
    token_bytes: Callable[[int], bytes] | None = None,
) -> Entry:
    """Make the entry that follows `after`.

    Parameters
    ----------
    content, key, token_bytes
        Personal content, sealed under the person's key with a nonce from `token_bytes`; all three or none.

    Raises
    ------
    ValueError
        When `recorded_at` has no time zone, or content comes without key, subject or randomness.
    """
    sealed = None
    if content is not None:
        if key is None or token_bytes is None or subject_id is None:
            raise ValueError("personal content needs a subject, that person's key and a source of nonces")
        sealed = seal_content(content, key, sequence=after.count + 1, action=action, subject_id=subject_id, nonce=token_bytes(NONCE_BYTES))
    draft = Entry(after.count + 1, recorded_at, actor, action, subject_id, purpose, dict(public or {}), sealed, after.head, "")
    return replace(draft, hash=entry_hash(draft))


def entry_hash(entry: Entry) -> str:
    """SHA-256 over the entry's canonical JSON (sorted keys, no spaces, UTF-8) without its own hash."""
    fields = entry.as_dict()
    del fields["hash"]
    return hashlib.sha256(canonical_json(fields)).hexdigest()


def canonical_json(fields: Mapping[str, Any]) -> bytes:
    """One spelling for one content.

    >>> canonical_json({"b": 1, "a": "x"})
    b'{"a":"x","b":1}'
    """
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def seal_content(content: Mapping[str, Any], key: bytes, *, sequence: int, action: str, subject_id: str, nonce: bytes) -> bytes:
    """Seal personal content for one entry; it opens with this key in this place only.

    A nonce may be used once with a key: take 12 random bytes.
    """
    return nonce + AESGCM(key).encrypt(nonce, canonical_json(content), _place(sequence, action, subject_id))


def open_content(entry: Entry, key: bytes) -> dict[str, Any]:
    """Read the personal content of an entry.

    Raises
    ------
    LedgerError
        TID806 when there is none, or the key is not the person's.
    """
    if entry.sealed is None or entry.subject_id is None:
        raise LedgerError("TID806", f"entry {entry.sequence} has no personal content.")
    nonce, text = entry.sealed[:NONCE_BYTES], entry.sealed[NONCE_BYTES:]
    try:
        plain = AESGCM(key).decrypt(nonce, text, _place(entry.sequence, entry.action, entry.subject_id))
    except InvalidTag as error:
        raise LedgerError(
            "TID806", f"the content of entry {entry.sequence} does not open: wrong key, or it was moved or edited."
        ) from error
    content: dict[str, Any] = json.loads(plain)
    return content


def verify(entries: Iterable[Entry], *, anchor: Anchor | None = None) -> VerifiedLedger:
    """Check a whole ledger, in order, in one pass.

    Parameters
    ----------
    anchor
        Count and head noted earlier and kept elsewhere; without it a cut end can't be seen.

    Raises
    ------
    LedgerError
        TID801 an entry was edited, TID802 removed, TID803 moved, TID804 the end was cut off. The message names the sequence.
    """
    last, seen_anchor = GENESIS, anchor is None or anchor == GENESIS
    for entry in entries:
        _check_follows(entry, last)
        last = entry.anchor
        if anchor is not None and last.count == anchor.count:
            seen_anchor = True
            if last.head != anchor.head:
                raise LedgerError(
                    "TID801", f"entry {entry.sequence} or one before it was edited and the chain made anew: it is not the anchored one."
                )
    if not seen_anchor and anchor is not None:
        raise LedgerError("TID804", f"the ledger was cut off: it ends at entry {last.count}, and an anchor says it had {anchor.count}.")
    return VerifiedLedger(last.count, last.head)


def read_anchor(text: str) -> Anchor:
    """Read ``COUNT:HEAD``.

    Raises
    ------
    LedgerError
        TID808 when it is something else.

    Examples
    --------
    >>> read_anchor("2:" + "ab" * 32).count
    2
    """
    count, _, head = text.partition(":")
    if not count.isdigit() or len(head) != 64:
        raise LedgerError("TID808", "an anchor is COUNT:HEAD, as `tidlig audit verify` prints it.")
    return Anchor(int(count), head)


def append_entry(path: Path, entry: Entry) -> None:
    """Append an entry to a ledger file, on disk when this returns.

    Raises
    ------
    LedgerError
        TID807 when the entry does not follow the file's last one: somebody else appended in between. Make it anew with `append_next`.
    """
    _append(path, lambda last: _checked_follower(entry, last, path))


def append_next(path: Path, **fields: Any) -> Entry:
    """Make the next entry of a ledger file and append it, under the file's lock; fields as in `next_entry`."""
    return _append(path, lambda last: next_entry(last, **fields))


def read_entries(path: Path) -> Iterator[Entry]:
    """Read a ledger file; none where there is no file.

    A last line without its newline was never acknowledged: the process was killed while writing it. It is left out.

    Raises
    ------
    LedgerError
        TID805 when a line is no entry.
    """
    if not path.is_file():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.endswith(b"\n"):
                yield _parse(line, place=f"{path}, line {number}")


def _append(path: Path, make: Callable[[Anchor], Entry]) -> Entry:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        last, end = _tail(file, path)
        file.truncate(end)
        entry = make(last)
        file.write(canonical_json(entry.as_dict()) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return entry


def _tail(file: Any, path: Path) -> tuple[Anchor, int]:
    """Anchor of the last whole line, and where it ends; reads backwards, since ledgers grow long."""
    size = file.seek(0, os.SEEK_END)
    data, start = b"", size
    while start > 0 and data.count(b"\n") < 2:
        step = min(1 << 16, start)
        start -= step
        file.seek(start)
        data = file.read(step) + data
    end = size - (len(data) - (data.rfind(b"\n") + 1))
    lines = data[: data.rfind(b"\n") + 1].splitlines()
    return (_parse(lines[-1], place=f"{path}, last line").anchor if lines else GENESIS), end


def _checked_follower(entry: Entry, last: Anchor, path: Path) -> Entry:
    if (entry.sequence, entry.previous_hash) != (last.count + 1, last.head):
        raise LedgerError(
            "TID807", f"entry {entry.sequence} does not follow the last one of {path} ({last.count}). Make it anew after that one."
        )
    return entry


def _check_follows(entry: Entry, last: Anchor) -> None:
    expected = last.count + 1
    if entry_hash(entry) != entry.hash:
        raise LedgerError("TID801", f"entry {entry.sequence} was edited: its hash does not fit its content.")
    if entry.sequence < expected:
        raise LedgerError("TID803", f"entry {entry.sequence} was moved: it stands where {expected} is expected.")
    if entry.sequence > expected:
        raise LedgerError("TID802", f"entry {expected} was removed or moved: {entry.sequence} stands in its place.")
    if entry.previous_hash != last.head:
        raise LedgerError("TID802", f"an entry before {entry.sequence} was removed or replaced: the chain is broken there.")


def _parse(line: bytes, *, place: str) -> Entry:
    try:
        return Entry.from_dict(json.loads(line))
    except (ValueError, LedgerError) as error:
        raise LedgerError(
            "TID805", f"{place} is no entry of a ledger. Restore the file from a backup; a ledger is only ever appended to."
        ) from error


def _place(sequence: int, action: str, subject_id: str) -> bytes:
    return canonical_json({"action": action, "sequence": sequence, "subject_id": subject_id})


def _instant(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("a ledger's times are aware UTC")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
