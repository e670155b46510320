"""What is counted of reviews, and what the report tells of it."""

import numpy as np
import pytest
from scipy import stats

from monitoring.oversight.paths import PATHS, follow_people
from monitoring.oversight.reviews import mcnemar, measure_oversight, publish_oversight
from monitoring.oversight.timing import count_workload, publish_workload, quartiles
from tests.support.projects import NOW
from tests.support.reviews import as_frame, finished_review, no_need

IDS = [f"{n:032x}" for n in range(400)]
PROPOSED = np.arange(400) < 200
UNKNOWN = np.full(400, np.nan)


def paths_of(*reviews):
    followed = follow_people(IDS, PROPOSED, as_frame(reviews))
    return [PATHS[path] for path in followed.path[: len(reviews)]]


def test_everybody_is_on_one_path():
    made = [
        finished_review(IDS[0]),
        finished_review(IDS[1], informed=True),
        finished_review(IDS[2], informed=True, consent=True, own_view="unsure"),
        finished_review(IDS[3], informed=True, consent=False, own_view="no_concern"),
        finished_review(IDS[4], informed=None),
        no_need(IDS[5]),
        no_need(IDS[6], decision="wrong_basis", data_error=True),
        no_need(IDS[7], decision="followed_already"),
        finished_review(IDS[8], decision="expired", own_view=None, days_to_opened=None),
        no_need(IDS[9], decision="wrong_basis", data_error=False),
    ]
    assert paths_of(*made) == [
        "worried talk",
        "worried told",
        "unsure consented",
        "not_worried refused",
        "worried talk_unknown",
        "worried no_need",
        "worried data_error",
        "worried otherwise",
        "expired",
        "waiting",
    ]
    followed = follow_people(IDS, PROPOSED, as_frame(made))
    assert {PATHS[path] for path in followed.path[10:200]} == {"waiting"}
    assert {PATHS[path] for path in followed.path[200:]} == {"left"}


def test_a_person_counts_once_with_the_newest_review_and_others_not_at_all():
    twice = [no_need(IDS[0], case_id="a", decided_at=NOW), finished_review(IDS[0], case_id="b")]
    strangers = [finished_review("f" * 32), finished_review(IDS[300])]
    oversight = measure_oversight(IDS, PROPOSED, as_frame([*twice, *strangers]), label=UNKNOWN, groups={})
    assert (oversight.n_reviews, oversight.n_agreed) == (1, 1)


def test_a_table_of_an_earlier_version_is_counted_and_what_it_lacks_is_not_known():
    lacking = dict.fromkeys(
        ("band", "held_back", "minutes_seen", "days_to_opened", "days_to_decided", "informed", "data_error", "reviewer")
    )
    made = [finished_review(i, **lacking) for i in IDS[:30]] + [no_need(i, **lacking) for i in IDS[30:60]]
    content = publish_oversight(measure_oversight(IDS, PROPOSED, as_frame(made), label=UNKNOWN, groups={}))
    assert content["after"]["point"] == 0.5
    assert content["steps"]["informed"]["point"] is None
    assert (content["by_sight"]["seen"], content["times"]["minutes_seen"], content["workload"]["n_reviewers"]) == (None, None, None)


def reviewed_people():
    """Make a hundred who were seen, twenty changing towards the proposal and ten away, and forty of study mode; by ten reviewers."""
    made = [finished_review(i, own_view="no_concern") for i in IDS[:20]] + [no_need(i) for i in IDS[20:30]]
    made += [finished_review(i, informed=True, consent=n % 3 > 0) for n, i in enumerate(IDS[30:60])]
    made += [no_need(i, own_view="no_concern", minutes_seen=1.0 if n < 8 else 9.0) for n, i in enumerate(IDS[60:80])]
    made += [finished_review(i, own_view="unsure") for i in IDS[80:90]] + [no_need(i, own_view="unsure") for i in IDS[90:100]]
    views = ("concern", "unsure", "no_concern", "no_concern")
    held = [{"held_back": True, "minutes_seen": None, "own_view": view} for view in views]
    made += [finished_review(i, **held[n % 4]) if n < 20 else no_need(i, **held[n % 4]) for n, i in enumerate(IDS[100:140])]
    return as_frame([{**row, "reviewer": str(n % 10), "days_to_decided": float(n % 9)} for n, row in enumerate(made)])


