"""A first reader who leaves or is away: what is undecided is free for others, and what was decided is passed on to somebody else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select, update

from serving.access.keeping_accounts import close_account
from serving.operation.timer import look
from serving.storage.tables import AccountRow, CaseRow, LogRow
from tests.support.follow_up import (
    EVALUATION,
    WEIGHTY,
    consent,
    decide,
    handover,
    informed,
    ok,
    refused,
    talk,
    to_consent,
    to_second_reading,
    to_second_view,
    to_wondering,
)
from tests.support.review import NEED, VIEW, Caller, Review

WHY = "Familien venter på svar, og saken trenger en ny koordinator."
NEW_NEED = "Jeg tar over oppfølgingen av familien her i kommunen."
LINE = {
    "case_id",
    "reference",
    "state",
    "state_label",
    "since",
    "due_on",
    "assignee",
    "is_escalated",
    "has_left",
    "version",
    "steps",
}


def leave(review: Review, login: str, left: dict[str, str | None] | None = None) -> None:
    """Close an account, or change what it works as, and do what a running service does every quarter of an hour."""
    with review.database.transaction() as session:
        if left is None:
            close_account(session, login, now=review.clock())
        else:
            session.execute(update(AccountRow).where(AccountRow.login == login).values(**left))
    look(review.database, review.project, review.clock, review.app.state.metrics)


def make_late(review: Review, case: str) -> None:
    """Let a case's deadline have passed yesterday."""
    with review.database.transaction() as session:
        session.execute(update(CaseRow).where(CaseRow.id == case).values(due_on=review.clock.now.date().replace(day=1)))


def entries(review: Review, case: str, action: str) -> list[dict[str, Any]]:
    """Read a case's log entries of one kind, oldest first."""
    with review.database.reading() as session:
        found = [json.loads(entry) for entry in session.scalars(select(LogRow.entry).where(LogRow.case_id == case).order_by(LogRow.seq))]
    return [entry for entry in found if entry["action"] == action]


def pass_on(review: Review, caller: Caller, case: str, to: str, *, reason: str = WHY, version: int | None = None) -> Any:
    body = {"to": to, "reason": reason}
    return caller.post(f"/cases/{case}/pass-on", body, version=review.row(case).version if version is None else version)


def listed(caller: Caller) -> dict[str, dict[str, Any]]:
    return {line["case_id"]: line for line in ok(caller.get("/overdue"))}


@pytest.mark.requirement("R-28")
@pytest.mark.parametrize("left", [None, {"role": "andreleser"}, {"municipality": "9902"}], ids=["closed", "other role", "moved"])
def test_what_a_first_reader_left_undecided_begins_anew_with_somebody_else(review: Review, left: dict[str, str | None] | None) -> None:
    leaving, other, second = review.new_coordinator("9901"), review.caller("koordinator-9901"), review.caller("andreleser-9901")
    taken, asked, both, wrong = (review.add_case() for _ in range(4))
    ok(leaving.step(taken, "assign"))
    to_second_reading(leaving, asked)
    to_second_view(leaving, second, both)
    leaving.to_review(wrong)
    ok(decide(leaving, wrong, "decide_wrong_basis"), 201)
    assert ok(other.get("/cases")) == []
    review.clock.forward(minutes=5)

    leave(review, leaving.login, left)

    for case in (taken, asked, both, wrong):
        row = review.row(case)
        assert (row.state, row.round, row.assignee_id, row.second_reader_id, row.sealed_need) == ("NY", 2, None, None, None)
        assert (row.expires_on - review.clock().date()).days == 60
        assert [(e["actor"], e["subject_id"]) for e in entries(review, case, "case.released")] == [("system", None)]
    assert {row["case_id"] for row in ok(other.get("/cases"))} == {taken, asked, both, wrong}
    other.to_own_view(both)
    begun = other.get(f"/cases/{both}")
    for hidden in (VIEW["text"], "worth_a_look", NEED + " "):
        assert hidden not in begun.text
    page = ok(other.step(both, "own-view", VIEW))
    assert (page["row"]["state"], page["other_view"], page["proposal"]["band"]) == ("UNDER_VURDERING", None, "worth_a_look")
    assert "case.released" in [line["event"] for line in page["history"]]
    assert refused(leaving.get(f"/cases/{wrong}"))[0] in (401, 404)


@pytest.mark.requirement("R-20")
def test_who_read_a_case_second_does_not_take_it_as_first_reader_later(review: Review) -> None:
    leaving, second = review.new_coordinator("9901"), review.new_account("andreleser", municipality="9901")
    case, untouched = review.add_case(), review.add_case()
    to_second_reading(leaving, case)
    ok(second.step(case, "second-reading"))
    review.clock.forward(minutes=5)
    ok(second.step(case, "second-view", VIEW))
    leave(review, second.login, {"role": "koordinator"})

    leave(review, leaving.login)

    assert [row["case_id"] for row in ok(second.get("/cases"))] == [untouched]
    assert refused(second.post(f"/cases/{case}/assign", version=review.row(case).version)) == (404, "TID710")
    ok(review.caller("koordinator-9901").step(case, "assign"))


