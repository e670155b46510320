"""A leader's answer to an objection: erased for good, or going on with weighty reasons and from the start."""

from __future__ import annotations

import pandas as pd
import pytest
from sqlalchemy import select

from features.finished_reviews import read_finished_reviews
from features.restrictions import restricted_subjects, write_restrictions
from serving.auditing.log import verify_log
from serving.person_keys import erase_person_key
from serving.storage.tables import OwnViewRow, PersonKeyRow, RestrictionRow
from tests.support.follow_up import SECOND_VIEW, WEIGHTY, decide, ok, refused, to_second_view
from tests.support.review import NEED, REASON, VIEW, Caller, Review

STATEMENT = "Vil ikke at opplysningene brukes slik."


@pytest.mark.requirement("R-22")
def test_a_leader_reads_what_was_said_and_nothing_else_of_the_case(review: Review) -> None:
    case, caller, leader = review.add_case(), review.caller("koordinator-9901"), review.caller("leder-9901")
    caller.to_review(case)
    ok(caller.step(case, "objections", {"statement": STATEMENT}), 201)

    listed = leader.get("/objections")

    assert [(line["case_id"], line["statement"], line["steps"]) for line in ok(listed)] == [(case, STATEMENT, ["uphold", "erase"])]
    for hidden in (VIEW["text"], "worth_a_look", NEED, "subject_id"):
        assert hidden not in listed.text
    assert refused(leader.get(f"/cases/{case}")) == (403, "TID712")
    assert ok(review.caller("leder-9902").get("/objections")) == []
    assert refused(caller.get("/objections")) == (403, "TID712")


@pytest.mark.requirement("R-22")
def test_going_on_needs_a_written_reason_of_a_leader_of_the_municipality(review: Review) -> None:
    case, caller, leader = review.add_case(), review.caller("koordinator-9901"), review.caller("leder-9901")
    ok(caller.step(case, "objections", {"statement": STATEMENT}), 201)
    path, version = f"/cases/{case}/objections/uphold-processing", review.row(case).version

    assert refused(leader.post(path, {"reason": "Fordi."}, version=version)) == (422, "TID703")
    assert refused(review.caller("leder-9902").post(path, {"reason": WEIGHTY}, version=version)) == (404, "TID710")
    assert refused(caller.post(path, {"reason": WEIGHTY}, version=version)) == (403, "TID712")
    assert restricted_subjects(review.project, on=review.clock().date()) == (review.row(case).subject_id,)

    page = ok(leader.post(path, {"reason": WEIGHTY}, version=version))

    assert (page["row"]["state"], page["proposal"], page["own_view"], page["subject_id"]) == ("OPPRETTHOLDT_BEGRUNNET", None, None, None)
    assert restricted_subjects(review.project, on=review.clock().date()) == ()
    with review.database.reading() as session:
        assert session.scalars(select(RestrictionRow.lifted_at)).one() == review.clock()


@pytest.mark.requirement("R-22")
@pytest.mark.requirement("R-20")
def test_a_case_that_is_taken_up_again_begins_anew_and_older_words_stay_sealed(review: Review) -> None:
    case, caller, leader = review.add_case(), review.caller("koordinator-9901"), review.caller("leder-9901")
    caller.to_review(case)
    ok(decide(caller, case, "decide_wondering"), 201)
    ok(caller.step(case, "objections", {"statement": STATEMENT}), 201)
    ok(leader.post(f"/cases/{case}/objections/uphold-processing", {"reason": WEIGHTY}, version=review.row(case).version))
    review.clock.forward(minutes=5)

    resumed = ok(caller.step(case, "resume"))
    again = caller.get(f"/cases/{case}")

    assert (resumed["row"]["state"], resumed["own_view"], resumed["decision"], resumed["proposal"]) == ("TILDELT", None, None, None)
    assert VIEW["text"] not in again.text
    assert refused(caller.get(f"/cases/{case}/view")) == (409, "TID702")
    ok(caller.step(case, "open", {"need_to_know": NEED}))
    page = ok(caller.step(case, "own-view", SECOND_VIEW))
    assert (page["own_view"]["text"], page["decision"]) == (SECOND_VIEW["text"], None)
    assert decide(caller, case, "decide_no_need", reason="Etter innsigelsen ser vi at det ikke trengs noe mer nå.").status_code == 201


