"""Who somebody is: one person, in a case one took and opened, with a stated need, logged; and for the key holder, one look-up."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from typer.testing import CliRunner

from features.errors import ProjectError, PurposeError, ReviewError
from features.intake.identities import hand_over_identities
from features.keys import read_keys
from serving.auditing import log
from serving.commands.identities import app
from serving.identities.revealing import fill_vault, resolve
from serving.identities.vault import IDENTITIES, IdentityVault, find_vault
from serving.operation.timer import look
from serving.person_keys import erase_person_key
from serving.settings import Settings
from serving.storage.tables import IdempotentCallRow, LogRow
from tests.support.postgres import new_database
from tests.support.projects import KEYS, raw_ids
from tests.support.review import Review
from tests.support.screened import cases_in, screened_service

pytestmark = pytest.mark.requirement("R-07")

NEED = "Skal ringe hjem og avtale en samtale."


def settings_of(review: Review, folder: Path, url: str | None = None) -> Settings:
    key_file = folder / "vault.key"
    key_file.write_text("ab" * 32, encoding="ascii")
    return review.settings.model_copy(
        update={"identity_url": SecretStr(url or f"sqlite:///{folder / 'vault.db'}"), "identity_key_file": key_file}
    )


@pytest.fixture
def vault(screened: Review, tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    is_postgres = screened.settings.database_url is not None
    url = new_database(request.getfixturevalue("postgres_url")) if is_postgres else None
    made = find_vault(settings_of(screened, tmp_path, url), screened.project)
    assert made is not None
    with screened.database.transaction() as session:
        keys = read_keys(screened.project, environ=KEYS)
        fill_vault(session, screened.project, made, pseudonym_keys=keys, environ=KEYS, now=screened.clock())
    screened.app.state.identities = made
    yield made
    made.engine.dispose()


def test_the_reviewer_of_an_opened_case_learns_who_one_person_is(screened: Review, vault: IdentityVault) -> None:
    case = cases_in(screened, "9901")[0]
    caller = screened.caller("koordinator-9901")
    assert caller.step(case.id, "assign").status_code == 200
    assert caller.post(f"/cases/{case.id}/identity", {"need": NEED}).json()["code"] == "TID763"
    caller.step(case.id, "open", {"need_to_know": NEED})
    assert caller.post(f"/cases/{case.id}/identity", {"need": "x"}).json()["code"] == "TID703"

    answer = caller.post(f"/cases/{case.id}/identity", {"need": NEED}, **{"Idempotency-Key": "looked-up-once"})

    assert answer.json()["data"]["identifier"] in raw_ids()
    assert answer.headers["Cache-Control"] == "no-store"
    again = caller.post(f"/cases/{case.id}/identity", {"need": NEED}, **{"Idempotency-Key": "looked-up-once"})
    assert (again.status_code, again.json()["code"]) == (409, "TID721")
    others = {"leder-9901": 403, "andreleser-9901": 403, "systemdrift": 403, "koordinator-9902": 404}
    assert {login: screened.caller(login).post(f"/cases/{case.id}/identity", {"need": NEED}).status_code for login in others} == others
    with screened.database.reading() as session:
        entries = session.scalars(select(LogRow.entry)).all()
        log.verify_log(session)
        (kept,) = session.scalars(select(IdempotentCallRow)).all()
        assert len(kept.sealed_answer) < 120  # that it was answered, and nothing of what
    assert [json.loads(e)["action"] for e in entries].count("identity.revealed") == 1
    assert not re.search(r"SYN-\d{3}|ringe hjem", " ".join(entries))
    assert not re.search(r"SYN-\d{3}", caller.get("/cases").text + caller.get(f"/cases/{case.id}").text)


def test_without_a_vault_nobody_learns_it_here(screened: Review) -> None:
    case, caller = cases_in(screened, "9901")[0], screened.caller("koordinator-9901")
    caller.to_own_view(case.id)
    assert caller.post(f"/cases/{case.id}/identity", {"need": NEED}).json()["code"] == "TID758"


def test_the_vault_holds_nothing_that_reads_or_matches(screened: Review, vault: IdentityVault) -> None:
    subject = cases_in(screened, "9901")[0].subject_id
    with vault.engine.connect() as connection:
        rows = connection.execute(select(IDENTITIES)).all()
    assert len(rows) == len(raw_ids())
    assert subject not in {place for place, _ in rows}
    assert not any(b"SYN-" in sealed for _, sealed in rows)
    assert vault.find(subject) in raw_ids()
    assert vault.find("0" * 32) is None
    with pytest.raises(ReviewError, match="TID758"):
        _moved(vault, subject)
    vault.remove(subject)
    assert vault.find(subject) is None


def _moved(vault: IdentityVault, subject: str) -> None:
    """Put another person's sealed identifier under this one's place, as somebody with the vault's password could."""
    with vault.engine.begin() as connection:
        mine = vault.place("place", subject)
        other = connection.execute(select(IDENTITIES.c.sealed).where(IDENTITIES.c.place != mine).limit(1)).scalar_one()
        connection.execute(IDENTITIES.update().where(IDENTITIES.c.place == mine).values(sealed=other))
    vault.find(subject)


