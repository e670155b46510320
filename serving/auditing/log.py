"""The log: every read and every decision of a case, in the transaction of what it tells of.

Entries have the format of `features.ledger`: each holds the hash of the one before, so that an edit, a removal or a move shows. What
is about a person is sealed under that person's key; when the key is erased the content is gone and the chain still holds.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, select
from sqlalchemy.orm import Session

from features.errors import LedgerError
from features.ledger import GENESIS, Anchor, Entry, VerifiedLedger, canonical_json, next_entry, open_content, verify
from serving.person_keys import PersonKeys
from serving.roles import Role
from serving.storage.tables import CaseRow, LogRow

_SHIELDED = "SKJERMET"
"""State of a case whose person's address has become protected; `serving.cases.states` imports nothing from here, nor this from there."""


@dataclass(frozen=True)
class Event:
    """What happened. `details` are counts, codes and dates; nothing of a person's and nothing that a person wrote."""

    action: str
    actor: str
    role: str
    case_id: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class About:
    """What of an event is about a person: sealed under that person's key."""

    keys: PersonKeys
    subject_id: str
    personal: Mapping[str, Any] | None


@dataclass(frozen=True)
class LogLine:
    """An entry's metadata. Its place in the chain is not among it: the gaps would tell of entries that are not listed (R-08)."""

    at: datetime
    action: str
    actor: str
    role: str
    case_id: str | None
    details: dict[str, Any]
    hash: str


@dataclass(frozen=True)
class LogPage:
    """Part of the list that log readers see, newest first."""

    lines: tuple[LogLine, ...]
    end: int | None
    """Place in the chain behind which older lines follow; None on the last page. It goes into a sealed cursor and nowhere else."""

    @property
    def place(self) -> tuple[str] | None:
        """The end as a cursor holds it: always as long, so that a sealed one does not tell how long the chain is."""
        return None if self.end is None else (f"{self.end:019d}",)


def record(session: Session, event: Event, *, now: datetime, about: About | None = None) -> Entry:
    """Append an entry in the caller's transaction: it stands when the change stands, and falls when it falls.

    Writers go one at a time (`serving.storage.database`), so that two entries never follow the same one.
    """
    entry = next_entry(
        _head(session),
        recorded_at=now,
        actor=event.actor,
        action=event.action,
        subject_id=None if about is None else about.subject_id,
        purpose="score",
        public={"role": event.role, "case": event.case_id, **event.details},
        content=None if about is None else about.personal,
        key=_key(session, about, now),
        token_bytes=secrets.token_bytes,
    )
    session.add(LogRow(seq=entry.sequence, case_id=event.case_id, entry=canonical_json(entry.as_dict()).decode()))
    session.flush()
    return entry


def digest(content: Any) -> str:
    """Give the SHA-256 of JSON content, as it goes into a sealed entry: proof of what was there, without keeping it."""
    return sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def read_page(session: Session, *, before: int | None, limit: int, by: str | None = None) -> LogPage:
    """Read entries' metadata, newest first, as log readers may see them.

    What tells of a protected address is not there: entries of shielded cases, and everything that the shielded role did. Nothing in a line
    says that one is missing between two of them (R-08; decision 33).

    The work is that of the page, however long the log is: the primary key is walked downwards from `before` until enough lines are found,
    and of each entry on the way one case is looked up by its key. Nothing is counted, sorted or skipped by number.

    Parameters
    ----------
    before
        Give entries that stand before this place in the chain: `LogPage.end` of the page before.
    by
        Only entries of this account; then the work is that of the log, as far back as the account's entries go.
    """
    listed = listed_before(before)
    wanted = listed if by is None else listed.where(LogRow.entry.contains(f'"actor":"{by}"', autoescape=True))
    rows = session.scalars(wanted.limit(limit + 1)).all()
    return LogPage(tuple(_line(row) for row in rows[:limit]), rows[limit - 1].seq if len(rows) > limit else None)


def listed_before(place: int | None) -> Select[LogRow]:
    """Ask for the entries that log readers see, newest first, from before a place in the chain or from its end."""
    older = () if place is None else (LogRow.seq < place,)
    return select(LogRow).where(_is_listed(), *older).order_by(LogRow.seq.desc())


