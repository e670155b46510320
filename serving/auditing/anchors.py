"""Anchors: where both ledgers stood on a day, kept in a folder outside the database.

A chain shows every edit but its own cut end. So the running service appends once a day, to one file a month, how many entries each ledger
had and the hash of its last one. The files are ledgers themselves, chained from month to month. Put them where the database's
administrator can't write, or copy them there daily.

The log says in an entry of its own when it was anchored. So a file that is gone shows, the newest too, as long as the log was not cut back
with it: whoever may write in both places can take both back to the same day, and nothing but a copy in a third place helps against that.

Beside them lies `standing.jsonl`: who was erased and who objected. A backup that is restored is older than these, and may bring nobody
back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.errors import LedgerError, ReviewError, ScreeningError
from features.ledger import GENESIS, Anchor, Entry, append_next, read_anchor, read_entries, verify
from features.restrictions import read_restrictions
from models.promotion.ledger import read_promotions
from serving.auditing import log
from serving.storage.database import Database
from serving.storage.tables import PersonKeyRow, RestrictionRow

_log = logging.getLogger(__name__)

SYSTEM = "system"
STANDING = "standing.jsonl"
Kind = Literal["erased", "restricted", "lifted"]


@dataclass(frozen=True)
class Anchored:
    """One line of the anchor files."""

    at: datetime
    log: Anchor
    promotions: Anchor
    is_restored: bool
    """Written by a restore: from here on the log goes on from this count, and anchors with a higher one no longer bind it."""


@dataclass(frozen=True)
class Standing:
    """What stands of a person whatever a backup says."""

    subject_id: str
    kind: Kind
    at: datetime
    role: str
    restriction: str = ""
    """Kind of the restriction, where it is one."""


def export_anchor(session: Session, project: Project, folder: Path, *, now: datetime, is_restored: bool = False) -> Anchored:
    """Append where both ledgers stand now, and bring the list of who was erased or objected up to date.

    Raises
    ------
    ReviewError
        TID762 when the folder is not there: it is made by whoever decides where anchors are safe.
    LedgerError
        TID801 to TID805 when a ledger, or an anchor file, does not verify: a broken ledger is not anchored.
    """
    check_anchor_folder(folder)
    anchored = Anchored(now, log.verify_log(session).anchor, _promotions_anchor(project), is_restored)
    files = _files(folder)
    path = folder / f"anchors-{now:%Y-%m}.jsonl"
    before = next((str(_head_of(other).head) for other in reversed(files) if other.name < path.name), GENESIS.head)
    public = {"log": _text(anchored.log), "promotions": _text(anchored.promotions), "previous_file": before}
    append_next(path, recorded_at=now, actor=SYSTEM, action="restored" if is_restored else "anchored", public=public)
    export_standing(session, project, folder)
    return anchored


def export_if_due(session: Session, project: Project, folder: Path, *, now: datetime) -> bool:
    """Append today's anchor if there is none yet, and every erasure and objection that is not listed; say whether an anchor was due."""
    check_anchor_folder(folder)
    last = max((anchored.at for anchored in read_anchors(folder)), default=None)
    if last is not None and last.date() >= now.date():
        export_standing(session, project, folder)
        return False
    export_anchor(session, project, folder, now=now)
    return True


def note_anchored(session: Session, *, anchored_at: datetime, now: datetime) -> None:
    """Note in the log that an anchor was written; after it is there, so that the log never tells of one that never was.

    The entry says when and not how many: the whole count is told to no log reader (R-08).
    """
    log.record(session, log.Event("log.anchored", actor=SYSTEM, role=SYSTEM, details={"anchored_at": anchored_at.isoformat()}), now=now)


def note_anchors_lost(session: Session, *, now: datetime) -> None:
    """Note in the log that the anchors until now are gone for good: they are no longer asked for, and every log reader can see that."""
    log.record(session, log.Event("log.anchors_lost", actor=SYSTEM, role=SYSTEM), now=now)