@pytest.mark.requirement("R-08")
def test_a_shielded_case_that_was_left_is_free_among_the_shielded_caseworkers_alone(review: Review) -> None:
    case = review.add_case(municipality=None, is_shielded=True)
    leaving, other = (review.new_account("skjermet-saksbehandler", municipality=None) for _ in range(2))
    leaving.to_review(case)

    leave(review, leaving.login, {"role": "koordinator", "municipality": "9901"})

    assert [row["case_id"] for row in ok(other.get("/cases"))] == [case]
    assert ok(review.caller("koordinator-9901").get("/cases")) == ok(leaving.get("/cases")) == []
    assert listed(review.caller("leder-9901")) == {}


@pytest.mark.requirement("R-22")
def test_a_case_that_goes_on_after_an_objection_is_anybodys_to_take_up_once_its_reader_left(review: Review) -> None:
    leaving, other, leader = review.new_coordinator("9901"), review.caller("koordinator-9901"), review.caller("leder-9901")
    case = review.add_case()
    leaving.to_review(case)
    ok(leaving.step(case, "objections", {"statement": ""}), 201)
    leave(review, leaving.login)
    assert review.row(case).state == "STANSET"
    ok(leader.post(f"/cases/{case}/objections/uphold-processing", {"reason": WEIGHTY}, version=review.row(case).version))

    look(review.database, review.project, review.clock, review.app.state.metrics)

    assert (review.row(case).state, review.row(case).assignee_id) == ("OPPRETTHOLDT_BEGRUNNET", None)
    assert ok(other.step(case, "resume"))["row"]["state"] == "TILDELT"
    assert review.row(case).round == 2


@pytest.mark.requirement("R-28")
@pytest.mark.requirement("R-20")
def test_a_decided_case_is_passed_on_and_goes_on_where_it_stood_once_it_is_opened(review: Review) -> None:
    leaving, other, leader = review.new_coordinator("9901"), review.new_coordinator("9901"), review.caller("leder-9901")
    case = review.add_case()
    to_wondering(leaving, case)
    ok(leaving.step(case, "talk", talk()))
    assert listed(leader) == {}
    assert refused(pass_on(review, leader, case, other.login)) == (404, "TID710")

    leave(review, leaving.login)
    line = listed(leader)[case]
    assert (line["state"], line["assignee"], line["has_left"], line["steps"]) == ("SAMTALE_PLANLAGT", leaving.login, True, ["pass_on"])
    answer = pass_on(review, leader, case, other.login)

    assert set(ok(answer)) == set(line) == LINE
    assert (ok(answer)["assignee"], ok(answer)["has_left"], listed(leader)) == (other.login, False, {})
    unopened = other.get(f"/cases/{case}")
    for hidden in (VIEW["text"], NEED, "worth_a_look", talk()["about"], "decide_wondering"):
        assert hidden not in unopened.text
    page = ok(unopened)
    assert (set(page["steps"]), page["decision"], page["subject_id"]) == ({"open", "object"}, None, None)
    assert refused(other.step(case, "family-informed", informed())) == (409, "TID786")
    assert refused(other.get(f"/cases/{case}/view")) == (409, "TID786")

    opened = ok(other.step(case, "open", {"need_to_know": NEW_NEED}))
    assert (opened["need_to_know"], opened["row"]["state"], opened["own_view"], opened["proposal"]) == (
        NEW_NEED,
        "SAMTALE_PLANLAGT",
        None,
        None,
    )
    assert opened["decision"]["step"] == "decide_wondering"
    assert opened["follow_up"]["talk"]["about"] == talk()["about"]
    assert "open" not in opened["steps"]
    assert refused(other.get(f"/cases/{case}/person-report")) == (409, "TID750")
    assert refused(other.step(case, "open", {"need_to_know": NEW_NEED})) == (409, "TID701")
    assert refused(other.get(f"/cases/{case}/view")) == (409, "TID788")
    ok(other.step(case, "family-informed", informed()))
    ok(other.step(case, "consents", consent()), 201)
    review.create_demo_account("stafettholder-9901")
    assert ok(other.step(case, "bti/2", handover()), 201)["row"]["state"] == "BTI_2"


@pytest.mark.requirement("R-27")
def test_passing_on_is_logged_with_who_and_the_reason_is_sealed(review: Review) -> None:
    away, other, leader = review.new_coordinator("9901"), review.new_coordinator("9901"), review.caller("leder-9901")
    case = review.add_case()
    to_wondering(away, case)
    make_late(review, case)

    ok(pass_on(review, leader, case, other.login))

    [entry] = entries(review, case, "case.passed_on")
    ids = {login: review.account_id(login) for login in (away.login, other.login, leader.login)}
    assert entry["actor"] == ids[leader.login]
    told = {
        "role": "leder",
        "case": case,
        "step": "pass_on",
        "from": "UNDRING",
        "to": "UNDRING",
        "account": ids[other.login],
        "before": ids[away.login],
    }
    assert entry["public"] == told
    assert WHY not in json.dumps(entries(review, case, "case.passed_on"))
    assert refused(away.get(f"/cases/{case}")) == (404, "TID710")


