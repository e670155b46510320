import numpy as np
import pytest

from monitoring.drift.changes import measure_drift
from monitoring.fairness.groups import measure_fairness
from monitoring.signals.judging import (
    calibration_signal,
    group_signals,
    input_drift_signal,
    oversight_signal,
    score_drift_signal,
    silent_register_signal,
)
from tests.support.reviews import oversight

RANDOM = np.random.default_rng(5)


def people(n: int, *, true_rate_of_b: float = 0.3, false_rate_of_b: float = 0.2):
    group = np.repeat(["a", "b"], n // 2)
    label = RANDOM.uniform(size=n) < np.where(group == "b", true_rate_of_b, 0.3)
    proposed = np.where(label, RANDOM.uniform(size=n) < 0.6, RANDOM.uniform(size=n) < np.where(group == "b", false_rate_of_b, 0.2))
    return measure_fairness(label.astype(float), proposed, np.full(n, 0.3), list(group), attribute="sex")


@pytest.mark.requirement("R-12")
@pytest.mark.requirement("R-30")
def test_a_miscalibrated_group_is_named_and_suspends():
    calibrated, fpr = group_signals([people(4000, true_rate_of_b=0.45)])
    assert (calibrated.verdict, calibrated.evidence["groups"], calibrated.suspends) == ("FAILED", "sex: b", True)
    assert fpr.code == "S-06"


@pytest.mark.requirement("R-12")
def test_false_proposals_that_fall_on_one_group_fail():
    calibrated, fpr = group_signals([people(6000, false_rate_of_b=0.4)])
    assert calibrated.verdict == "PASSED"
    assert fpr.verdict == "FAILED"


@pytest.mark.requirement("R-12")
def test_fair_groups_pass_and_small_ones_are_not_applicable():
    assert [signal.verdict for signal in group_signals([people(4000)])] == ["PASSED", "PASSED"]
    few = group_signals([people(80)])
    assert [signal.verdict for signal in few] == ["NOT_APPLICABLE", "NOT_APPLICABLE"]
    assert few[0].evidence == {"reason": "too few outcomes", "needed": 50}


def test_calibration_fails_only_when_the_interval_leaves_the_bound():
    right = people(4000)
    assert calibration_signal(right.everybody).verdict == "PASSED"
    wrong = measure_fairness(np.repeat([1.0, 0.0], 500), np.zeros(1000), np.full(1000, 0.3), ["a"] * 1000, attribute="sex")
    failed = calibration_signal(wrong.everybody)
    assert (failed.verdict, failed.suspends, failed.evidence["difference"]) == ("FAILED", True, -0.2)


@pytest.mark.requirement("R-30")
def test_drift_suspends_only_where_it_touches_what_the_model_builds_on():
    current = RANDOM.normal(size=(300, 2))
    current[:, 0] += 1
    drift = measure_drift(RANDOM.normal(size=(3000, 2)), current, ["a", "b"], sectors={"a": "health", "b": "family"})
    minor, major = input_drift_signal(drift, {"a": 0.1, "b": 0.9}), input_drift_signal(drift, {"a": 0.7, "b": 0.3})
    assert (minor.verdict, minor.suspends, minor.evidence["sectors"]) == ("FAILED", False, "health")
    assert major.suspends


def test_too_few_people_or_no_features_answer_nothing():
    few = measure_drift(RANDOM.normal(size=(3000, 1)), RANDOM.normal(size=(9, 1)), ["a"], sectors={"a": "health"})
    none = measure_drift(np.empty((500, 0)), np.empty((500, 0)), [], sectors={})
    for drift in (few, none):
        assert input_drift_signal(drift, {}).verdict == silent_register_signal(drift).verdict == "NOT_APPLICABLE"
        assert score_drift_signal(drift).verdict == "NOT_APPLICABLE"


def test_scores_that_moved_fail_without_suspending():
    def drift(*scores):
        return measure_drift(np.empty((3000, 0)), np.empty((300, 0)), [], sectors={}, scores=scores)

    moved = score_drift_signal(drift(RANDOM.beta(2, 8, 3000), RANDOM.beta(4, 8, 300)))
    assert (moved.verdict, moved.suspends) == ("FAILED", False)
    assert score_drift_signal(drift(RANDOM.beta(2, 8, 3000), RANDOM.beta(2, 8, 300))).verdict == "PASSED"


def test_agreeing_with_everything_fails_and_disagreeing_does_not():
    assert oversight_signal(oversight(200, 199)).verdict == "FAILED"
    assert oversight_signal(oversight(200, 130)).verdict == "PASSED"
    assert oversight_signal(oversight(12, 12)).verdict == "NOT_APPLICABLE"
