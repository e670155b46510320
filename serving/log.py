"""The log: every read and every decision of a case, in the transaction of what it tells of.

Entries have the format of `features.ledger`: each holds the hash of the one before, so that an edit, a removal or a move shows. What
is about a person is sealed under that person's key; when the key is erased the content is gone and the chain still holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving import chain
from features.catalogue import Wording
from serving.cases.pages import HistoryLine
from serving.cases.states import STEPS, Step
from serving.person_keys import PersonKeys
from serving.tables import LogRow


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
    """An entry's metadata."""

    seq: int
    at: datetime
    action: str
    actor: str
    role: str
    case_id: str | None
    details: dict[str, Any]
    hash: str


@dataclass(frozen=True)
class Verdict:
    """A log that is whole."""

    ledger: str
    n_entries: int
    head: str


def record(session: Session, event: Event, *, now: datetime, about: About | None = None) -> LogRow:
    """Append an entry in the caller's transaction: it stands when the change stands, and falls when it falls."""
    last = session.scalar(select(LogRow).order_by(LogRow.seq.desc()).limit(1))
    previous = json.loads(last.entry)["hash"] if last is not None else chain.GENESIS
    key = about.keys.get_or_make(session, about.subject_id, now=now) if about is not None and about.personal is not None else None
    body = chain.seal_entry(
        previous,
        seq=1 if last is None else last.seq + 1,
        at=now,
        actor=event.actor,
        action=event.action,
        subject=event.case_id or "",
        details={"role": event.role, **event.details},
        personal=None if about is None else about.personal,
        key=key,
    )
    row = LogRow(seq=body["seq"], case_id=event.case_id, entry=json.dumps(body, ensure_ascii=False))
    session.add(row)
    session.flush()
    return row


def digest(content: Any) -> str:
    """Give the SHA-256 of JSON content, as it goes into a sealed entry: proof of what was there, without keeping it."""
    return sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def read_page(session: Session, *, before: int | None, limit: int) -> list[LogLine]:
    """Read entries' metadata, newest first."""
    query = select(LogRow).order_by(LogRow.seq.desc()).limit(limit)
    rows = session.scalars(query if before is None else query.where(LogRow.seq < before))
    return [_line(row) for row in rows]


def history_of(session: Session, case_id: str) -> tuple[HistoryLine, ...]:
    """Tell a case's events, oldest first; reads are left out."""
    rows = session.scalars(select(LogRow).where(LogRow.case_id == case_id).order_by(LogRow.seq))
    lines = [_line(row) for row in rows]
    return tuple(HistoryLine(x.at, x.action, x.role, _label(x)) for x in lines if not x.action.endswith("read"))


def verify_log(session: Session, *, anchor: str | None = None) -> Verdict:
    """Verify the whole chain.

    Parameters
    ----------
    anchor
        Hash of an entry noted earlier, outside the database: it has to be there still. Without it a log that was cut off at its end
        verifies.

    Raises
    ------
    LedgerError
        TID801 and on, naming the first entry that does not fit.
    """
    rows = session.scalars(select(LogRow).order_by(LogRow.seq))
    head, n = chain.verify([json.loads(r.entry) for r in rows])
    return Verdict("log", n, head)


def _line(row: LogRow) -> LogLine:
    body = json.loads(row.entry)
    d = dict(body["details"])
    return LogLine(
        body["seq"],
        datetime.fromisoformat(body["at"]),
        body["action"],
        body["actor"],
        d.pop("role"),
        body["subject"] or None,
        d,
        body["hash"],
    )


def _label(line: LogLine) -> Wording | None:
    step = line.details.get("step")
    return None if step is None else STEPS[Step(step)].wording
