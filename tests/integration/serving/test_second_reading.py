"""The second reading: forced where it has to be, blind until both have written, and decided by the first reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from features.finished_reviews import read_finished_reviews
from serving.access.keeping_accounts import close_account
from serving.operation.timer import look
from serving.storage.tables import AccountRow, LogRow, SuspensionRow
from tests.support.follow_up import SECOND_VIEW, decide, ok, refused, to_second_reading, to_second_view
from tests.support.review import VIEW, Review


@pytest.mark.requirement("R-17")
def test_a_forced_second_reading_from_end_to_end(review: Review) -> None:
    case, caller, second = review.add_case(needs_second_reader=True), review.caller("koordinator-9901"), review.caller("andreleser-9901")
    caller.to_review(case)
    assert refused(decide(caller, case, "decide_wondering")) == (409, "TID706")
    ok(decide(caller, case, "decide_second_reader"), 201)

    listed = ok(second.get("/second-readings"))
    taken = ok(second.step(case, "second-reading"))
    both = ok(second.step(case, "second-view", SECOND_VIEW))
    first = ok(caller.get(f"/cases/{case}"))
    decided = ok(decide(caller, case, "decide_wondering", reason="Begge mener at en samtale om hverdagen vil gjøre godt."), 201)

    assert [(row["case_id"], row["is_second_reading"], row["is_unassigned"]) for row in listed] == [(case, True, True)]
    assert (taken["steps"], taken["other_view"], taken["proposal"]) == (["save_second_view"], None, None)
    assert both["other_view"]["text"] == VIEW["text"]
    assert both["proposal"]["band"] == first["proposal"]["band"] == "worth_a_look"
    assert first["other_view"]["text"] == SECOND_VIEW["text"]
    assert "decide_wondering" in first["steps"]
    assert "decide_second_reader" not in first["steps"]
    assert decided["row"]["state"] == "UNDRING"
    assert read_finished_reviews(review.project)[["case_id", "second_reader"]].to_numpy().tolist() == [[case, True]]


@pytest.mark.requirement("R-17")
@pytest.mark.requirement("R-20")
def test_the_second_reader_is_blind_to_proposal_and_first_view_until_they_have_written(review: Review) -> None:
    case, caller, second = review.add_case(), review.caller("koordinator-9901"), review.caller("andreleser-9901")
    to_second_reading(caller, case)

    before = [second.get(f"/cases/{case}")]
    ok(second.step(case, "second-reading"))
    before.append(second.get(f"/cases/{case}"))

    for answer in before:
        assert answer.status_code == 200
        for hidden in (VIEW["text"], "worth_a_look", "Fravær", "koordinator for trinnet"):
            assert hidden not in answer.text
    assert refused(second.get(f"/cases/{case}/view")) == (409, "TID702")
    waiting = ok(caller.get(f"/cases/{case}"))
    assert (waiting["proposal"], waiting["other_view"]) == (None, None)


@pytest.mark.requirement("R-28")
def test_nobody_reads_second_what_they_took_or_another_has_or_is_elsewhere(review: Review) -> None:
    case, caller, second = review.add_case(), review.caller("koordinator-9901"), review.caller("andreleser-9901")
    elsewhere, other = review.caller("andreleser-9902"), review.new_account("andreleser", municipality="9901")
    to_second_reading(caller, case)
    version = review.row(case).version

    assert refused(caller.post(f"/cases/{case}/second-reading", version=version)) == (403, "TID712")
    assert refused(elsewhere.post(f"/cases/{case}/second-reading", version=version)) == (404, "TID710")
    ok(second.post(f"/cases/{case}/second-reading", version=version))

    assert refused(other.post(f"/cases/{case}/second-reading", version=review.row(case).version)) == (404, "TID710")
    assert refused(other.get(f"/cases/{case}")) == refused(elsewhere.get(f"/cases/{case}")) == (404, "TID710")
    assert ok(other.get("/second-readings")) == []


@pytest.mark.requirement("R-17")
def test_asking_twice_is_refused_and_the_second_reader_leaves_with_the_decision(review: Review) -> None:
    case, caller, second = review.add_case(), review.caller("koordinator-9901"), review.caller("andreleser-9901")
    to_second_view(caller, second, case)

    again = decide(caller, case, "decide_second_reader", reason="En gang til, siden jeg fortsatt er i tvil om dette.")
    ok(decide(caller, case, "decide_no_need", reason="Vi er begge trygge på at hverdagen går godt nå."), 201)

    assert refused(again) == (409, "TID720")
    assert refused(second.get(f"/cases/{case}")) == (404, "TID710")


@pytest.mark.requirement("R-08")
def test_a_shielded_case_is_read_second_by_another_shielded_caseworker_and_nobody_else(review: Review) -> None:
    case = review.add_case(municipality=None, is_shielded=True, needs_second_reader=True)
    first, colleague = review.caller("skjermet-saksbehandler"), review.new_account("skjermet-saksbehandler", municipality=None)
    to_second_reading(first, case)

    assert ok(first.get("/second-readings")) == ok(review.caller("andreleser-9901").get("/second-readings")) == []
    assert refused(first.post(f"/cases/{case}/second-reading", version=review.row(case).version)) == (404, "TID710")
    ok(colleague.step(case, "second-reading"))
    ok(colleague.step(case, "second-view", SECOND_VIEW))
    assert decide(first, case, "decide_wondering", reason="Begge mener at en samtale om hverdagen vil gjøre godt.").status_code == 201


@pytest.mark.requirement("R-20")
def test_a_case_of_study_mode_shows_the_proposal_after_the_decision_and_not_before(review: Review) -> None:
    case, caller, second = review.add_case(without_proposal=True), review.caller("koordinator-9901"), review.caller("andreleser-9901")
    to_second_view(caller, second, case)

    before = [caller.get(f"/cases/{case}"), second.get(f"/cases/{case}")]
    ask = [caller.get(f"/cases/{case}/view"), second.get(f"/cases/{case}/view")]
    decided = ok(decide(caller, case, "decide_no_need", reason="Kjenner hverdagen godt, og den går bra slik vi ser det."), 201)

    assert all("worth_a_look" not in answer.text and answer.json()["data"]["is_without_proposal"] for answer in before)
    assert [refused(answer) for answer in ask] == [(409, "TID783")] * 2
    assert decided["proposal"]["band"] == "worth_a_look"


@pytest.mark.requirement("R-30")
def test_while_proposals_are_stopped_nobody_sees_an_old_one_and_the_case_can_be_decided(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    caller.to_review(case)
    with review.database.transaction() as session:
        session.add(SuspensionRow(id="a" * 32, reason="Prøve", turned_by="system", role="system", turned_at=review.clock()))

    page = ok(caller.get(f"/cases/{case}"))

    assert (page["proposal"], page["is_suspended"]) == (None, True)
    assert refused(caller.get(f"/cases/{case}/view")) == (409, "TID770")
    assert decide(caller, case, "decide_no_need").status_code == 201


def change_account(review: Review, login: str, **changes: Any) -> None:
    """Change what an account is, as an administrator of the database or a provider's claims do; nothing closes it."""
    with review.database.transaction() as session:
        row = session.scalars(select(AccountRow).where(AccountRow.login == login)).one()
        for name, value in changes.items():
            setattr(row, name, value)


