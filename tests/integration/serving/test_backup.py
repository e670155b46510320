"""A backup is the whole service, opens with its key alone, and brings back nobody who was erased or objected since."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from typer.testing import CliRunner

from features.declarations.project import load_project
from features.errors import LedgerError, ReviewError
from features.restrictions import restricted_subjects
from monitoring.incidents.book import head_path, read_incidents, verify_incidents
from monitoring.incidents.steps import open_by_hand
from serving.app import create_app
from serving.auditing import log
from serving.auditing.anchors import export_anchor
from serving.auditing.verifying import verify_ledgers
from serving.backups.making import make_backup
from serving.backups.restoring import Restored, restore_backup
from serving.backups.rows import backed_up_tables
from serving.commands.backup import app
from serving.persons.erasure import erase_person
from serving.settings import Settings
from serving.storage.database import Database
from serving.storage.tables import CaseRow, PersonKeyRow, SessionRow
from tests.support.postgres import new_database
from tests.support.review import REASON, Review
from tests.support.screened import cases_in, screened_service

pytestmark = pytest.mark.requirement("R-40")

KEY = bytes(range(32))


@pytest.fixture
def empty(request: pytest.FixtureRequest, screened: Review) -> Settings:
    """Give settings with an empty database of the same kind as the running service's."""
    url = None if screened.settings.database_url is None else SecretStr(new_database(request.getfixturevalue("postgres_url")))
    return Settings(database_url=url, person_key_file=screened.settings.person_key_file_for(screened.project))


def rows(database: Database) -> dict[str, list[Any]]:
    with database.reading() as session:
        return {t.name: [tuple(row) for row in session.execute(select(t).order_by(*t.primary_key.columns))] for t in backed_up_tables()}


def work(review: Review) -> tuple[CaseRow, CaseRow]:
    first, second = cases_in(review, "9901")[:2]
    caller = review.caller("koordinator-9901")
    caller.to_review(first.id)
    assert caller.step(first.id, "decisions", {"step": "decide_no_need", "reason": REASON}).status_code == 201
    return first, second


def back_up(review: Review, folder: Path) -> Path:
    target = folder / "backup.tidlig"
    make_backup(review.project, review.database, target, key=KEY, now=review.clock())
    return target


def restored(review: Review, source: Path, folder: Path, settings: Settings, **more: Any) -> Restored:
    return restore_backup(source, folder / "restored", settings, key=KEY, now=review.clock(), **more)


@pytest.mark.requirement("R-41")
def test_incidents_go_along_and_a_damaged_book_is_not_backed_up(screened: Review, empty: Settings, tmp_path: Path) -> None:
    model = next(iter(screened.project.var.glob("models/*"))).name
    said = ["The scores of a whole week were equal.", "One register delivered nothing in May."]
    for what in said:
        open_by_hand(screened.project, model=model, what=what, role="leder", now=screened.clock())
    source = back_up(screened, tmp_path)
    head_path(screened.project).unlink()
    with pytest.raises(LedgerError, match="TID804"):
        make_backup(screened.project, screened.database, tmp_path / "second.tidlig", key=KEY, now=screened.clock())
    screened.database.close()

    restored(screened, source, tmp_path, empty)

    again = load_project(tmp_path / "restored")
    assert [one.what for one in read_incidents(again)] == [
        "The scores of a whole week were equal.",
        "One register delivered nothing in May.",
    ]
    assert verify_incidents(again).count == 2


def test_backup_change_kill_restore_verify_compare(screened: Review, empty: Settings, tmp_path: Path) -> None:
    case, other = work(screened)
    source = back_up(screened, tmp_path)
    before = rows(screened.database)
    files = {p.relative_to(screened.project.root): p.read_bytes() for p in (screened.project.var / "models").rglob("*") if p.is_file()}
    screened.caller("koordinator-9901").step(other.id, "assign")
    screened.database.close()

    found = restored(screened, source, tmp_path, empty)

    service = create_app(empty, _project(found), clock=screened.clock, with_console=False)
    running = Review(service, _project(found), empty, screened.clock, service.state.database, service.state.person_keys)
    after = rows(running.database)
    new_entry = after["ledger_entries"].pop()
    assert json.loads(new_entry[2])["action"] == "backup.restored"
    assert after == before
    assert {path: (found.root / path).read_bytes() for path in files} == files
    assert verify_ledgers(running.project, empty)["log"].count == len(before["ledger_entries"]) + 1
    with running.database.reading() as session:
        assert session.scalars(select(SessionRow)).all() == []
    page = running.caller("koordinator-9901").get(f"/cases/{case.id}").json()["data"]
    assert page["decision"]["reason"] == REASON
    assert running.row(other.id).state == "NY"
    running.database.close()


