"""Verify both ledgers: the service's log in the database, and the promotions' file."""

from __future__ import annotations

from features.errors import LedgerError
from features.ledger import Anchor, VerifiedLedger, read_entries, verify
from features.project import Project
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
        TID801 to TID805, naming the first entry that does not fit.
    """
    return {"log": _verify_log(project, settings, anchor), "promotions": verify(read_entries(project.var / "ledger" / "promotions.jsonl"))}


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


def _verify_log(project: Project, settings: Settings, anchor: Anchor | None) -> VerifiedLedger:
    if settings.database_url is None and not (project.var / "tidlig.db").exists():
        return verify([], anchor=anchor)
    database = open_database(settings.url_for(project))
    try:
        check_schema(database)
        with database.reading() as session:
            return verify_log(session, anchor=anchor)
    finally:
        database.close()
