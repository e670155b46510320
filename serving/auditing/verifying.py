"""Verify both ledgers: the service's log in the database, and the promotions' file, against what was anchored elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from features.declarations.project import Project
from features.errors import LedgerError
from features.ledger import Anchor, Entry, VerifiedLedger, verify
from models.promotion.ledger import ledger_path, read_promotions, verify_promotions
from serving.auditing.anchors import Anchored, NotedAnchors, check_against, check_anchor_folder, read_anchors
from serving.auditing.log import verify_log
from serving.settings import Settings
from serving.storage.database import open_database
from serving.storage.migrate import check_schema


def verify_ledgers(
    project: Project, settings: Settings, *, anchor: Anchor | None = None, promotions_anchor: Anchor | None = None
) -> dict[str, VerifiedLedger]:
    """Verify the log and the promotions' ledger; a ledger that was never begun has no entries.

    Every anchor in the folder of `settings.anchor_folder` is compared too, and everyone that the log tells of has to be there.

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
    anchors = () if settings.anchor_folder is None else _read_anchors(settings.anchor_folder)
    named: set[str] = set()
    anchored: dict[int, str] = dict.fromkeys((a.log.count for a in anchors), "")

    noted = NotedAnchors()

    def look(entry: Entry) -> None:
        noted.look(entry)
        named.update(_promotion_of(entry))
        if entry.sequence in anchored:
            anchored[entry.sequence] = entry.hash

    log = _verify_log(project, settings, anchor, look)
    _check_known(named, project)
    if settings.anchor_folder is not None:
        with _named(f"the anchors in {settings.anchor_folder}"):
            noted.check_there(anchors)
    with _named("the anchors"):
        promoted = {entry.sequence: entry.hash for entry in read_promotions(project)}
        check_against(anchors, log_hashes={count: found for count, found in anchored.items() if found}, promotion_hashes=promoted)
    return {"log": log, "promotions": promotions}


def _read_anchors(folder: Path) -> tuple[Anchored, ...]:
    check_anchor_folder(folder)
    with _named(f"the anchors in {folder}"):
        return read_anchors(folder)


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


def _verify_log(project: Project, settings: Settings, anchor: Anchor | None, look: Callable[[Entry], None]) -> VerifiedLedger:
    if settings.database_url is None and not (project.var / "tidlig.db").exists():
        return verify([], anchor=anchor)
    with _named("the service's log"):
        return _verify_stored(project, settings, anchor, look)


def _verify_stored(project: Project, settings: Settings, anchor: Anchor | None, look: Callable[[Entry], None]) -> VerifiedLedger:
    database = open_database(settings.url_for(project))
    try:
        check_schema(database)
        with database.reading() as session:
            return verify_log(session, anchor=anchor, look=look)
    except DatabaseError as error:
        raise LedgerError("TID805", "its database does not read: it is damaged, or can't be reached.") from error
    finally:
        database.close()


def _promotion_of(entry: Entry) -> set[str]:
    promotion = entry.public.get("promotion")
    return set() if promotion is None else {str(promotion)}