@pytest.mark.requirement("R-22")
@pytest.mark.requirement("R-25")
def test_who_was_erased_or_objected_since_does_not_come_back(screened: Review, empty: Settings, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors"
    anchors.mkdir()
    erased, objecting = work(screened)
    source = back_up(screened, tmp_path)
    screened.caller("koordinator-9901").step(objecting.id, "objections", {"statement": "Nei."})
    with screened.database.transaction() as session:
        why = "Lederens vedtak 26/1042: innsigelsen er tatt til følge."
        erase_person(
            session,
            screened.keys,
            screened.project,
            subject_id=erased.subject_id,
            decided_by="leader",
            reason=why,
            actor="key-holder",
            now=screened.clock(),
        )
    with screened.database.reading() as session:
        export_anchor(session, screened.project, anchors, now=screened.clock())
    screened.database.close()

    found = restored(screened, source, tmp_path, empty, anchors=anchors)

    assert (found.n_erased, found.n_restricted) == (1, 1)
    assert found.n_lost_entries
    project = _project(found)
    with_anchors = empty.model_copy(update={"anchor_folder": anchors})
    assert verify_ledgers(project, with_anchors)["log"].count > 0
    service = create_app(empty, project, clock=screened.clock, with_console=False)
    database: Database = service.state.database
    with database.reading() as session:
        assert session.get_one(PersonKeyRow, erased.subject_id).wrapped is None
        assert session.get_one(CaseRow, erased.id).sealed_proposal is None
        assert session.get_one(CaseRow, objecting.id).state == "STANSET"
        log.verify_log(session)
    database.close()
    assert {erased.subject_id, objecting.subject_id} <= set(restricted_subjects(project, on=screened.clock().date()))


@pytest.mark.parametrize("change", ["key", "cut", "edited", "not one"])
def test_a_file_that_was_altered_or_another_key_opens_nothing(tmp_path: Path, change: str) -> None:
    with screened_service(tmp_path / "project") as review:
        source = back_up(review, tmp_path)
        whole = source.read_bytes()
        if change == "cut":
            source.write_bytes(whole[:-200])
        if change == "edited":
            source.write_bytes(whole[:-200] + bytes([whole[-200] ^ 1]) + whole[-199:])
        if change == "not one":
            source.write_bytes(b"something else")
        with pytest.raises(ReviewError, match="TID753"):
            restore_backup(source, tmp_path / "restored", Settings(), key=bytes(32) if change == "key" else KEY, now=review.clock())
    assert not (tmp_path / "restored").exists()
    assert not list(tmp_path.glob(".restoring-*"))


def test_nothing_personal_is_readable_in_a_backup_and_no_key_is_in_it(tmp_path: Path) -> None:
    with screened_service(tmp_path / "project") as review:
        work(review)
        source = back_up(review, tmp_path)
        assert REASON.encode() not in source.read_bytes()
        found = restore_backup(source, tmp_path / "restored", Settings(), key=KEY, now=review.clock())
        names = {str(path.relative_to(found.root)) for path in found.root.rglob("*")}
        database = (found.root / "var" / "tidlig.db").read_bytes()
    assert not {name for name in names if "keys" in name or name.startswith("data/")}
    assert REASON.encode() not in database
    assert {"screening.toml", "indicators/education.toml", "var/store/manifest.json", "var/ledger/promotions.jsonl"} <= names


def test_only_into_an_empty_place(screened: Review, empty: Settings, tmp_path: Path) -> None:
    source = back_up(screened, tmp_path)
    with pytest.raises(ReviewError, match="TID756"):
        make_backup(screened.project, screened.database, source, key=KEY, now=screened.clock())
    with pytest.raises(ReviewError, match="TID756"):
        restore_backup(source, screened.project.root, empty, key=KEY, now=screened.clock())
    if screened.settings.database_url is not None:
        with pytest.raises(ReviewError, match="TID756: the database holds"):
            restored(screened, source, tmp_path, screened.settings)


def test_by_command_while_another_process_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer is killed half-way through its transaction; what was backed up before comes back whole."""
    monkeypatch.delenv("TIDLIG_DATABASE_URL", raising=False)
    key_file = tmp_path / "backup.key"
    key_file.write_text(KEY.hex(), encoding="ascii")
    with screened_service(tmp_path / "project") as review:
        root = review.project.root
        run("backup", "--to", str(tmp_path / "one.tidlig"), "--key-file", str(key_file), "--project", str(root))
        _kill_a_writer(root)
        verify_ledgers(review.project, Settings())
    said = run("restore", str(tmp_path / "one.tidlig"), "--to", str(tmp_path / "new"), "--key-file", str(key_file), "--without-anchors")
    assert "Both ledgers verify" in said
    refused = CliRunner().invoke(app, ["restore", str(tmp_path / "one.tidlig"), "--to", str(tmp_path / "n"), "--key-file", str(key_file)])
    assert refused.exit_code == 2


WRITER = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import text
from serving.storage.database import open_database
database = open_database(f"sqlite:///{sys.argv[1]}")
with database.transaction() as session:
    session.execute(text("UPDATE cases SET state = 'LUKKET'"))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def _kill_a_writer(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(root / "var" / "tidlig.db")], check=False, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
    )
    assert done.returncode == -signal.SIGKILL


def test_a_log_that_does_not_verify_is_not_backed_up(screened: Review, tmp_path: Path) -> None:
    from tests.integration.serving.test_anchors import tamper

    tamper(screened, "DELETE FROM ledger_entries WHERE seq = 2")
    with pytest.raises(LedgerError):
        back_up(screened, tmp_path)
    assert list(tmp_path.glob("backup*")) == []


def run(*words: str) -> str:
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def _project(found: Restored) -> Any:
    from features.declarations.project import load_project

    return load_project(found.root)