def close(review: Review, login: str) -> None:
    with review.database.transaction() as session:
        close_account(session, login, now=review.clock())


def pass_time(review: Review) -> None:
    """Do what a running service does every quarter of an hour."""
    look(review.database, review.project, review.clock, review.app.state.metrics)


@pytest.mark.requirement("R-17")
@pytest.mark.parametrize("left", [None, {"role": "koordinator"}, {"municipality": "9902"}], ids=["closed", "other role", "moved"])
def test_a_second_reading_whose_reader_left_is_free_for_another(review: Review, left: dict[str, str] | None) -> None:
    case, caller, second = review.add_case(), review.caller("koordinator-9901"), review.caller("andreleser-9901")
    other = review.new_account("andreleser", municipality="9901")
    to_second_reading(caller, case)
    ok(second.step(case, "second-reading"))
    pass_time(review)
    assert (review.row(case).state, review.row(case).second_reader_id) == ("ANDRE_EGEN_VURDERING", review.account_id(second.login))

    close(review, second.login) if left is None else change_account(review, second.login, **left)
    pass_time(review)

    assert (review.row(case).state, review.row(case).second_reader_id) == ("TRENGER_ANDRELESER", None)
    assert refused(second.get(f"/cases/{case}"))[0] in (401, 404)
    with review.database.reading() as session:
        newest = session.scalars(select(LogRow.entry).where(LogRow.case_id == case).order_by(LogRow.seq.desc())).first()
    entry = json.loads(newest or "{}")
    assert (entry["action"], entry["actor"], entry["subject_id"]) == ("case.second_reading_released", "system", None)
    assert ok(caller.get(f"/cases/{case}"))["history"][-1]["event"] == "case.second_reading_released"
    ok(other.step(case, "second-reading"))
    ok(other.step(case, "second-view", SECOND_VIEW))
    assert decide(caller, case, "decide_wondering", reason="Begge mener at en samtale om hverdagen vil gjøre godt.").status_code == 201


@pytest.mark.requirement("R-17")
def test_a_reader_who_has_written_and_then_left_is_not_asked_for_again(review: Review) -> None:
    case, caller, second = review.add_case(), review.caller("koordinator-9901"), review.caller("andreleser-9901")
    to_second_view(caller, second, case)
    close(review, second.login)
    version = review.row(case).version

    pass_time(review)

    assert review.row(case).version == version
    page = ok(caller.get(f"/cases/{case}"))
    assert (page["row"]["state"], page["other_view"]["text"]) == ("UNDER_VURDERING", SECOND_VIEW["text"])


@pytest.mark.requirement("R-08")
def test_a_shielded_second_reading_goes_to_another_shielded_caseworker(review: Review) -> None:
    case = review.add_case(municipality=None, is_shielded=True)
    first, leaving, third = (review.new_account("skjermet-saksbehandler", municipality=None) for _ in range(3))
    to_second_reading(first, case)
    ok(leaving.step(case, "second-reading"))

    change_account(review, leaving.login, role="andreleser", municipality="9901")
    pass_time(review)

    assert ok(leaving.get("/second-readings")) == []
    assert [row["case_id"] for row in ok(third.get("/second-readings"))] == [case]
