"""Erasing one person: nothing left to read anywhere, the chain whole, and nobody proposes them again."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from features.erasure import count_person
from features.errors import ReviewError
from features.finished_reviews import read_finished_reviews
from features.restrictions import restricted_subjects
from features.scored import read_scored
from features.store import open_store
from serving.auditing import log
from serving.commands.persons import app
from serving.operation.timer import look
from serving.persons.erasure import ErasureProof, erase_person
from serving.persons.report import build_person_report
from serving.screening.run import screen
from serving.storage.tables import CaseRow, PersonKeyRow
from tests.support.review import REASON, Review
from tests.support.screenable import AS_OF, serve_model
from tests.support.screened import cases_in, screened_service

pytestmark = pytest.mark.requirement("R-25")

WHY = "Lederens vedtak 26/1042: innsigelsen er tatt til følge."


def erase(review: Review, subject: str, reason: str = WHY) -> ErasureProof:
    with review.database.transaction() as session:
        return erase_person(
            session,
            review.keys,
            review.project,
            subject_id=subject,
            decided_by="leader",
            reason=reason,
            actor="key-holder",
            now=review.clock(),
        )


def test_nothing_is_left_to_read_and_the_chain_holds(screened: Review) -> None:
    case, other = cases_in(screened, "9901")[:2]
    caller = screened.caller("koordinator-9901")
    for one in (case, other):
        caller.to_review(one.id)
        caller.step(one.id, "decisions", {"step": "decide_no_need", "reason": f"{REASON} {one.id}"})
        caller.get(f"/cases/{one.id}")
    scored = len(read_scored(screened.project))

    proof = erase(screened, case.subject_id)

    assert proof.is_complete
    before = {place.name: place.before for place in proof.places}
    assert {name for name, count in before.items() if count} >= {
        "cases",
        "own_views",
        "decisions",
        "step_notes",
        "person_keys",
        "var/scored",
        "var/exchange/finished_reviews.parquet",
        "var/features",
        "var/store",
    }
    assert len(read_scored(screened.project)) == scored - 1
    assert set(read_finished_reviews(screened.project)["subject_id"]) == {other.subject_id}
    row = screened.row(case.id)
    assert (row.state, row.sealed_proposal, row.purged_at) == ("SLETTET", None, screened.clock())
    assert caller.get(f"/cases/{other.id}").json()["data"]["proposal"] is not None
    with screened.database.reading() as session:
        report = build_person_report(
            session, screened.keys, screened.project, subject_id=case.subject_id, now=screened.clock() + timedelta(days=1)
        )
    assert report.is_erased
    assert [written for told in report.cases for written in told.written] == []
    assert all(place.left == 0 for place in erase(screened, case.subject_id).places)


@pytest.mark.requirement("R-22")
def test_an_erased_person_is_not_proposed_again_though_their_records_are_still_delivered(screened: Review) -> None:
    subjects = {case.subject_id for place in ("9901", "9902") for case in cases_in(screened, place)}
    for subject in subjects:
        erase(screened, subject)
    screened.clock.forward(days=400)
    serve_model(screened.project, version="2", seed=2)
    screen(screened.project, screened.database, screened.keys, as_of=AS_OF, now=screened.clock())
    with screened.database.reading() as session:
        new = session.scalars(select(CaseRow.subject_id).where(CaseRow.created_at == screened.clock())).all()
    assert new
    assert not subjects & set(new)
    assert subjects <= set(restricted_subjects(screened.project, on=screened.clock().date()))


def test_somebody_without_a_case_is_erased_too_and_gets_no_key_afterwards(screened: Review) -> None:
    with_case = {case.subject_id for place in ("9901", "9902") for case in cases_in(screened, place)}
    subject = next(s for s in open_store(screened.project, "score").subjects()["subject_id"] if s not in with_case)
    proof = erase(screened, subject)
    assert proof.is_complete
    assert subject in restricted_subjects(screened.project, on=screened.clock().date())
    with screened.database.transaction() as session:
        assert session.get_one(PersonKeyRow, subject).wrapped is None
        with pytest.raises(ReviewError, match="TID708"):
            screened.keys.seal(session, subject, "anything", now=screened.clock())


def test_it_needs_a_written_reason(review: Review) -> None:
    subject = review.row(review.add_case()).subject_id
    with pytest.raises(ReviewError, match="TID703"):
        erase(review, subject, reason="because")
    with review.database.reading() as session:
        assert review.keys.find(session, subject) is not None


def test_by_command_with_its_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIDLIG_DATABASE_URL", raising=False)
    monkeypatch.setenv("TIDLIG_ANCHOR_FOLDER", str(tmp_path / "anchors"))
    (tmp_path / "anchors").mkdir()
    with screened_service(tmp_path / "project") as review:
        subject = cases_in(review, "9901")[0].subject_id
        words = ["person", "erase", subject, "--decided-by", "court", "--reason", WHY, "--project", str(review.project.root), "--json"]
        result = CliRunner().invoke(app, words, catch_exceptions=False)
        assert count_person(review.project, subject)["var/scored"] == 0
    assert result.exit_code == 0, result.output
    proof = json.loads(result.stdout)
    assert (proof["is_complete"], proof["decided_by"], proof["reason"]) == (True, "court", WHY)
    assert subject in (tmp_path / "anchors" / "standing.jsonl").read_text(encoding="utf-8")


def test_a_running_service_clears_the_store_of_whom_a_leader_erased(screened: Review) -> None:
    case, other = cases_in(screened, "9901")[:2]
    assert screened.caller("koordinator-9901").step(case.id, "objections", {"statement": "Nei."}).status_code == 201
    leader = screened.caller("leder-9901")
    assert leader.post(f"/cases/{case.id}/objections/erase", version=screened.row(case.id).version).status_code == 200
    there = count_person(screened.project, case.subject_id)["var/store"]

    for _ in range(2):
        look(screened.database, screened.project, screened.clock, screened.app.state.metrics)

    assert there > 0
    assert count_person(screened.project, case.subject_id)["var/store"] == 0
    assert count_person(screened.project, other.subject_id)["var/store"] > 0
    with screened.database.reading() as session:
        lines = log.read_page(session, before=None, limit=100).lines
    assert [line.details for line in lines if line.action == "store.cleared"] == [{"n_rows": there}]
