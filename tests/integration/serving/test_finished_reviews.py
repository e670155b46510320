"""What the service tells an auditor of each finished review: rows that real reviews wrote, over HTTP, on both databases."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from features.exchanged import FINISHED_REVIEWS
from features.finished_reviews import read_finished_reviews
from serving.cases.exchange import write_finished_table
from serving.cases.expiry import expire_overdue
from tests.support.follow_up import SECOND_VIEW, WRONG, consent, decide, informed, ok, talk, to_second_reading
from tests.support.review import NEED, VIEW, Caller, Review


def told(review: Review) -> pd.DataFrame:
    """Read the table as it is now, by case."""
    return read_finished_reviews(review.project).set_index("case_id")


def write_again(review: Review, *, with_keys: bool = False) -> None:
    """Write the table as the quarter-hourly look or an erasure does."""
    with review.database.transaction() as session:
        write_finished_table(session, review.project, keys=review.keys if with_keys else None)


def to_family(review: Review, caller: Caller) -> str:
    """Bring a case to where the family was informed."""
    case = review.add_case()
    caller.to_review(case)
    ok(decide(caller, case, "decide_wondering"), 201)
    ok(caller.step(case, "talk", talk()))
    return case


def test_a_review_tells_its_band_place_and_times(review: Review) -> None:
    case = review.add_case()
    review.clock.forward(hours=6)
    caller = review.caller("koordinator-9901")
    caller.to_own_view(case)
    review.clock.forward(minutes=10)
    ok(caller.step(case, "own-view", VIEW))
    review.clock.forward(minutes=2)
    ok(caller.get(f"/cases/{case}"))
    review.clock.forward(minutes=7)
    ok(decide(caller, case, "decide_no_need"), 201)
    ok(caller.get(f"/cases/{case}"))

    row = told(review).loc[case]

    assert row[["band", "municipality", "held_back", "quality_sample"]].tolist() == ["worth_a_look", "9901", False, False]
    assert row["days_to_opened"] == pytest.approx(0.25)
    assert row["days_to_decided"] == pytest.approx((6 * 60 + 19) / 1440)
    assert row["minutes_seen"] == pytest.approx(7)
    assert row[["data_error", "informed", "consent", "readers_agree"]].tolist() == [False, None, None, None]


def test_who_saw_the_proposal_in_the_answer_to_their_own_view_saw_it_then(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    caller.to_review(case)
    review.clock.forward(minutes=3)
    ok(decide(caller, case, "decide_wondering"), 201)

    assert told(review).loc[case, "minutes_seen"] == pytest.approx(3)


@pytest.mark.requirement("R-20")
def test_a_case_of_study_mode_was_decided_without_having_seen_anything(review: Review) -> None:
    case, caller = review.add_case(without_proposal=True, is_quality_sample=True), review.caller("koordinator-9901")
    caller.to_review(case)
    ok(caller.get(f"/cases/{case}"))
    ok(decide(caller, case, "decide_no_need"), 201)
    ok(caller.get(f"/cases/{case}"))

    row = told(review).loc[case]

    assert row[["held_back", "quality_sample", "band"]].tolist() == [True, True, "worth_a_look"]
    assert pd.isna(row["minutes_seen"])
    assert row["days_to_opened"] == 0


@pytest.mark.requirement("R-30")
def test_while_the_model_was_suspended_nobody_had_seen_the_proposal(review: Review) -> None:
    from serving.storage.tables import SuspensionRow

    case, caller = review.add_case(), review.caller("koordinator-9901")
    ok(caller.step(case, "assign"))  # what nobody has taken can't be taken while it is stopped
    ok(caller.step(case, "open", {"need_to_know": NEED}))
    with review.database.transaction() as session:
        session.add(SuspensionRow(id="a" * 32, reason="Prøve", turned_by="system", role="system", turned_at=review.clock()))
    ok(caller.step(case, "own-view", VIEW))
    ok(caller.get(f"/cases/{case}"))
    ok(decide(caller, case, "decide_no_need"), 201)

    assert pd.isna(told(review).loc[case, "minutes_seen"])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(None, None), (("consents", consent()), True), (("no-consent", {"note": ""}), False)],
    ids=["none", "yes", "no"],
)
def test_what_followed_a_conversation_is_told_the_moment_it_is_recorded(review: Review, answer: Any, expected: bool | None) -> None:
    caller = review.caller("koordinator-9901")
    case = to_family(review, caller)
    assert told(review).loc[case, ["informed", "consent"]].tolist() == [False, None]

    ok(caller.step(case, "family-informed", informed()))
    if answer is not None:
        done = caller.step(case, *answer)
        assert done.status_code in (200, 201), done.text

    assert told(review).loc[case, ["informed", "consent"]].tolist() == [True, expected]


def test_an_error_in_the_information_ends_the_review_until_the_case_is_proposed_again(review: Review) -> None:
    wrong, right, caller = review.add_case(), review.add_case(), review.caller("koordinator-9901")
    for case, step in ((wrong, "decide_wrong_basis"), (right, "decide_no_need")):
        caller.to_review(case)
        ok(decide(caller, case, step), 201)
    ok(caller.step(wrong, "corrections", {"indicators": ["edu_absence_days"], "text": WRONG}), 201)
    assert told(review).loc[[wrong, right], "data_error"].tolist() == [True, False]

    ok(caller.step(wrong, "close"))
    write_again(review)

    assert told(review).loc[wrong, "data_error"]


@pytest.mark.parametrize("inclination", ["unsure", "concern"])
def test_two_readers_agree_when_they_leaned_to_the_same_before_they_saw_anything(review: Review, inclination: str) -> None:
    case, caller, second = review.add_case(), review.caller("koordinator-9901"), review.caller("andreleser-9901")
    to_second_reading(caller, case)
    ok(second.step(case, "second-reading"))
    ok(second.step(case, "second-view", {**SECOND_VIEW, "inclination": inclination}))
    ok(decide(caller, case, "decide_no_need", reason="Vi er begge trygge på at hverdagen går godt nå."), 201)

    row = told(review).loc[case]

    assert (row["second_reader"], row["readers_agree"]) == (True, inclination == VIEW["inclination"])
    assert len(told(review)) == 1


@pytest.mark.requirement("R-25")
def test_what_was_told_stays_when_the_case_is_purged_and_the_table_is_written_without_keys(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    caller.to_review(case)
    review.clock.forward(minutes=4)
    ok(decide(caller, case, "decide_no_need"), 201)
    unopened, opened = review.add_case(), review.add_case()
    review.caller("koordinator-9901").to_own_view(opened)
    before = told(review).loc[case]
    review.clock.forward(days=61)

    with review.database.transaction() as session:
        expire_overdue(session, review.project, now=review.clock())
    write_again(review)

    after = told(review)
    assert review.row(case).sealed_proposal is None
    pd.testing.assert_series_equal(after.loc[case].drop("reviewer"), before.drop("reviewer"))
    assert after.loc[[unopened, opened], "decision"].tolist() == ["expired", "expired"]
    assert after.loc[[unopened, opened], "days_to_opened"].isna().tolist() == [True, False]
    assert after.loc[[unopened, opened], "reviewer"].isna().all()


def test_a_table_that_an_earlier_version_wrote_is_filled_from_the_database(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    caller.to_review(case)
    review.clock.forward(minutes=4)
    ok(decide(caller, case, "decide_no_need"), 201)
    before = told(review).drop(columns="reviewer")
    path = review.project.var / "exchange" / "finished_reviews.parquet"
    old = pd.read_parquet(path)[[field.name for field in FINISHED_REVIEWS if not field.metadata]]
    old.to_parquet(path, index=False)

    write_again(review, with_keys=True)

    pd.testing.assert_frame_equal(told(review).drop(columns="reviewer"), before)


@pytest.mark.requirement("R-32")
def test_a_reviewer_s_number_is_one_person_s_within_one_writing_and_another_in_the_next(review: Review) -> None:
    callers = [review.caller("koordinator-9901"), review.new_coordinator("9901")]
    for caller in (*callers, callers[0]):
        case = review.add_case()
        caller.to_review(case)
        ok(decide(caller, case, "decide_no_need"), 201)
        review.clock.forward(minutes=1)
    first = told(review)["reviewer"].tolist()

    write_again(review)
    second = told(review)["reviewer"].tolist()

    assert first[0] == first[2] != first[1]
    assert second[0] == second[2] != second[1]
    assert not set(first) & set(second)
    assert not {review.account_id(caller.login)[:16] for caller in callers} & set(first + second)


@pytest.mark.requirement("R-08")
def test_no_row_tells_that_there_is_a_protected_address(review: Review) -> None:
    case, shielded = review.add_case(municipality=None, is_shielded=True), review.caller("skjermet-saksbehandler")
    shielded.to_review(case)
    assert decide(shielded, case, "decide_no_need").status_code == 201

    assert told(review).empty


def test_the_table_names_no_account_and_holds_no_text(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    caller.to_review(case)
    ok(decide(caller, case, "decide_no_need"), 201)

    text = told(review).to_csv()

    for hidden in (review.account_id(caller.login), caller.login, VIEW["text"], "edu_absence_days", "0.4523"):
        assert hidden not in text
