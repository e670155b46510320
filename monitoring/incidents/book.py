"""The incidents' book: a hash-chained file that is only ever appended to, and a head file that says where it ends.

One writer at a time, whoever starts first; a writer that is killed leaves a whole entry or none, and its lock goes with it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from features.declarations.project import Project
from features.errors import LedgerError
from features.ledger import Anchor, Entry, VerifiedLedger, append_next, canonical_json, read_entries, verify
from monitoring.incidents.record import Incident, tell_incidents

PURPOSE = "audit"


def book_path(project: Project) -> Path:
    """The book's file."""
    return project.var / "incidents" / "incidents.jsonl"


def head_path(project: Project) -> Path:
    """The file that says where the book ends."""
    return project.var / "incidents" / "incidents.head.json"


def read_incidents(project: Project) -> tuple[Incident, ...]:
    """Read every incident, oldest first; none where there is no book.

    Raises
    ------
    LedgerError
        TID801 to TID805 when the book does not verify.
    """
    return tuple(tell_incidents(_read_verified(project)).values())


def verify_incidents(project: Project, *, anchor: Anchor | None = None) -> VerifiedLedger:
    """Check the whole book, and against an anchor that was kept elsewhere.

    Raises
    ------
    LedgerError
        TID801 to TID805.
    """
    return verify(_read_verified(project), anchor=anchor)


@dataclass
class Book:
    """The book, open for writing; nobody else writes meanwhile."""

    project: Project
    incidents: dict[str, Incident]

    def write(self, action: str, *, role: str, public: Mapping[str, Any], now: datetime) -> Incident:
        """Append one entry and give the incident as it stands after it."""
        path = book_path(self.project)
        entry = append_next(path, recorded_at=now, actor=role, action=action, purpose=PURPOSE, public=public)
        _write_head(self.project, entry)
        self.incidents = tell_incidents(read_entries(path))
        return self.incidents[str(public["incident"])]


@contextmanager
def open_book(project: Project) -> Iterator[Book]:
    """Open the book for writing, which has to be whole; other writers wait.

    Raises
    ------
    LedgerError
        TID801 to TID805 when the book does not verify.
    """
    path = book_path(project).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # gone with the process, however it ends
        yield Book(project, tell_incidents(_read_verified(project)))


def _read_verified(project: Project) -> tuple[Entry, ...]:
    entries, head = tuple(read_entries(book_path(project))), _read_head(project)
    verify(entries, anchor=head)
    if head is None and len(entries) > 1:
        raise LedgerError(
            "TID804",
            f"{head_path(project)} is missing, so the end of the incidents' book may have been cut off. Restore both from a backup.",
        )
    return entries


def _read_head(project: Project) -> Anchor | None:
    path = head_path(project)
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Anchor(int(content["count"]), str(content["head"]))
    except (KeyError, TypeError, ValueError) as error:
        raise LedgerError(
            "TID805", f"{path} does not say where the incidents' book ends. Restore it, with the book, from a backup."
        ) from error


def _write_head(project: Project, entry: Entry) -> None:
    draft = head_path(project).with_suffix(".draft")
    with draft.open("wb") as file:
        file.write(canonical_json({"count": entry.sequence, "head": entry.hash}) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(head_path(project))