def test_a_measure_is_counted_from_its_handover_and_the_own_service_from_who_takes_over(review: Review) -> None:
    away, other, leader = review.new_coordinator("9901"), review.new_coordinator("9901"), review.caller("leder-9901")
    case = review.add_case()
    to_consent(away, case)
    assert ok(away.step(case, "bti/1", handover(holder=None)), 201)["follow_up"]["handover"]["holder"] == away.login
    since = review.row(case).state_since
    make_late(review, case)

    ok(pass_on(review, leader, case, other.login))

    row = review.row(case)
    assert (row.state, row.state_since, row.round) == ("BTI_1", since, 1)
    assert row.due_on is not None
    assert (row.due_on - review.clock().date()).days >= 14
    opened = ok(other.step(case, "open", {"need_to_know": NEW_NEED}))
    assert (opened["follow_up"]["handover"]["holder"], opened["follow_up"]["consent"]["is_valid"]) == (other.login, True)
    with review.database.transaction() as session:
        session.execute(update(CaseRow).where(CaseRow.id == case).values(state_since=since.replace(year=since.year - 1)))
    assert ok(other.step(case, "evaluation", EVALUATION))["row"]["state"] == "EVALUERT"


def test_an_undecided_case_of_somebody_away_for_long_begins_anew_with_the_one_named(review: Review) -> None:
    away, other, leader = review.new_coordinator("9901"), review.new_coordinator("9901"), review.caller("leder-9901")
    case = review.add_case()
    away.to_review(case)
    make_late(review, case)
    line = listed(leader)[case]
    assert (line["has_left"], line["steps"]) == (False, ["pass_on"])

    ok(pass_on(review, leader, case, other.login))

    row = review.row(case)
    assert (row.state, row.round, row.assignee_id, row.sealed_need) == ("TILDELT", 2, review.account_id(other.login), None)
    page = ok(other.get(f"/cases/{case}"))
    assert (page["own_view"], page["proposal"]) == (None, None)
    ok(other.step(case, "open", {"need_to_know": NEW_NEED}))
    assert VIEW["text"] not in other.get(f"/cases/{case}").text


@pytest.mark.requirement("R-17")
@pytest.mark.requirement("R-28")
def test_a_case_goes_to_nobody_who_read_it_second_or_does_not_work_there(review: Review) -> None:
    away, free, leader = review.new_coordinator("9901"), review.new_coordinator("9901"), review.caller("leder-9901")
    second, gone, elsewhere = (
        review.new_account("andreleser", municipality="9901"),
        review.new_coordinator("9901"),
        review.new_coordinator("9902"),
    )
    case = review.add_case()
    to_second_view(away, second, case)
    ok(decide(away, case, "decide_wondering", reason="Begge mener at en samtale om hverdagen vil gjøre godt."), 201)
    leave(review, second.login, {"role": "koordinator"})
    leave(review, gone.login)
    make_late(review, case)
    version = review.row(case).version

    names = [line["login"] for line in ok(leader.get(f"/cases/{case}/successors"))]

    assert names == [free.login]
    for nobody in (second, away, gone, elsewhere, leader, review.caller("andreleser-9901")):
        assert refused(pass_on(review, leader, case, nobody.login)) == (422, "TID787")
    assert refused(pass_on(review, leader, case, free.login, reason="Fordi.")) == (422, "TID703")
    assert refused(pass_on(review, leader, case, free.login, reason=f"{WHY} 01010750160")) == (422, "TID707")
    assert refused(pass_on(review, leader, case, free.login, version=version - 1)) == (412, "TID705")
    assert refused(pass_on(review, review.caller("leder-9902"), case, free.login)) == (404, "TID710")
    assert refused(pass_on(review, free, case, free.login)) == (403, "TID712")
    assert review.row(case).version == version
    ok(pass_on(review, leader, case, free.login))


@pytest.mark.requirement("R-08")
def test_a_shielded_case_is_passed_on_among_the_shielded_caseworkers_and_to_nobody_by_themselves(review: Review) -> None:
    case = review.add_case(municipality=None, is_shielded=True)
    leaving, colleague, third = (review.new_account("skjermet-saksbehandler", municipality=None) for _ in range(3))
    to_second_view(leaving, colleague, case)
    ok(decide(leaving, case, "decide_wondering", reason="Begge mener at en samtale om hverdagen vil gjøre godt."), 201)
    leave(review, leaving.login)

    assert listed(review.caller("leder-9901")) == {}
    assert refused(pass_on(review, review.caller("leder-9901"), case, third.login)) == (404, "TID710")
    assert set(listed(third)) == set(listed(colleague)) == {case}
    assert ok(third.get(f"/cases/{case}/successors")) == []
    assert refused(pass_on(review, third, case, third.login)) == (422, "TID787")
    ok(pass_on(review, colleague, case, third.login))

    opened = ok(third.step(case, "open", {"need_to_know": NEW_NEED}))
    assert opened["decision"]["step"] == "decide_wondering"
    assert "plan_talk" in opened["steps"]