class NotedAnchors:
    """Which anchors the log tells of; `look` takes its entries in their order."""

    def __init__(self) -> None:
        self.written_at: set[datetime] = set()

    def look(self, entry: Entry) -> None:
        """Remember what an entry tells of an anchor."""
        if entry.action == "log.anchored":
            self.written_at.add(datetime.fromisoformat(entry.public["anchored_at"]))
        elif entry.action == "log.anchors_lost":
            self.written_at.clear()

    def check_there(self, anchors: Iterable[Anchored]) -> None:
        """Refuse a folder in which an anchor is missing that the log tells of.

        Raises
        ------
        LedgerError
            TID804.
        """
        missing = sorted(self.written_at - {anchored.at for anchored in anchors})
        if missing:
            raise LedgerError(
                "TID804",
                f"{len(missing)} anchors that the log tells of are not in the folder, the first of {missing[0].date()}: they were cut off, "
                "or lie elsewhere. Bring them here; if they are gone for good, say so with `tidlig audit anchor --earlier-are-lost`.",
            )


def read_anchors(folder: Path) -> tuple[Anchored, ...]:
    """Read all anchors, oldest first; none where the folder holds none.

    Raises
    ------
    LedgerError
        TID801 to TID805 when a file was edited, cut, or taken out from between two others.
    """
    found: list[Anchored] = []
    before: str = GENESIS.head
    for path in _files(folder):
        entries = tuple(read_entries(path))
        if entries and entries[0].public["previous_file"] != before:
            raise LedgerError("TID802", f"{path} does not follow the anchor file before it: that one was removed, replaced or cut off.")
        before = verify(entries).head
        found += [_anchored(entry) for entry in entries]
    return tuple(found)


def anchors_that_bind(anchors: tuple[Anchored, ...]) -> tuple[Anchored, ...]:
    """Leave out what a restore has overtaken: anchors of entries that the restored backup did not have."""
    binding: list[Anchored] = []
    for anchored in anchors:
        if anchored.is_restored:
            binding = [earlier for earlier in binding if earlier.log.count <= anchored.log.count]
        binding.append(anchored)
    return tuple(binding)


def check_against(anchors: tuple[Anchored, ...], *, log_hashes: Mapping[int, str], promotion_hashes: Mapping[int, str]) -> None:
    """Refuse ledgers that are not the anchored ones.

    Parameters
    ----------
    log_hashes, promotion_hashes
        Hash of each entry by its number, of ledgers that verify.

    Raises
    ------
    LedgerError
        TID804 when a ledger ends before an anchored entry, TID801 when that entry is another one now.
    """
    for anchored in anchors_that_bind(anchors):
        for name, anchor, hashes in (
            ("the service's log", anchored.log, log_hashes),
            ("the promotions' ledger", anchored.promotions, promotion_hashes),
        ):
            _check_one(name, anchor, hashes, at=anchored.at)


def read_standing(folder: Path) -> tuple[Standing, ...]:
    """Read who was erased, restricted or released, oldest first.

    Raises
    ------
    LedgerError
        TID801 to TID805 when the list was edited or cut in its middle.
    """
    entries = tuple(read_entries(folder / STANDING))
    verify(entries)
    return tuple(
        Standing(str(entry.subject_id), entry.public["kind"], entry.recorded_at, entry.actor, entry.public["restriction"])
        for entry in entries
    )


def export_standing(session: Session, project: Project, folder: Path) -> int:
    """Append every erasure, restriction and release that is not listed yet; say how many."""
    check_anchor_folder(folder)
    known = {(s.subject_id, s.kind, s.at) for s in read_standing(folder)}
    new = [s for s in (*_standing_now(session), *_objections_without_a_row(session, project)) if (s.subject_id, s.kind, s.at) not in known]
    for standing in sorted(new, key=lambda s: (s.at, s.subject_id, s.kind)):
        append_next(
            folder / STANDING,
            recorded_at=standing.at,
            actor=standing.role,
            action="standing",
            subject_id=standing.subject_id,
            public={"kind": standing.kind, "restriction": standing.restriction},
        )
    return len(new)