@pytest.mark.requirement("R-22")
def test_the_restriction_lasts_until_every_stopped_case_of_the_person_is_answered(review: Review) -> None:
    subject = "7" * 32
    here, there = (
        review.add_case(subject_id=subject),
        review.add_case(municipality="9902", subject_id=subject, screening_id=review.add_screening()),
    )
    ok(review.caller("koordinator-9901").step(here, "objections", {"statement": STATEMENT}), 201)

    def uphold(case: str, login: str) -> None:
        ok(review.caller(login).post(f"/cases/{case}/objections/uphold-processing", {"reason": WEIGHTY}, version=review.row(case).version))

    uphold(here, "leder-9901")
    assert restricted_subjects(review.project, on=review.clock().date()) == (subject,)
    uphold(there, "leder-9902")
    assert restricted_subjects(review.project, on=review.clock().date()) == ()


@pytest.mark.requirement("R-22")
@pytest.mark.requirement("R-25")
def test_an_objection_that_is_upheld_erases_the_person_and_the_chain_still_holds(review: Review) -> None:
    subject, caller, leader = "7" * 32, review.caller("koordinator-9901"), review.caller("leder-9901")
    earlier, case = review.add_case(subject_id=subject), review.add_case(subject_id=subject, screening_id=review.add_screening())
    caller.to_review(earlier)
    ok(decide(caller, earlier, "decide_no_need", reason=REASON), 201)
    ok(caller.step(earlier, "close"))
    caller.to_review(case)
    ok(caller.step(case, "objections", {"statement": STATEMENT}), 201)

    page = ok(leader.post(f"/cases/{case}/objections/erase", version=review.row(case).version))

    with review.database.reading() as session:
        assert session.get_one(PersonKeyRow, subject).wrapped is None
        assert session.scalars(select(OwnViewRow.id)).all() == []
        assert session.scalars(select(RestrictionRow.sealed_statement)).one() is None
        verify_log(session)
    rows = [review.row(case), review.row(earlier)]
    assert page["row"]["state"] == "SLETTET"
    assert [(row.state, row.sealed_proposal, row.purged_at) for row in rows] == [
        ("SLETTET", None, review.clock()),
        ("LUKKET", None, review.clock()),
    ]
    assert restricted_subjects(review.project, on=review.clock().date()) == (subject,)
    assert read_finished_reviews(review.project).empty
    assert ok(leader.get("/objections")) == []


@pytest.mark.requirement("R-22")
def test_a_case_that_nobody_had_is_taken_up_by_anybody_of_the_list(review: Review) -> None:
    case, caller, leader = review.add_case(), review.caller("koordinator-9901"), review.caller("leder-9901")
    ok(caller.step(case, "objections", {"statement": ""}), 201)
    ok(leader.post(f"/cases/{case}/objections/uphold-processing", {"reason": WEIGHTY}, version=review.row(case).version))

    colleague = review.new_coordinator("9901")

    assert [row["case_id"] for row in ok(colleague.get("/cases"))] == [case]
    assert "resume" in ok(colleague.get(f"/cases/{case}"))["steps"]
    assert ok(colleague.step(case, "resume"))["row"]["is_mine"]
    assert refused(caller.get(f"/cases/{case}")) == (404, "TID710")


@pytest.mark.requirement("R-22")
@pytest.mark.requirement("R-08")
def test_the_objection_of_a_shielded_person_is_in_no_leader_s_list(review: Review) -> None:
    case = review.add_case(municipality=None, is_shielded=True)
    ok(review.caller("skjermet-saksbehandler").step(case, "objections", {"statement": STATEMENT}), 201)

    leaders = [review.caller("leder-9901"), review.caller("leder-9902")]

    assert [ok(leader.get("/objections")) for leader in leaders] == [[], []]
    assert refused(leaders[0].post(f"/cases/{case}/objections/erase", version=review.row(case).version)) == (404, "TID710")


def _colleague(review: Review) -> Caller:
    return review.new_account("skjermet-saksbehandler", municipality=None)