def test_agreement_before_and_after_is_paired_and_compared_with_study_mode():
    content = publish_oversight(measure_oversight(IDS, PROPOSED, reviewed_people(), label=UNKNOWN, groups={}))
    seen, held = content["by_sight"]["seen"], content["by_sight"]["held_back"]
    assert (seen["n_decided"], held["n_decided"]) == (100, 40)
    assert seen["shares"]["towards"]["point"] == 20 / 40
    assert seen["shares"]["away"]["point"] == 10 / 40
    assert seen["mcnemar"] == pytest.approx(stats.binomtest(20, 30, 0.5).pvalue, rel=0.05)
    assert seen["shares"]["after"]["point"] == 60 / 100
    assert held["shares"]["after"]["point"] == 20 / 40
    gap = content["by_sight"]["difference_after"]
    assert gap["point"] == pytest.approx(0.1)
    assert gap["low"] < 0 < gap["high"]
    assert content["too_fast"]["point"] == 8 / 100
    assert (content["steps"]["informed"]["n"], content["steps"]["informed"]["point"]) == (80, 30 / 80)
    assert content["workload"]["n_reviewers"] == 10
    assert content["workload"]["mean_reviews"] == 14
    assert content["workload"]["reviews_each"] is None
    assert content["times"]["days_to_decided"]["median"]["point"] == 4


@pytest.mark.requirement("R-11")
def test_limits_say_whose_decisions_they_are_of():
    few = reviewed_people()
    few = few.assign(reviewer=[str(n % 4) for n in range(len(few))])
    counted = [measure_oversight(IDS, PROPOSED, reviews, label=UNKNOWN, groups={}) for reviews in (reviewed_people(), few)]
    many, of_four = (publish_oversight(one) for one in counted)
    share, alone = many["after"], of_four["after"]
    assert (share["limits"], alone["limits"], alone["widening"]) == ("any reviewers", "these reviewers", None)
    exact = stats.binomtest(round(alone["point"] * alone["n"]), alone["n"]).proportion_ci()
    assert (alone["low"], alone["high"]) == pytest.approx((exact.low, exact.high))
    assert (share["point"], share["n"]) == (alone["point"], alone["n"])
    assert share["low"] < alone["low"]
    assert share["high"] > alone["high"]
    # Most people screened were decided on by nobody, so that their share hangs on reviewers less.
    shares = counted[0].tables.everybody.shares
    assert 1 < shares["both_together"].widening < shares["followed_up"].widening
    assert many["by_sight"]["difference_after"]["limits"] == "any reviewers"
    assert many["times"]["days_to_decided"]["median"]["widening"] > 1
    assert of_four["times"]["days_to_decided"]["median"]["widening"] is None


def test_groups_are_told_of_step_by_step_and_a_small_one_is_said_to_be_small():
    sex = ["girl" if n % 2 else "boy" for n in range(400)]
    born = ["here"] * 397 + ["abroad"] * 3
    born[0] = born[1] = "abroad"
    table = measure_oversight(IDS, PROPOSED, reviewed_people(), label=UNKNOWN, groups={"sex": sex, "born": born})
    by_group = {part["attribute"]: part for part in publish_oversight(table)["by_group"]}
    girl = next(row for row in by_group["sex"]["groups"] if row["group"] == "girl")
    assert girl["shares"]["followed_up"]["point"] == 40 / 70
    assert by_group["sex"]["reference"] == "boy"
    assert girl["differences"]["followed_up"]["point"] == pytest.approx(0)
    abroad = next(row for row in by_group["born"]["groups"] if row["group"] == "abroad")
    assert {(share["n"], share["point"], share["verdict"]) for share in abroad["shares"].values()} == {(None, None, "too small")}


