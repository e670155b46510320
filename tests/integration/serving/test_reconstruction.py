"""A past proposal in one call: what went in, what was shown to whom, what was decided and why; after a purge its tombstone."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from features.declarations.catalogue import Wording
from features.store import open_store
from features.tables import find_stage_table
from models.deployment import deployed_bundle
from models.promotion.ledger import read_promotions
from serving.cases.proposal import inputs_sha256
from serving.cases.reconstruction import reconstruct_by_key_holder
from serving.person_keys import erase_person_key
from serving.storage.tables import CaseRow, LogRow, StepNoteRow
from tests.support.review import AS_OF, REASON, VIEW, Review
from tests.support.screened import cases_in

pytestmark = pytest.mark.requirement("R-27")

WHY = "Klage fra den det gjelder, journalnummer 26/1042."


def ask(review: Review, case: str, reason: str = WHY, login: str = "personvernombud") -> Any:
    return review.caller(login).post("/audit/reconstructions", {"case_id": case, "reason": reason})


def decided(review: Review) -> str:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    caller.to_review(case)
    caller.get(f"/cases/{case}/view")
    assert caller.step(case, "decisions", {"step": "decide_wondering", "reason": REASON}).status_code == 201
    return case


def test_everything_about_one_proposal_comes_in_one_call(review: Review) -> None:
    case = decided(review)

    answer = ask(review, case)
    found = answer.json()["data"]

    assert answer.status_code == 201
    assert found["model_version"] == "55555555"
    assert [view["text"] for view in found["own_views"]] == [VIEW["text"]]
    assert [(d["step"], d["text"]) for d in found["decisions"]] == [("decide_wondering", REASON)]
    assert {(s["role"], s["municipality"], s["proof"]) for s in found["shown"]} == {("koordinator", "9901", "same")}
    assert found["shown"][0]["explanation"]["raises"][0]["label"]["nb"] == "Fravær, hele dager"
    assert "case.opened" in [entry["action"] for entry in found["entries"]]


def test_what_was_shown_is_shown_again_though_the_words_have_changed(review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    case = decided(review)
    words = Wording(nb="Noe annet", nn="Noko anna", en="Something else")
    monkeypatch.setattr("serving.cases.proposal.BAND_WORDING", dict.fromkeys(["worth_a_look"], words))

    shown = ask(review, case).json()["data"]["shown"]

    assert {(s["proof"], s["explanation"]["band_label"]["nb"]) for s in shown} == {("same", "Kan være verdt å se nærmere på")}


def test_a_view_that_somebody_altered_is_not_what_the_log_sealed(review: Review) -> None:
    case = decided(review)
    with review.database.transaction() as session:
        note = session.scalars(select(StepNoteRow).where(StepNoteRow.case_id == case)).one()
        subject = session.get_one(CaseRow, case).subject_id
        view = review.keys.unseal(session, subject, note.sealed or b"")
        note.sealed = review.keys.seal(session, subject, {**view, "model_version": "2"}, now=review.clock())

    assert {s["proof"] for s in ask(review, case).json()["data"]["shown"]} == {"other"}


@pytest.mark.requirement("R-25")
def test_after_a_purge_it_answers_with_the_tombstone(review: Review) -> None:
    case = decided(review)
    with review.database.transaction() as session:
        row = session.get_one(CaseRow, case)
        row.sealed_proposal, row.purged_at = None, review.clock()
        session.scalars(select(StepNoteRow).where(StepNoteRow.case_id == case)).one().sealed = None

    purged = ask(review, case).json()["data"]
    assert (purged["is_tombstone"], purged["shown"][0]["explanation"], purged["shown"][0]["proof"]) == (True, None, "gone")
    assert purged["shown"][0]["sealed_digest"]

    with review.database.transaction() as session:
        erase_person_key(session, session.get_one(CaseRow, case).subject_id, now=review.clock())
    erased = ask(review, case).json()["data"]
    assert [d["text"] for d in erased["decisions"]] == [None]
    assert {s["sealed_digest"] for s in erased["shown"]} == {None}
    assert erased["model_name"] == "tiny-not_completed-grade_10"


@pytest.mark.requirement("R-28")
def test_only_the_officer_looks_with_a_reason_and_leaves_an_entry(review: Review) -> None:
    case, shielded = decided(review), review.add_case(municipality=None, is_shielded=True)
    refused = {login: ask(review, case, login=login).status_code for login in ("koordinator-9901", "leder-9901", "fairness-revisor")}

    assert set(refused.values()) == {403}
    assert ask(review, case, reason="short").json()["code"] == "TID703"
    assert [ask(review, other).json()["code"] for other in (shielded, "0" * 32)] == ["TID710", "TID710"]
    assert ask(review, case).status_code == 201
    with review.database.reading() as session:
        entries = [json.loads(row.entry) for row in session.scalars(select(LogRow).where(LogRow.case_id == case))]
    made = [e for e in entries if e["action"] == "case.reconstructed"]
    assert len(made) == 1
    assert WHY not in json.dumps(made)


def test_inputs_model_threshold_and_store_of_a_real_screening(screened: Review) -> None:
    case = cases_in(screened, "9901")[0]
    bundle = deployed_bundle(screened.project, "tiny-not_completed-grade_10")
    table = find_stage_table(screened.project, "score", screened.project.stages["grade_10"], as_of=AS_OF)
    assert table is not None
    row = np.flatnonzero(table.keys["subject_id"] == case.subject_id)

    with screened.database.transaction() as session:
        found = reconstruct_by_key_holder(session, screened.keys, screened.project, case.id, reason=WHY, now=screened.clock())

    assert (found.bundle_hash, found.threshold) == (bundle.hash, bundle.bands.worth_a_look)
    assert found.store_hash == open_store(screened.project, "score").content_hash
    assert found.inputs_sha256 == inputs_sha256(bundle.feature_names, table.matrix(bundle.feature_names, rows=row))
    assert found.proposal_proof == "same"
    assert found.promotion in {entry.hash for entry in read_promotions(screened.project)}