@pytest.mark.requirement("R-22")
@pytest.mark.requirement("R-08")
def test_the_objection_of_a_shielded_person_is_answered_by_a_shielded_caseworker_who_did_not_work_the_case(review: Review) -> None:
    case, worker, colleague = review.add_case(municipality=None, is_shielded=True), _colleague(review), _colleague(review)
    worker.to_review(case)
    ok(worker.step(case, "objections", {"statement": STATEMENT}), 201)
    path, version = f"/cases/{case}/objections/uphold-processing", review.row(case).version

    listed = colleague.get("/objections")

    assert [(line["case_id"], line["statement"], line["steps"]) for line in ok(listed)] == [(case, STATEMENT, ["uphold", "erase"])]
    for hidden in (VIEW["text"], "worth_a_look", NEED, "subject_id"):
        assert hidden not in listed.text
    assert ok(worker.get("/objections")) == []
    assert ok(worker.get(f"/cases/{case}"))["steps"] == []
    assert refused(worker.post(path, {"reason": WEIGHTY}, version=version)) == (404, "TID710")
    assert refused(worker.post(f"/cases/{case}/objections/erase", version=version)) == (404, "TID710")
    assert refused(colleague.post(path, {"reason": "Fordi."}, version=version)) == (422, "TID703")

    upheld = ok(colleague.post(path, {"reason": WEIGHTY}, version=version))

    assert (upheld["row"]["state"], upheld["steps"], upheld["proposal"]) == ("OPPRETTHOLDT_BEGRUNNET", ["erase"], None)
    assert restricted_subjects(review.project, on=review.clock().date()) == ()
    assert ok(worker.step(case, "resume"))["row"]["state"] == "TILDELT"


@pytest.mark.requirement("R-22")
@pytest.mark.requirement("R-08")
def test_who_answered_for_a_shielded_person_does_not_take_the_case_up_and_who_registered_does_not_answer(review: Review) -> None:
    case, registering, answering = review.add_case(municipality=None, is_shielded=True), _colleague(review), _colleague(review)
    ok(registering.step(case, "objections", {"statement": STATEMENT}), 201)
    assert ok(registering.get("/objections")) == []
    ok(answering.post(f"/cases/{case}/objections/uphold-processing", {"reason": WEIGHTY}, version=review.row(case).version))

    assert ok(answering.get("/cases")) == []
    assert refused(answering.post(f"/cases/{case}/resume", version=review.row(case).version)) == (404, "TID710")
    assert [row["case_id"] for row in ok(registering.get("/cases"))] == [case]
    assert ok(registering.get(f"/cases/{case}"))["steps"] == ["resume", "object"]
    ok(registering.step(case, "resume"))


@pytest.mark.requirement("R-22")
@pytest.mark.requirement("R-08")
@pytest.mark.requirement("R-25")
def test_a_shielded_person_is_erased_by_one_who_read_nothing_of_them(review: Review) -> None:
    case, first, second, third = review.add_case(municipality=None, is_shielded=True), *(_colleague(review) for _ in range(3))
    to_second_view(first, second, case)
    ok(first.step(case, "objections", {"statement": STATEMENT}), 201)
    assert [ok(one.get("/objections")) for one in (first, second)] == [[], []]
    version = review.row(case).version
    assert refused(second.post(f"/cases/{case}/objections/erase", version=version)) == (404, "TID710")

    page = ok(third.post(f"/cases/{case}/objections/erase", version=version))

    assert (page["row"]["state"], review.row(case).sealed_proposal) == ("SLETTET", None)
    with review.database.reading() as session:
        assert session.get_one(PersonKeyRow, review.row(case).subject_id).wrapped is None
        verify_log(session)


@pytest.mark.requirement("R-08")
def test_a_shielded_caseworker_answers_no_objection_of_anybody_else(review: Review) -> None:
    case = review.add_case()
    ok(review.caller("koordinator-9901").step(case, "objections", {"statement": STATEMENT}), 201)
    shielded = _colleague(review)

    assert ok(shielded.get("/objections")) == []
    assert refused(shielded.post(f"/cases/{case}/objections/erase", version=review.row(case).version)) == (404, "TID710")


def test_a_statement_whose_key_is_gone_is_not_shown(review: Review) -> None:
    case = review.add_case()
    ok(review.caller("koordinator-9901").step(case, "objections", {"statement": STATEMENT}), 201)
    with review.database.transaction() as session:
        erase_person_key(session, review.row(case).subject_id, now=review.clock())

    assert [line["statement"] for line in ok(review.caller("leder-9901").get("/objections"))] == [None]


@pytest.mark.requirement("R-31")
@pytest.mark.requirement("R-22")
def test_a_case_whose_person_said_no_elsewhere_lapses_when_it_is_opened(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    ok(caller.step(case, "assign"))
    objection = {"kind": "objection", "valid_from": review.clock().date(), "valid_to": None, "recorded_at": review.clock()}
    told = {"subject_id": review.row(case).subject_id, **objection, "recorded_by_role": "leader"}
    write_restrictions(review.project, pd.DataFrame([told]))

    page = ok(caller.step(case, "open", {"need_to_know": NEED}))

    assert (page["row"]["state"], page["steps"], page["subject_id"], page["proposal"]) == ("LUKKET", [], None, None)
    assert page["history"][-1]["event"] == "case.lapsed"
    assert review.row(case).sealed_need is None
