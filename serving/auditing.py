"""Verify both ledgers: the service's log in the database, and the promotions' file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError

from features.declarations.project import Project
from features.errors import LedgerError
from features.ledger import Anchor, Entry, VerifiedLedger, verify
from models.promotion.ledger import ledger_path, read_promotions, verify_promotions
from serving.database import open_database
from serving.log import verify_log
from serving.migrate import check_schema
from serving.settings import Settings


def verify_ledgers(
    project: Project, settings: Settings, *, anchor: Anchor | None = None, promotions_anchor: Anchor | None = None
) -> dict[str, VerifiedLedger]:
    """Verify the log and the promotions' ledger; a ledger that was never begun has no entries.

    Parameters
    ----------
    anchor
        The log's count and head, noted earlier and kept elsewhere.
    promotions_anchor
        The same of the promotions' ledger.

    Raises
    ------
    LedgerError
        TID801 to TID805, naming the ledger and the first entry in it that does not fit.
    GateError
        TID605, TID611 when a promotion is not signed as it has to be.
    """
    with _named(f"the promotions' ledger ({ledger_path(project)})"):
        promotions = verify_promotions(project, anchor=promotions_anchor)
    named: set[str] = set()
    log = _verify_log(project, settings, anchor, named)
    _check_known(named, project)
    return {"log": log, "promotions": promotions}


def _check_known(named: set[str], project: Project) -> None:
    """Each screening names the promotion of the model that it used: a second witness, in another place, of what the ledger held."""
    missing = named - {entry.hash for entry in read_promotions(project)}
    with _named(f"the promotions' ledger ({ledger_path(project)})"):
        if missing:
            raise LedgerError(
                "TID804", f"{len(missing)} promotions that screenings name in the service's log are not in it: it was cut off."
            )


@contextmanager
def _named(ledger: str) -> Iterator[None]:
    """Say in a refusal which ledger it is about, and what to do."""
    try:
        yield
    except LedgerError as error:
        advice = "Set a copy aside, find out who could write there, and restore a backup that verifies."
        raise LedgerError(error.code, f"{ledger}: {error.message} {advice}") from error


def _verify_log(project: Project, settings: Settings, anchor: Anchor | None, named: set[str]) -> VerifiedLedger:
    if settings.database_url is None and not (project.var / "tidlig.db").exists():
        return verify([], anchor=anchor)
    with _named("the service's log"):
        return _verify_stored(project, settings, anchor, named)


def _verify_stored(project: Project, settings: Settings, anchor: Anchor | None, named: set[str]) -> VerifiedLedger:
    database = open_database(settings.url_for(project))
    try:
        check_schema(database)
        with database.reading() as session:
            return verify_log(session, anchor=anchor, look=lambda entry: named.update(_promotion_of(entry)))
    except DatabaseError as error:
        raise LedgerError("TID805", "its database does not read: it is damaged, or can't be reached.") from error
    finally:
        database.close()


def _promotion_of(entry: Entry) -> set[str]:
    promotion = entry.public.get("promotion")
    return set() if promotion is None else {str(promotion)}
