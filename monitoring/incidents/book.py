"""The incidents' book: a hash-chained file that is only ever appended to, and a head file that says where it ends.

One writer at a time, whoever starts first; a writer that is killed leaves a whole entry or none, and its lock goes with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from features.declarations.project import Project
from features.ledger import Anchor, VerifiedLedger, read_entries, verify
from features.ledger_file import LedgerFile
from monitoring.incidents.record import Incident, tell_incidents

PURPOSE = "audit"


def book_of(project: Project) -> LedgerFile:
    """The book's file with its head."""
    return LedgerFile(project.var / "incidents" / "incidents.jsonl", "the incidents' book")


def book_path(project: Project) -> Path:
    """The book's file."""
    return book_of(project).path


def head_path(project: Project) -> Path:
    """The file that says where the book ends."""
    return book_of(project).head_path


def read_incidents(project: Project) -> tuple[Incident, ...]:
    """Read every incident, oldest first; none where there is no book.

    Raises
    ------
    LedgerError
        TID801 to TID805 when the book does not verify.
    """
    return tuple(tell_incidents(book_of(project).read()).values())


def verify_incidents(project: Project, *, anchor: Anchor | None = None) -> VerifiedLedger:
    """Check the whole book, and against an anchor that was kept elsewhere.

    Raises
    ------
    LedgerError
        TID801 to TID805.
    """
    return verify(book_of(project).read(), anchor=anchor)


@dataclass
class Book:
    """The book, open for writing; nobody else writes meanwhile."""

    project: Project
    incidents: dict[str, Incident]

    def write(self, action: str, *, role: str, public: Mapping[str, Any], now: datetime) -> Incident:
        """Append one entry and give the incident as it stands after it."""
        file = book_of(self.project)
        file.append(recorded_at=now, actor=role, action=action, purpose=PURPOSE, public=public)
        self.incidents = tell_incidents(read_entries(file.path))
        return self.incidents[str(public["incident"])]


@contextmanager
def open_book(project: Project) -> Iterator[Book]:
    """Open the book for writing, which has to be whole; other writers wait.

    Raises
    ------
    LedgerError
        TID801 to TID805 when the book does not verify.
    """
    file = book_of(project)
    with file.writing():
        yield Book(project, tell_incidents(file.read()))