@pytest.mark.requirement("R-25")
@pytest.mark.requirement("R-22")
def test_the_vault_forgets_at_once_whom_a_leader_erases(screened: Review, vault: IdentityVault) -> None:
    case, other = cases_in(screened, "9901")[:2]
    assert screened.caller("koordinator-9901").step(case.id, "objections", {"statement": "Nei."}).status_code == 201
    assert vault.find(case.subject_id) is not None

    leader = screened.caller("leder-9901")
    assert leader.post(f"/cases/{case.id}/objections/erase", version=screened.row(case.id).version).status_code == 200

    assert vault.find(case.subject_id) is None
    assert vault.find(other.subject_id) is not None


@pytest.mark.requirement("R-25")
@pytest.mark.requirement("R-08")
def test_a_running_service_forgets_whoever_was_erased_without_being_filled_anew(screened: Review, vault: IdentityVault) -> None:
    gone, other = (case.subject_id for case in cases_in(screened, "9901")[:2])
    with screened.database.transaction() as session:
        erase_person_key(session, gone, now=screened.clock())

    look(screened.database, screened.project, screened.clock, screened.app.state.metrics, vault)

    assert (vault.find(gone), vault.find(other) is None) == (None, False)


@pytest.mark.requirement("R-25")
def test_an_erased_person_leaves_at_the_next_filling_and_is_not_looked_up(screened: Review, vault: IdentityVault) -> None:
    subject, keys = cases_in(screened, "9901")[0].subject_id, read_keys(screened.project, environ=KEYS)
    with screened.database.transaction() as session:
        erase_person_key(session, subject, now=screened.clock())
        count = fill_vault(session, screened.project, vault, pseudonym_keys=keys, environ=KEYS, now=screened.clock())
        assert (count, vault.find(subject)) == (len(raw_ids()) - 1, None)
        with pytest.raises(ReviewError, match="TID708"):
            resolve(
                session,
                screened.keys,
                screened.project,
                subject,
                need=NEED,
                pseudonym_keys=keys,
                environ=KEYS,
                now=screened.clock(),
            )


def test_the_key_holder_looks_up_one_person_and_another_key_looks_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIDLIG_DATABASE_URL", raising=False)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with screened_service(tmp_path / "project") as review:
        subject, project = cases_in(review, "9901")[0].subject_id, review.project
        words = ["identities", "resolve", subject, "--need", NEED, "--project", str(project.root)]
        result = CliRunner().invoke(app, words, catch_exceptions=False)
        found: dict[str, str] = {}
        keys = read_keys(project, environ=KEYS)
        hand_over_identities(project, keys=keys, environ=KEYS, now=review.clock(), write=found.__setitem__)
        with review.database.reading() as session:
            newest = json.loads(session.scalars(select(LogRow.entry).order_by(LogRow.seq.desc())).first() or "")
        wrong = {**KEYS, "TIDLIG_KEY_SCORE": "44" * 32}
        with pytest.raises(PurposeError, match="TID208"):
            hand_over_identities(
                project, keys=read_keys(project, environ=wrong), environ=wrong, now=review.clock(), write=found.__setitem__
            )
    assert result.stdout.strip() == found[subject]
    assert sorted(found.values()) == raw_ids()
    assert (newest["action"], NEED in json.dumps(newest)) == ("identity.resolved", False)


def test_a_vault_s_missing_key_is_asked_for_by_its_own_name(review: Review, tmp_path: Path) -> None:
    settings = settings_of(review, tmp_path).model_copy(update={"identity_key_file": tmp_path / "nowhere.key"})
    with pytest.raises(ProjectError, match=r"TID120.*TIDLIG_IDENTITY_KEY_FILE"):
        find_vault(settings, review.project)


def test_the_vault_has_to_be_apart(review: Review, tmp_path: Path) -> None:
    settings = settings_of(review, tmp_path)
    url = SecretStr(review.settings.url_for(review.project))
    same_key = review.settings.person_key_file_for(review.project)
    for changed in ({"identity_url": url}, {"identity_key_file": same_key}, {"identity_key_file": None}):
        with pytest.raises(ReviewError, match="TID758"):
            find_vault(settings.model_copy(update=changed), review.project)
    assert find_vault(review.settings, review.project) is None
