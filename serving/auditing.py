"""Verify both ledgers: the service's log in the database, and the promotions' file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from features.declarations.project import Project
from features.errors import LedgerError
from features.ledger import Anchor, VerifiedLedger, read_entries, verify
from serving.database import open_database
from serving.log import verify_log
from serving.migrate import check_schema
from serving.settings import Settings


def verify_ledgers(project: Project, settings: Settings, *, anchor: Anchor | None = None) -> dict[str, VerifiedLedger]:
    """Verify the log and the promotions' ledger; a ledger that was never begun has no entries.

    Parameters
    ----------
    anchor
        The log's count and head, noted earlier and kept elsewhere.

    Raises
    ------
    LedgerError
        TID801 to TID805, naming the ledger and the first entry in it that does not fit.
    """
    return {"log": _verify_log(project, settings, anchor), "promotions": _verify_promotions(project.var / "ledger" / "promotions.jsonl")}


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


@contextmanager
def _named(ledger: str) -> Iterator[None]:
    """Say in a refusal which ledger it is about, and what to do."""
    try:
        yield
    except LedgerError as error:
        advice = "Set a copy aside, find out who could write there, and restore a backup that verifies."
        raise LedgerError(error.code, f"{ledger}: {error.message} {advice}") from error


def _verify_promotions(path: Path) -> VerifiedLedger:
    with _named(f"the promotions' ledger ({path})"):
        return verify(read_entries(path))


def _verify_log(project: Project, settings: Settings, anchor: Anchor | None) -> VerifiedLedger:
    if settings.database_url is None and not (project.var / "tidlig.db").exists():
        return verify([], anchor=anchor)
    with _named("the service's log"):
        return _verify_stored(project, settings, anchor)


def _verify_stored(project: Project, settings: Settings, anchor: Anchor | None) -> VerifiedLedger:
    database = open_database(settings.url_for(project))
    try:
        check_schema(database)
        with database.reading() as session:
            return verify_log(session, anchor=anchor)
    except DatabaseError as error:
        raise LedgerError("TID805", "its database does not read: it is damaged, or can't be reached.") from error
    finally:
        database.close()
