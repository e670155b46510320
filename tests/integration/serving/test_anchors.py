"""Anchors kept outside the database: a log that was cut off, edited or made anew shows, and so does a meddled anchor file."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from features.errors import LedgerError, ReviewError
from features.ledger import append_next
from features.restrictions import read_restrictions, write_restrictions
from serving.app import create_app
from serving.auditing import log
from serving.auditing.anchors import (
    _look,
    anchors_that_bind,
    export_anchor,
    export_if_due,
    export_standing,
    note_anchors_lost,
    read_anchors,
    read_standing,
)
from serving.auditing.log import read_page
from serving.auditing.verifying import verify_ledgers
from serving.backups.reapplying import reapply
from serving.cases.exchange import add_restriction
from serving.person_keys import erase_person_key
from serving.settings import Settings
from serving.storage.tables import CaseRow, RestrictionRow
from tests.support.review import Review

pytestmark = pytest.mark.requirement("R-27")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "anchors"
    made.mkdir()
    return made


def settings_of(review: Review, folder: Path) -> Settings:
    url = review.settings.database_url
    return Settings(database_url=None if url is None else SecretStr(url.get_secret_value()), anchor_folder=folder)


def anchor(review: Review, folder: Path) -> None:
    with review.database.reading() as session:
        export_anchor(session, review.project, folder, now=review.clock())


def note(review: Review, times: int = 1) -> None:
    with review.database.transaction() as session:
        for _ in range(times):
            log.record(session, log.Event("queue.read", actor="somebody", role="koordinator"), now=review.clock())


def tamper(review: Review, *statements: str) -> None:
    with review.database.transaction() as session:
        if review.database.engine.dialect.name == "postgresql":
            session.execute(text("ALTER TABLE ledger_entries DISABLE TRIGGER USER"))
        else:
            for name in ("update", "delete", "replace"):
                session.execute(text(f"DROP TRIGGER ledger_entries_{name}"))
        for statement in statements:
            session.execute(text(statement))


def test_a_log_that_was_cut_off_is_found_by_what_lies_in_the_folder(review: Review, folder: Path) -> None:
    note(review, 2)
    anchor(review, folder)
    note(review)
    found = verify_ledgers(review.project, settings_of(review, folder))
    assert found["log"].count == 3

    tamper(review, "DELETE FROM ledger_entries WHERE seq >= 2")

    assert verify_ledgers(review.project, settings_of(review, folder).model_copy(update={"anchor_folder": None}))["log"].count == 1
    with pytest.raises(LedgerError, match="TID804: the anchors: the service's log was cut off: it has no entry 2"):
        verify_ledgers(review.project, settings_of(review, folder))


def test_a_log_that_was_made_anew_is_found(review: Review, folder: Path) -> None:
    note(review, 2)
    anchor(review, folder)
    tamper(review, "DELETE FROM ledger_entries")
    review.clock.forward(hours=1)
    note(review, 3)

    with pytest.raises(LedgerError, match="TID801: the anchors: the service's log: entry 2 or one before it was edited"):
        verify_ledgers(review.project, settings_of(review, folder))


def test_a_promotions_ledger_that_was_cut_off_is_found(review: Review, folder: Path) -> None:
    path = review.project.var / "ledger" / "promotions.jsonl"
    append_next(path, recorded_at=review.clock(), actor="a", action="model.note", public={"signers": []})
    anchor(review, folder)
    path.unlink()
    with pytest.raises(LedgerError, match="TID804: the anchors: the promotions' ledger was cut off"):
        verify_ledgers(review.project, settings_of(review, folder))


def test_the_anchors_of_three_months_follow_each_other_and_a_missing_month_shows(review: Review, folder: Path) -> None:
    for _ in range(3):
        note(review)
        anchor(review, folder)
        review.clock.forward(days=31)
    assert [path.name for path in sorted(folder.glob("anchors-*"))] == [
        "anchors-2026-11.jsonl",
        "anchors-2026-12.jsonl",
        "anchors-2027-01.jsonl",
    ]
    assert [anchored.log.count for anchored in read_anchors(folder)] == [1, 2, 3]

    (folder / "anchors-2026-12.jsonl").unlink()
    with pytest.raises(LedgerError, match=r"TID802: .*does not follow the anchor file before it"):
        read_anchors(folder)


def test_an_edited_anchor_shows(review: Review, folder: Path) -> None:
    note(review, 2)
    anchor(review, folder)
    path = next(folder.glob("anchors-*"))
    path.write_text(path.read_text(encoding="utf-8").replace('"log":"2:', '"log":"1:'), encoding="utf-8")
    with pytest.raises(LedgerError, match=r"TID801: the anchors in .*: entry 1 was edited"):
        verify_ledgers(review.project, settings_of(review, folder))


def test_one_anchor_a_day_and_erasures_at_every_look(review: Review, folder: Path) -> None:
    case = review.add_case()
    with review.database.reading() as session:
        assert [export_if_due(session, review.project, folder, now=review.clock()) for _ in range(2)] == [True, False]
    with review.database.transaction() as session:
        subject = session.get_one(CaseRow, case).subject_id
        session.add(
            RestrictionRow(
                id="1" * 32, subject_id=subject, case_id=case, kind="objection", role="koordinator", registered_at=review.clock()
            )
        )
        erase_person_key(session, subject, now=review.clock() + timedelta(minutes=1))
    with review.database.reading() as session:
        assert export_if_due(session, review.project, folder, now=review.clock()) is False
        assert export_standing(session, review.project, folder) == 0
    assert [(s.subject_id, s.kind) for s in read_standing(folder)] == [(subject, "restricted"), (subject, "erased")]


def test_a_restore_frees_the_log_from_anchors_of_what_it_no_longer_has(review: Review, folder: Path) -> None:
    counts = []
    for is_restored in (False, False, True, False):
        note(review)
        with review.database.reading() as session:
            counts.append(export_anchor(session, review.project, folder, now=review.clock(), is_restored=is_restored).log.count)
    assert counts == [1, 2, 3, 4]
    assert [a.log.count for a in anchors_that_bind(read_anchors(folder))] == counts
    low_restore = [(a.log.count, a.is_restored) for a in anchors_that_bind(read_anchors(folder)[:2] + read_anchors(folder)[2:3])]
    assert low_restore == [(1, False), (2, False), (3, True)]


def serve_a_while(review: Review, folder: Path) -> None:
    """Do what a running service does about its anchors, once."""
    _look(review.database, review.project, folder, review.clock)


def test_the_newest_anchor_that_is_gone_is_missed(review: Review, folder: Path) -> None:
    for _ in range(3):
        note(review)
        serve_a_while(review, folder)
        serve_a_while(review, folder)
        review.clock.forward(days=31)
    assert verify_ledgers(review.project, settings_of(review, folder))["log"].count == 6

    (folder / "anchors-2027-01.jsonl").unlink()

    with pytest.raises(LedgerError, match=r"TID804: the anchors in .*: 1 anchors that the log tells of are not in the folder"):
        verify_ledgers(review.project, settings_of(review, folder))
    serve_a_while(review, folder)  # the next one does not hide that
    with pytest.raises(LedgerError, match="TID804"):
        verify_ledgers(review.project, settings_of(review, folder))


def test_the_end_of_the_newest_file_that_was_cut_off_is_missed(review: Review, folder: Path) -> None:
    for _ in range(2):
        note(review)
        serve_a_while(review, folder)
        review.clock.forward(days=1)
    path = next(folder.glob("anchors-*.jsonl"))
    path.write_text(path.read_text(encoding="utf-8").splitlines(keepends=True)[0], encoding="utf-8")

    with pytest.raises(LedgerError, match="TID804"):
        verify_ledgers(review.project, settings_of(review, folder))


def test_anchors_that_are_gone_for_good_are_asked_for_until_somebody_says_so_in_the_log(review: Review, folder: Path) -> None:
    note(review)
    serve_a_while(review, folder)
    for path in folder.glob("anchors-*"):
        path.unlink()
    review.clock.forward(days=1)
    serve_a_while(review, folder)
    with pytest.raises(LedgerError, match="TID804"):
        verify_ledgers(review.project, settings_of(review, folder))

    with review.database.transaction() as session:
        note_anchors_lost(session, now=review.clock())
    review.clock.forward(days=1)
    serve_a_while(review, folder)

    assert verify_ledgers(review.project, settings_of(review, folder))["log"].count == 5
    with review.database.reading() as session:
        assert [line.action for line in read_page(session, before=None, limit=9).lines][:2] == ["log.anchored", "log.anchors_lost"]


@pytest.mark.requirement("R-08")
def test_what_the_log_says_of_an_anchor_tells_no_reader_how_many_entries_there_are(review: Review, folder: Path) -> None:
    note(review, 17)
    serve_a_while(review, folder)
    with review.database.reading() as session:
        [line] = [line for line in read_page(session, before=None, limit=50).lines if line.action == "log.anchored"]
    assert line.details == {"anchored_at": review.clock().isoformat()}


def test_a_service_does_not_start_without_the_folder_it_was_told_of(review: Review, tmp_path: Path) -> None:
    with pytest.raises(ReviewError, match="TID762"):
        create_app(settings_of(review, tmp_path / "nowhere"), review.project, clock=review.clock, with_console=False)


@pytest.mark.requirement("R-22")
def test_a_no_of_somebody_without_a_case_outlives_a_backup_too(review: Review, folder: Path) -> None:
    add_restriction(review.project, "e" * 32, kind="address_protection", role="systemdrift", now=review.clock())
    add_restriction(review.project, "e" * 32, kind="objection", role="innbygger", now=review.clock())
    with review.database.reading() as session:
        assert [export_standing(session, review.project, folder) for _ in range(2)] == [1, 0]
    (standing,) = read_standing(folder)
    assert (standing.subject_id, standing.kind, standing.restriction, standing.role) == ("e" * 32, "restricted", "objection", "innbygger")

    table = read_restrictions(review.project)
    write_restrictions(review.project, table[table["kind"] != "objection"])  # as an older backup has it
    with review.database.transaction() as session:
        assert reapply(session, review.project, read_standing(folder), now=review.clock()) == (0, 1)
    assert read_restrictions(review.project)["kind"].tolist() == ["address_protection", "objection"]
