"""A review from proposal to decision, over HTTP, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from features.finished_reviews import read_finished_reviews
from features.restrictions import read_restrictions, restricted_subjects
from serving.cases.expiry import expire_overdue
from serving.cases.states import DECISIONS
from serving.storage.tables import DecisionRow, LogRow, OwnViewRow
from tests.support.review import NEED, REASON, VIEW, Review


@pytest.mark.requirement("R-01")
@pytest.mark.requirement("R-20")
def test_own_view_then_proposal_then_decision(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")

    assert caller.get(f"/cases/{case}").json()["data"]["steps"] == ["assign", "object"]
    caller.to_own_view(case)
    hidden = caller.get(f"/cases/{case}").json()["data"]
    refused = caller.get(f"/cases/{case}/view")
    assert hidden["proposal"] is None
    assert (refused.status_code, refused.json()["code"]) == (409, "TID702")

    assert caller.step(case, "own-view", VIEW).status_code == 200
    shown = caller.get(f"/cases/{case}/view").json()["data"]
    decided = caller.step(case, "decisions", {"step": "decide_wondering", "reason": REASON})

    assert shown["band"] == "worth_a_look"
    assert decided.status_code == 201
    assert decided.json()["data"]["row"]["state"] == "UNDRING"
    assert decided.json()["data"]["decision"]["reason"] == REASON


@pytest.mark.requirement("R-18")
@pytest.mark.requirement("R-05")
def test_the_proposal_shows_words_and_no_number_of_the_model(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    caller.to_review(case)

    text = caller.get(f"/cases/{case}").text + caller.get(f"/cases/{case}/view").text + caller.get("/cases").text

    for kept in (
        "0.4523",
        "0.8,",
        "0.3086",
        "-0.1914",
        "-1.2",
        "probability",
        "log_odds",
        "contribution",
        "nav_low_income",
        "lavinntekt",
        "rank",
    ):
        assert kept not in text, kept
    view = caller.get(f"/cases/{case}/view").json()["data"]
    assert [line["label"]["nb"] for line in view["raises"]] == ["Fravær, hele dager"]
    assert view["coarse"]["label"]["nb"] == "andre forhold hos en annen tjeneste"


@pytest.mark.requirement("R-20")
def test_no_decision_before_the_own_view(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    for before in (("assign", None), ("open", {"need_to_know": NEED})):
        assert caller.step(case, *before).status_code == 200
        for step in DECISIONS:
            answer = caller.step(case, "decisions", {"step": step, "reason": REASON})
            assert (answer.status_code, answer.json()["code"]) == (409, "TID701")


def test_texts_have_to_be_long_enough_and_one_s_own(review: Review) -> None:
    caller, first, second = review.caller("koordinator-9901"), review.add_case(), review.add_case()
    caller.step(first, "assign")

    short_need = caller.step(first, "open", {"need_to_know": "jobb"})
    caller.step(first, "open", {"need_to_know": NEED})
    short_view = caller.step(first, "own-view", {**VIEW, "text": "   ok    "})
    caller.step(first, "own-view", VIEW)
    short_reason = caller.step(first, "decisions", {"step": "decide_no_need", "reason": "Ikke behov." + " " * 40})
    done = caller.step(first, "decisions", {"step": "decide_no_need", "reason": REASON})
    caller.to_review(second)
    copied = caller.step(second, "decisions", {"step": "decide_no_need", "reason": REASON.upper().replace(" ", "  ")})

    assert [a.json()["code"] for a in (short_need, short_view, short_reason)] == ["TID703"] * 3
    assert done.status_code == 201
    assert (copied.status_code, copied.json()["code"]) == (409, "TID704")


@pytest.mark.requirement("R-07")
def test_a_national_identity_number_in_free_text_is_refused_and_not_repeated(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    caller.step(case, "assign")

    refused = caller.step(case, "open", {"need_to_know": "Gjelder 01010750160 i klassen min."})

    assert (refused.status_code, refused.json()["code"]) == (422, "TID707")
    assert "01010750160" not in refused.text


@pytest.mark.requirement("R-17")
def test_a_second_reader_has_to_look_before_a_conversation_with_a_child_under_twelve(review: Review) -> None:
    case, caller = review.add_case(needs_second_reader=True), review.caller("koordinator-9901")
    caller.to_review(case)

    refused = caller.step(case, "decisions", {"step": "decide_wondering", "reason": REASON})
    handed_over = caller.step(case, "decisions", {"step": "decide_second_reader", "reason": REASON})

    assert "decide_wondering" not in caller.get(f"/cases/{case}").json()["data"]["steps"]
    assert (refused.status_code, refused.json()["code"]) == (409, "TID706")
    assert handed_over.json()["data"]["row"]["state"] == "TRENGER_ANDRELESER"


def test_every_step_offered_can_be_done_and_no_other(review: Review) -> None:
    """No dead buttons: each offered step answers with success, each step not offered with TID701."""
    caller = review.caller("koordinator-9901")
    bodies = {"open": {"need_to_know": NEED}, "own-view": VIEW, "assign": None, "close": None}
    names = {"open": "open", "own-view": "save_own_view", "assign": "assign", "close": "close"}
    for reached in ([], ["assign"], ["assign", "open"], ["assign", "open", "own-view"]):
        for tried, body in bodies.items():
            case = review.add_case()
            for step in reached:
                assert caller.step(case, step, bodies[step]).status_code == 200
            offered = names[tried] in caller.get(f"/cases/{case}").json()["data"]["steps"]
            answer = caller.step(case, tried, body)
            assert (answer.status_code == 200) is offered, (reached, tried, answer.text)


def test_a_change_from_an_older_version_is_refused_and_nothing_is_lost(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    version = caller.version(case)
    caller.step(case, "assign")

    stale = caller.post(f"/cases/{case}/open", {"need_to_know": NEED}, version=version)
    missing = caller.post(f"/cases/{case}/open", {"need_to_know": NEED})

    assert (stale.status_code, stale.json()["code"]) == (412, "TID705")
    assert (missing.status_code, missing.json()["code"]) == (428, "TID718")
    assert review.row(case).state == "TILDELT"


@pytest.mark.requirement("R-01")
def test_there_is_no_way_to_decide_two_cases_at_once(review: Review) -> None:
    paths = review.app.openapi()["paths"]
    deciding = [p for p in paths if "decision" in p]
    caller, case = review.caller("koordinator-9901"), review.add_case()
    caller.to_review(case)

    listed = caller.step(case, "decisions", [{"step": "decide_no_need", "reason": REASON}])
    widened = caller.step(case, "decisions", {"step": "decide_no_need", "reason": REASON, "cases": [case]})

    assert deciding == ["/api/v1/cases/{case_id}/decisions"]
    assert (listed.status_code, widened.status_code) == (422, 422)
    # one case scored again, and histories that a machine posts itself: neither lists what is kept of anybody
    assert sorted(p for p in paths if "export" in p or "score" in p) == ["/api/v1/cases/{case_id}/rescore", "/api/v1/scores"]


@pytest.mark.requirement("R-22")
def test_an_objection_stops_every_case_of_the_person_at_once(review: Review) -> None:
    subject = "7" * 32
    taken, other = (
        review.add_case(subject_id=subject),
        review.add_case(municipality="9902", subject_id=subject, screening_id=review.add_screening()),
    )
    caller = review.caller("koordinator-9901")
    caller.to_review(taken)

    answer = caller.step(taken, "objections", {"statement": "Vil ikke at opplysningene brukes slik."})

    assert answer.status_code == 201
    page = answer.json()["data"]
    assert (page["row"]["state"], page["proposal"], page["steps"]) == ("STANSET", None, [])
    assert review.row(other).state == "STANSET"
    assert caller.get("/cases").json()["data"] == review.caller("koordinator-9902").get("/cases").json()["data"] == []
    assert set(read_restrictions(review.project)["subject_id"]) == {subject}
    assert restricted_subjects(review.project, on=review.clock().date()) == (subject,)


@pytest.mark.requirement("R-25")
def test_an_unreviewed_case_expires_and_its_content_is_gone(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    caller.to_review(case)
    review.clock.forward(days=61)

    with review.database.transaction() as session:
        n = expire_overdue(session, review.project, now=review.clock())

    row = review.row(case)
    with review.database.reading() as session:
        left = session.scalar(select(func.count()).select_from(OwnViewRow)), session.scalar(select(func.count()).select_from(DecisionRow))
    reviews = read_finished_reviews(review.project)
    assert reviews[["case_id", "decision"]].to_numpy().tolist() == [[case, "expired"]]
    assert (n, row.state, row.sealed_proposal, row.sealed_need, left) == (1, "UTLØPT", None, None, (0, 0))
    assert row.purged_at == review.clock()


def test_nothing_personal_lies_open_in_the_database(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    caller.to_review(case)
    caller.step(case, "decisions", {"step": "decide_no_need", "reason": REASON})

    with review.database.reading() as session:
        entries = "".join(session.scalars(select(LogRow.entry)))
        sealed = b"".join([*session.scalars(select(OwnViewRow.sealed)), *(s or b"" for s in session.scalars(select(DecisionRow.sealed)))])
    sealed += review.row(case).sealed_proposal or b""
    for text in (NEED, VIEW["text"], REASON, "worth_a_look", "edu_absence_days"):
        assert text not in entries
        assert text.encode() not in sealed


@pytest.mark.requirement("R-37")
def test_a_finished_review_is_told_in_codes_and_never_in_words(review: Review) -> None:
    agreed, disagreed, caller = review.add_case(), review.add_case(), review.caller("koordinator-9901")
    for case, step, reason in ((agreed, "decide_wondering", REASON), (disagreed, "decide_no_need", f"{REASON} Men ikke nå.")):
        caller.to_own_view(case)
        caller.step(case, "own-view", {**VIEW, "inclination": "concern"})
        assert caller.step(case, "decisions", {"step": step, "reason": reason}).status_code == 201

    found = read_finished_reviews(review.project).set_index("case_id")

    assert found.loc[agreed, ["decision", "agreed_before", "agreed_after"]].tolist() == ["wondering", True, True]
    assert found.loc[disagreed, ["decision", "agreed_before", "agreed_after"]].tolist() == ["no_need", True, False]
    assert REASON not in found.to_csv()


@pytest.mark.requirement("R-22")
def test_an_objection_takes_earlier_reviews_of_the_person_out_of_the_table_too(review: Review) -> None:
    subject, caller = "ab" * 16, review.caller("koordinator-9901")
    closed = review.add_case(subject_id=subject)
    caller.to_review(closed)
    caller.step(closed, "decisions", {"step": "decide_no_need", "reason": REASON})
    caller.step(closed, "close")
    assert read_finished_reviews(review.project)["case_id"].tolist() == [closed]

    later = review.add_case(subject_id=subject, screening_id=review.add_screening())
    assert caller.step(later, "objections", {"statement": ""}).status_code == 201

    assert read_finished_reviews(review.project).empty