def check_anchor_folder(folder: Path) -> None:
    """Refuse a folder that is not there.

    Raises
    ------
    ReviewError
        TID762.
    """
    if not folder.is_dir():
        raise ReviewError(
            "TID762",
            f"the anchor folder {folder} is not there. Make it where the database's administrator can't write, and set "
            "TIDLIG_ANCHOR_FOLDER to it.",
        )


def _standing_now(session: Session) -> Iterator[Standing]:
    erased = select(PersonKeyRow).where(PersonKeyRow.erased_at.is_not(None))
    for key in session.scalars(erased):
        if key.erased_at is not None:
            yield Standing(key.subject_id, "erased", key.erased_at, SYSTEM)
    for row in session.scalars(select(RestrictionRow)):
        yield Standing(row.subject_id, "restricted", row.registered_at, row.role, row.kind)
        if row.lifted_at is not None:
            yield Standing(row.subject_id, "lifted", row.lifted_at, row.role, row.kind)


def _objections_without_a_row(session: Session, project: Project) -> Iterator[Standing]:
    """Find who objected without ever having had a case: the table that every run reads is the only place that says so."""
    table = read_restrictions(project)
    table = table[(table["kind"] == "objection") & table["valid_to"].isna()]
    if not table.empty:
        rows = session.execute(select(RestrictionRow.subject_id, RestrictionRow.registered_at))
        kept = {(subject, at) for subject, at in rows}
        for subject, at, role in table[["subject_id", "recorded_at", "recorded_by_role"]].itertuples(index=False, name=None):
            if (subject, at.to_pydatetime()) not in kept:
                yield Standing(subject, "restricted", at.to_pydatetime(), role, "objection")


def _check_one(name: str, anchor: Anchor, hashes: Mapping[int, str], *, at: datetime) -> None:
    if anchor == GENESIS:
        return
    found = hashes.get(anchor.count)
    day: date = at.date()
    if found is None:
        raise LedgerError("TID804", f"{name} was cut off: it has no entry {anchor.count}, which was anchored on {day}.")
    if found != anchor.head:
        raise LedgerError("TID801", f"{name}: entry {anchor.count} or one before it was edited and the chain made anew since {day}.")


def _anchored(entry: Entry) -> Anchored:
    public: Mapping[str, Any] = entry.public
    return Anchored(entry.recorded_at, read_anchor(public["log"]), read_anchor(public["promotions"]), entry.action == "restored")


def _promotions_anchor(project: Project) -> Anchor:
    entries = read_promotions(project)
    return entries[-1].anchor if entries else GENESIS


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("anchors-????-??.jsonl"))


def _head_of(path: Path) -> Anchor:
    return verify(read_entries(path)).anchor


def _text(anchor: Anchor) -> str:
    return f"{anchor.count}:{anchor.head}"


LOOK_SECONDS = 900.0
"""How often a running service looks whether an anchor is due, and whether anybody was erased or objected since."""


async def anchor_now_and_then(
    database: Database, project: Project, folder: Path, clock: Callable[[], datetime], stopping: asyncio.Event
) -> None:
    """Keep the anchor folder up to date until told to stop; what fails is in the server's log, and tried again."""
    while not stopping.is_set():
        try:
            await asyncio.to_thread(_look, database, project, folder, clock)
        except (SQLAlchemyError, ScreeningError, OSError):
            _log.exception("writing the anchor of the ledgers failed; trying again in %s seconds", LOOK_SECONDS)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), LOOK_SECONDS)


def _look(database: Database, project: Project, folder: Path, clock: Callable[[], datetime]) -> None:
    now = clock()
    with database.reading() as session:
        is_new = export_if_due(session, project, folder, now=now)
    if is_new:
        with database.transaction() as session:
            note_anchored(session, anchored_at=now, now=clock())