def test_matured_outcomes_are_held_against_reviewers_alone_and_both_together():
    label = np.where(np.arange(400) % 4 == 0, 1.0, 0.0)
    table = measure_oversight(IDS, PROPOSED, reviewed_people(), label=label, groups={"sex": ["all"] * 400})
    shares = table.tables.everybody.shares
    decided, worried = np.arange(140), np.r_[np.arange(20, 60), np.arange(100, 140, 4)]
    followed = np.r_[np.arange(20), np.arange(30, 60), np.arange(80, 90), np.arange(100, 120)]
    assert shares["reviewers_tpr"].point == label[worried].sum() / label[decided].sum()
    assert shares["reviewers_fpr"].point == (1 - label[worried]).sum() / (1 - label[decided]).sum()
    assert shares["both_tpr"].point == label[followed].sum() / label.sum()
    assert shares["both_fpr"].point == (1 - label[followed]).sum() / (1 - label).sum()
    assert shares["both_ppv"].point == label[followed].mean()


def test_mcnemar_is_the_exact_binomial_test():
    for towards, away in ((0, 0), (1, 0), (8, 2), (30, 12)):
        cumulated = 2 * stats.binom.cdf(min(towards, away), towards + away, 0.5) if towards + away else 1.0
        assert mcnemar(towards, away) == pytest.approx(min(1.0, cumulated))


@pytest.mark.parametrize("n", [20, 37, 120])
def test_limits_of_quartiles_cover_and_leave_five_beyond(n):
    random = np.random.default_rng(n)
    draws = np.sort(random.exponential(50, (2000, n)))
    for name, share in (("lower", 0.25), ("median", 0.5), ("upper", 0.75)):
        found = [quartiles(draw)[name] for draw in draws[:400]]
        truth = stats.expon.ppf(share, scale=50)
        covered = [(q.low is None or q.low <= truth + 0.5) and (q.high is None or truth - 0.5 <= q.high) for q in found]
        assert np.mean(covered) >= 0.93
        assert all(q.low is None or (draw < q.low + 0.5).sum() >= 5 for q, draw in zip(found, draws, strict=False))


@pytest.mark.requirement("R-32")
def test_no_reviewer_is_told_of_alone():
    rows = [finished_review(i, reviewer=str(n % 4)) for n, i in enumerate(IDS[:80])]
    few = publish_workload(count_workload(as_frame(rows)), n_decided=80)
    assert (few["n_reviewers"], few["mean_reviews"], few["always_agree"]["point"], few["always_agree"]["n"]) == (None, None, None, None)
    many = [finished_review(i, reviewer=str(n % 8)) if n % 8 else no_need(i, reviewer="0") for n, i in enumerate(IDS[:120])]
    told = publish_workload(count_workload(as_frame(many)), n_decided=120)
    assert told["n_reviewers"] == 8
    assert told["always_agree"]["point"] is None  # one of eight, who would stand out as the only one who always overrides
    assert told["always_override"]["point"] is None


def test_reviewers_who_always_agree_are_counted_where_enough_of_both_are():
    rows = []
    for n, i in enumerate(IDS[:200]):
        reviewer = n % 12
        make = finished_review if reviewer < 6 or n % 24 < 12 else no_need
        rows.append(make(i, reviewer=str(reviewer)))
    told = publish_workload(count_workload(as_frame(rows)), n_decided=200)
    assert (told["always_agree"]["n"], told["always_agree"]["point"]) == (12, 0.5)
    assert told["always_override"]["point"] is None


def test_no_review_at_all_is_a_report_that_says_too_small():
    content = publish_oversight(measure_oversight(IDS, PROPOSED, as_frame([]), label=UNKNOWN, groups={"sex": ["x"] * 400}))
    assert content["after"]["verdict"] == "too small"
    assert content["by_band"] == []
