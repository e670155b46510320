"""After the decision: the conversation, the consent, the handover and the evaluation, over HTTP, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from serving.cases.expiry import expire_overdue
from serving.storage.tables import ConsentRow, HandoverRow, LogRow, StepNoteRow
from tests.support.follow_up import (
    EVALUATION,
    HOW,
    NEEDS,
    consent,
    day,
    handover,
    informed,
    ok,
    refused,
    talk,
    to_consent,
    to_family,
    to_wondering,
)
from tests.support.review import Review

LATER = {"days": 57}


@pytest.fixture(autouse=True)
def _holder(review: Review) -> None:
    """There is a relay holder to hand over to."""
    review.create_demo_account("stafettholder-9901")


@pytest.mark.requirement("R-23")
@pytest.mark.requirement("R-39")
def test_from_wondering_to_a_relay_holder_and_an_evaluation(review: Review) -> None:
    case, caller, holder = review.add_case(), review.caller("koordinator-9901"), review.caller("stafettholder-9901")
    to_consent(caller, case)
    assert ok(caller.get(f"/cases/{case}/relay-holders")) == [{"login": "stafettholder-9901", "service": "school_team"}]

    over = ok(caller.step(case, "bti/2", handover()), 201)
    line = ok(holder.get("/handovers"))
    read = holder.get(f"/handovers/{line[0]['handover_id']}")
    too_early = caller.step(case, "evaluation", EVALUATION)
    review.clock.forward(**LATER)
    caller = review.log_in_again("koordinator-9901")
    evaluated = ok(caller.step(case, "evaluation", EVALUATION))
    on = ok(caller.step(case, "bti/3", handover(evaluate_on=day(57 + 50))), 201)

    assert (over["row"]["state"], evaluated["row"]["state"], on["row"]["state"]) == ("BTI_2", "EVALUERT", "BTI_3")
    assert over["follow_up"]["handover"]["holder"] == "stafettholder-9901"
    assert (read.json()["data"]["needs"], read.json()["data"]["child_heard_how"]) == (NEEDS, HOW)
    assert refused(too_early) == (409, "TID782")
    assert evaluated["follow_up"]["evaluation"]["wellbeing"] == "better"
    assert {"close", "withdraw_consent"} <= set(evaluated["steps"])


@pytest.mark.requirement("R-18")
@pytest.mark.requirement("R-23")
def test_a_relay_holder_reads_agreed_needs_and_nothing_of_the_proposal(review: Review) -> None:
    case, caller, holder = review.add_case(), review.caller("koordinator-9901"), review.caller("stafettholder-9901")
    to_consent(caller, case)
    ok(caller.step(case, "bti/2", handover()), 201)
    line = ok(holder.get("/handovers"))[0]

    text = holder.get("/handovers").text + holder.get(f"/handovers/{line['handover_id']}").text

    for hidden in ("worth_a_look", "band", "Fravær", "0.45", "proposal", "own_view", "Har vært mye borte", "reason"):
        assert hidden not in text, hidden
    assert refused(holder.get(f"/cases/{case}")) == (403, "TID712")
    assert line["reference"] == review.row(case).reference


@pytest.mark.requirement("R-23")
@pytest.mark.parametrize("ends", ["withdrawn", "run out", "objected", "closed"])
def test_a_consent_is_asked_at_every_read(review: Review, ends: str) -> None:
    case, caller, holder = review.add_case(), review.caller("koordinator-9901"), review.caller("stafettholder-9901")
    to_consent(caller, case, valid_to=day(60))
    ok(caller.step(case, "bti/2", handover()), 201)
    path = f"/handovers/{ok(holder.get('/handovers'))[0]['handover_id']}"
    assert holder.get(path).status_code == 200

    if ends == "withdrawn":
        ok(caller.step(case, "consents/withdraw", {"note": ""}))
    elif ends == "run out":
        review.clock.forward(days=61)
        holder, caller = review.log_in_again("stafettholder-9901"), review.log_in_again("koordinator-9901")
    elif ends == "objected":
        ok(caller.step(case, "objections", {"statement": "Nei takk."}), 201)
    else:
        review.clock.forward(**LATER)
        holder, caller = review.log_in_again("stafettholder-9901"), review.log_in_again("koordinator-9901")
        ok(caller.step(case, "evaluation", EVALUATION))
        ok(caller.step(case, "close"))

    assert refused(holder.get(path)) == (404, "TID710")
    assert holder.get("/handovers").json()["data"] == []


@pytest.mark.requirement("R-28")
def test_a_handover_is_its_holder_s_alone(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    to_consent(caller, case)
    ok(caller.step(case, "bti/2", handover()), 201)
    with review.database.reading() as session:
        path = f"/handovers/{session.scalars(select(HandoverRow.id)).one()}"

    others = [review.new_account("stafettholder", municipality="9901", service="school_team"), review.caller("stafettholder-9902")]

    assert [refused(other.get(path)) for other in others] == [(404, "TID710")] * 2
    assert refused(caller.get(path)) == (403, "TID712")


@pytest.mark.requirement("R-23")
def test_a_consent_that_is_none_is_refused(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    to_family(caller, case)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"given_by": "child"}, "TID724"),
        ({"given_by": "guardians", "age": 16}, "TID724"),
        ({"valid_to": day(366)}, "TID725"),
        ({"valid_to": day(-1)}, "TID725"),
        ({"given_on": day(1)}, "TID725"),
        ({"services": ["barnevern"]}, "TID726"),
        ({"purpose": "kort"}, "TID703"),
        ({"purpose": "Gjelder 01010750160 og hverdagen."}, "TID707"),
    ]

    answers = [(refused(caller.step(case, "consents", consent(**changes))), code) for changes, code in wrong]

    assert [answer for answer, _ in answers] == [(422, code) for _, code in answers]
    assert review.row(case).state == "FAMILIE_INFORMERT"


@pytest.mark.requirement("R-23")
def test_from_the_consent_age_the_young_person_consents_and_nothing_is_pre_ticked(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    to_family(caller, case)
    missing = [{key: value for key, value in consent().items() if key != left_out} for left_out in consent()]

    assert {caller.step(case, "consents", body).status_code for body in missing} == {422}
    page = ok(caller.step(case, "consents", consent(given_by="child", age=16)), 201)
    assert (page["follow_up"]["consent"]["age_rule"], page["follow_up"]["consent"]["is_valid"]) == (16, True)


@pytest.mark.requirement("R-23")
def test_no_consent_leads_to_closing_or_to_what_the_own_service_can_do_without_sharing(review: Review) -> None:
    caller, alone, closed = review.caller("koordinator-9901"), review.add_case(), review.add_case()
    for case in (alone, closed):
        to_family(caller, case)
        page = ok(caller.step(case, "no-consent", {"note": "Vil vente litt."}))
        assert page["steps"] == ["hand_over_1", "close", "object"]

    shared = caller.step(alone, "bti/1", handover())
    higher = caller.step(alone, "bti/2", handover(holder=None))
    own = ok(caller.step(alone, "bti/1", handover(holder=None)), 201)

    assert refused(shared) == (409, "TID727")
    assert refused(higher) == (409, "TID701")
    assert (own["row"]["state"], own["follow_up"]["handover"]["is_shared"]) == ("BTI_1", False)
    assert ok(caller.step(closed, "close"))["row"]["state"] == "LUKKET"
    assert review.caller("stafettholder-9901").get("/handovers").json()["data"] == []


@pytest.mark.requirement("R-23")
def test_after_level_one_alone_a_higher_level_waits_for_a_consent(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    to_family(caller, case)
    ok(caller.step(case, "no-consent", {"note": ""}))
    ok(caller.step(case, "bti/1", handover(holder=None)), 201)
    review.clock.forward(**LATER)
    caller = review.log_in_again("koordinator-9901")
    page = ok(caller.step(case, "evaluation", EVALUATION))

    assert page["steps"] == ["hand_over_1", "record_consent", "close", "object"]
    assert refused(caller.step(case, "bti/2", handover(evaluate_on=day(57 + 50)))) == (409, "TID727")
    ok(caller.step(case, "consents", consent(given_on=day(57), valid_to=day(57 + 180))), 201)
    assert ok(caller.step(case, "bti/2", handover(evaluate_on=day(57 + 50))), 201)["row"]["state"] == "BTI_2"


@pytest.mark.requirement("R-39")
def test_a_handover_that_may_not_be_is_refused(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    review.create_demo_account("stafettholder-9902")
    to_consent(caller, case)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"child_heard": "not_yet"}, "TID729"),
        ({"holder": "koordinator-9901"}, "TID728"),
        ({"holder": "stafettholder-9902"}, "TID728"),
        ({"holder": None}, "TID728"),
        ({"evaluate_on": day(41)}, "TID725"),
        ({"evaluate_on": day(85)}, "TID725"),
        ({"needs": "hjelp"}, "TID703"),
    ]

    answers = [(refused(caller.step(case, "bti/2", handover(**changes))), code) for changes, code in wrong]

    assert [answer for answer, _ in answers] == [(422, code) for _, code in answers]
    assert review.row(case).state == "SAMTYKKE_GITT"


@pytest.mark.requirement("R-23")
def test_a_consent_that_does_not_name_the_holder_s_service_covers_no_handover(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    other = review.new_account("stafettholder", municipality="9901", service="leisure_team")
    to_consent(caller, case)

    assert refused(caller.step(case, "bti/2", handover(holder=other.login))) == (422, "TID726")


def test_a_conversation_needs_its_day_its_words_and_the_sheet(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    to_wondering(caller, case)
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("talk", talk(planned_on=day(-1)), "TID725"),
        ("talk", talk(about="kort"), "TID703"),
        ("family-informed", informed(sheet_given=False), "TID723"),
        ("family-informed", informed(informed_on=day(1)), "TID725"),
        ("family-informed", informed(child_heard_how="ja"), "TID703"),
    ]

    answers = [(refused(caller.step(case, step, body)), code) for step, body, code in wrong if step == "talk"]
    ok(caller.step(case, "talk", talk()))
    answers += [(refused(caller.step(case, step, body)), code) for step, body, code in wrong if step != "talk"]

    assert [answer for answer, _ in answers] == [(422, code) for _, code in answers]


@pytest.mark.requirement("R-25")
def test_the_purge_takes_consents_handovers_and_notes_with_it(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    to_consent(caller, case)
    ok(caller.step(case, "bti/2", handover()), 201)
    ok(caller.step(case, "consents/withdraw", {"note": "Vil ikke mer."}))
    ok(caller.step(case, "close"))
    review.clock.forward(days=184)

    with review.database.transaction() as session:
        expire_overdue(session, review.project, now=review.clock())

    with review.database.reading() as session:
        sealed = [s for t in (ConsentRow, HandoverRow, StepNoteRow) for s in session.scalars(select(t.sealed))]
        kept = session.scalars(select(ConsentRow)).one()
    assert len(sealed) > 3
    assert set(sealed) == {None}
    assert kept.withdrawn_at is not None
    assert review.row(case).purged_at == review.clock()


def test_what_is_filled_in_lies_sealed_and_the_log_holds_no_word_of_it(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    to_consent(caller, case)
    ok(caller.step(case, "bti/2", handover()), 201)

    with review.database.reading() as session:
        entries = "".join(session.scalars(select(LogRow.entry)))
        sealed = b"".join(s or b"" for t in (ConsentRow, HandoverRow, StepNoteRow) for s in session.scalars(select(t.sealed)))

    for text in (NEEDS, HOW, "trygg hverdag", "school_team", "guardians"):
        assert text not in entries
        assert text.encode() not in sealed
