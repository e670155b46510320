"""Addresses that became protected since a case was made (R-08): out of everybody's sight, without a gap, a counter or a municipality."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
from sqlalchemy import select

from features.declarations.project import load_project
from features.errors import ReviewError
from features.intake.linkage import resolve_pseudonym
from features.intake.load import ingest
from features.intake.pseudonyms import pseudonym_of
from features.keys import read_keys
from features.progress import Silent
from serving.app import create_app
from serving.auditing.log import read_page, verify_log
from serving.cases.shielding import find_graded, shield_graded
from serving.operation.timer import look
from serving.settings import Settings
from serving.storage.tables import HandoverRow, OwnViewRow, PersonKeyRow
from tests.support.databases import new_service_database
from tests.support.follow_up import handover, ok, refused, to_consent
from tests.support.projects import KEYS, NOW, tiny_project
from tests.support.review import NEED, VIEW, Clock, Review

PERSON = "SYN-051"


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ingest once; each test works on a copy."""
    project = load_project(tiny_project(tmp_path_factory.mktemp("shielding") / "project"))
    ingest(project, keys=read_keys(project, environ=KEYS), environ=KEYS, now=NOW, progress=Silent())
    return project.root


@pytest.fixture(params=["sqlite", "postgresql"])
def stored(request: pytest.FixtureRequest, tmp_path: Path, ingested: Path) -> Iterator[Review]:
    """Give a running service on a project with a store."""
    url = new_service_database(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else None
    project = load_project(copytree(ingested, tmp_path / "project"))
    settings, clock = Settings(database_url=url, env="demo"), Clock()
    app = create_app(settings, project, clock=clock, with_console=False)
    review = Review(app, project, settings, clock, app.state.database, app.state.person_keys)
    try:
        yield review
    finally:
        review.database.close()


def subject_of(review: Review, raw: str) -> str:
    """Find a person's subject in the score store."""
    pseudonym = pseudonym_of(raw, bytes.fromhex(KEYS["TIDLIG_KEY_SCORE"]), synthetic=True)
    return resolve_pseudonym(review.project, pseudonym, purpose="score")


def protect(review: Review, raw: str, protection: str) -> None:
    """Let the register protect an address, and read its next extract."""
    path = review.project.root / "data" / "persons.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    graded = [f"{lines[0]},address_protection", *(f"{line},{protection if line.startswith(raw) else ''}" for line in lines[1:])]
    path.write_text("\n".join(graded) + "\n", encoding="utf-8")
    ingest(review.project, keys=read_keys(review.project, environ=KEYS), environ=KEYS, now=NOW, progress=Silent())


def grade(review: Review, raw: str, protection: str) -> int:
    """Protect an address, and look as every screening does first."""
    protect(review, raw, protection)
    with review.database.transaction() as session:
        return shield_graded(session, review.project, graded=find_graded(session, review.project), now=review.clock())


@pytest.mark.requirement("R-08")
def test_a_confidential_address_takes_an_open_case_to_the_shielded_caseworkers_alone(stored: Review) -> None:
    caller, shielded, holder = (stored.caller(x) for x in ("koordinator-9901", "skjermet-saksbehandler", "stafettholder-9901"))
    case, other = stored.add_case(subject_id=subject_of(stored, PERSON)), stored.add_case(subject_id=subject_of(stored, "SYN-052"))
    to_consent(caller, case)
    ok(caller.step(case, "bti/2", handover()), 201)
    with stored.database.reading() as session:
        path = f"/handovers/{session.scalars(select(HandoverRow.id)).one()}"

    assert grade(stored, PERSON, "fortrolig") == 1
    stored.clock.forward(minutes=5)

    row = stored.row(case)
    assert (row.state, row.municipality, row.is_shielded, row.assignee_id, row.round) == ("NY", None, True, None, 2)
    assert [r["case_id"] for r in ok(caller.get("/cases"))] == [other]
    assert refused(caller.get(f"/cases/{case}")) == refused(holder.get(path)) == (404, "TID710")
    assert [r["case_id"] for r in ok(shielded.get("/cases"))] == [case]
    ok(shielded.step(case, "assign"))
    opened = shielded.step(case, "open", {"need_to_know": NEED})
    assert VIEW["text"] not in opened.text
    assert ok(opened)["needs_second_reader"]
    with stored.database.reading() as session:
        assert case not in {line.case_id for line in read_page(session, before=None, limit=500).lines}


@pytest.mark.requirement("R-08")
def test_a_print_out_says_neither_that_the_case_was_shielded_nor_where_it_was_before(stored: Review) -> None:
    case = stored.add_case(subject_id=subject_of(stored, PERSON))
    stored.caller("koordinator-9901").to_review(case)
    assert grade(stored, PERSON, "fortrolig") == 1
    shielded = stored.caller("skjermet-saksbehandler")
    shielded.to_review(case)

    answers = [shielded.get(f"/cases/{case}/person-report{kind}") for kind in ("", ".html", ".html?language=en")]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert not any(re.search(r"skjerm|shield|\b9901\b|Storvik", answer.text, re.I) for answer in answers)
    assert "Saken begynte på nytt" in answers[1].text


@pytest.mark.requirement("R-08")
def test_a_strictly_confidential_address_leaves_nothing_of_the_person_and_a_chain_that_holds(stored: Review) -> None:
    subject, caller = subject_of(stored, PERSON), stored.caller("koordinator-9901")
    case = stored.add_case(subject_id=subject)
    caller.to_review(case)

    assert grade(stored, PERSON, "strengtFortrolig") == 1

    row = stored.row(case)
    with stored.database.reading() as session:
        assert session.get_one(PersonKeyRow, subject).wrapped is None
        assert session.scalars(select(OwnViewRow.id)).all() == []
        verify_log(session)
    assert (row.state, row.municipality, row.assignee_id, row.sealed_proposal, row.sealed_need) == ("SKJERMET", None, None, None, None)
    assert ok(caller.get("/cases")) == ok(stored.caller("skjermet-saksbehandler").get("/cases")) == []
    assert refused(caller.get(f"/cases/{case}")) == (404, "TID710")


@pytest.mark.requirement("R-08")
def test_looking_again_changes_nothing_and_a_case_that_is_over_is_shielded_too(stored: Review) -> None:
    case, caller = stored.add_case(subject_id=subject_of(stored, PERSON)), stored.caller("koordinator-9901")
    caller.to_review(case)
    ok(caller.step(case, "decisions", {"step": "decide_no_need", "reason": "Kjenner hverdagen godt, og den går bra nå."}), 201)
    ok(caller.step(case, "close"))
    assert grade(stored, PERSON, "fortrolig") == 1
    version = stored.row(case).version

    with stored.database.transaction() as session:
        found = find_graded(session, stored.project)

    row = stored.row(case)
    assert (found, row.version, row.state, row.is_shielded, row.municipality) == (frozenset(), version, "LUKKET", True, None)
    assert refused(caller.get(f"/cases/{case}")) == (404, "TID710")


@pytest.mark.requirement("R-08")
def test_another_store_erases_nobody(stored: Review) -> None:
    cases = [stored.add_case() for _ in range(6)]  # of persons whom this store has never known

    with pytest.raises(ReviewError, match="TID785"), stored.database.transaction() as session:
        find_graded(session, stored.project)

    assert {stored.row(case).state for case in cases} == {"NY"}


@pytest.mark.requirement("R-08")
def test_a_running_service_does_not_wait_for_the_next_screening(stored: Review) -> None:
    case = stored.add_case(subject_id=subject_of(stored, PERSON))
    protect(stored, PERSON, "fortrolig")

    look(stored.database, stored.project, stored.clock, stored.app.state.metrics)

    assert stored.row(case).is_shielded
    assert ok(stored.caller("koordinator-9901").get("/cases")) == []