def place_of(cursor: tuple[str | int, ...] | None) -> int | None:
    """Read where in the chain a page begins out of what a cursor held; None at the beginning.

    Examples
    --------
    >>> place_of(LogPage((), end=17).place), place_of(None)
    (17, None)
    """
    return None if cursor is None else int(cursor[0])


def count_listed(session: Session) -> int:
    """Count the entries that log readers see. The whole count stands in anchors, which are kept where no log reader looks."""
    return session.scalar(select(func.count()).select_from(LogRow).where(_is_listed())) or 0


def verify_for_readers(session: Session) -> VerifiedLedger:
    """Verify the whole chain, and give its head with the number of entries that log readers see.

    Raises
    ------
    LedgerError
        As `verify_log`.
    """
    return VerifiedLedger(count_listed(session), verify_log(session).head)


def _is_listed() -> ColumnElement[bool]:
    """Read from the sealed entry itself, not from a column beside it: nobody hides an entry by an unsealed mark."""
    is_shielded = exists().where(CaseRow.id == LogRow.case_id, CaseRow.is_shielded.is_(True) | (CaseRow.state == _SHIELDED))
    by_the_shielded_role = LogRow.entry.contains(f'"role":"{Role.SHIELDED_CASEWORKER.value}"', autoescape=True)
    return and_(not_(is_shielded), not_(by_the_shielded_role))


def read_case_lines(session: Session, case_id: str) -> list[LogLine]:
    """Read the metadata of a case's entries, oldest first."""
    return [_line(row) for row in session.scalars(select(LogRow).where(LogRow.case_id == case_id).order_by(LogRow.seq))]


def read_case_entries(session: Session, case_id: str) -> list[Entry]:
    """Read a case's entries whole, oldest first, their personal part still sealed."""
    return [read_entry(row) for row in session.scalars(select(LogRow).where(LogRow.case_id == case_id).order_by(LogRow.seq))]


def read_entry(row: LogRow) -> Entry:
    """Read the entry that a row holds."""
    return _entry(row.entry)


def personal_of(entry: Entry, key: bytes | None) -> dict[str, Any]:
    """Open what of an entry is about the person; empty where there is nothing, or the person was erased."""
    return {} if key is None or entry.sealed is None else open_content(entry, key)


def verify_log(session: Session, *, anchor: Anchor | None = None, look: Callable[[Entry], None] | None = None) -> VerifiedLedger:
    """Verify the whole chain.

    Parameters
    ----------
    anchor
        Count and head noted earlier and kept outside the database. Without it a log that was cut off at its end verifies.
    look
        Called with each entry as it is read; what it saw counts once this returns.

    Raises
    ------
    LedgerError
        TID801 edited, TID802 removed, TID803 moved, TID804 cut off, TID805 no entry at all; the message names the entry.
    """
    query = select(LogRow.seq, LogRow.entry).order_by(LogRow.seq).execution_options(yield_per=1000)
    with session.execute(query) as rows:
        return verify(_looked_at((_checked_place(seq, text) for seq, text in rows), look), anchor=anchor)


def _looked_at(entries: Iterator[Entry], look: Callable[[Entry], None] | None) -> Iterator[Entry]:
    for entry in entries:
        if look is not None:
            look(entry)
        yield entry


def _checked_place(seq: int, text: str) -> Entry:
    """Read a row's entry; one that lies under another number than its own was moved."""
    try:
        entry = _entry(text)
    except (ValueError, LedgerError) as error:
        raise LedgerError("TID805", f"entry {seq} was edited: what stands there is no entry.") from error
    if entry.sequence != seq:
        raise LedgerError("TID803", f"entry {entry.sequence} was moved: it lies under the number {seq}.")
    return entry


def _head(session: Session) -> Anchor:
    last = session.scalar(select(LogRow.entry).order_by(LogRow.seq.desc()).limit(1))
    return GENESIS if last is None else _entry(last).anchor


def _key(session: Session, about: About | None, now: datetime) -> bytes | None:
    return None if about is None or about.personal is None else about.keys.get_or_make(session, about.subject_id, now=now)


def _entry(text: str) -> Entry:
    return Entry.from_dict(json.loads(text))


def _line(row: LogRow) -> LogLine:
    entry = _entry(row.entry)
    details = {name: value for name, value in entry.public.items() if name not in ("role", "case")}
    return LogLine(entry.recorded_at, entry.action, entry.actor, entry.public["role"], entry.public["case"], details, entry.hash)
