"""Thresholds in the project folder: stricter always, looser only where it shows, and never for the bounds by group."""

import numpy as np
import pytest
from pydantic import ValidationError

from features.declarations.watching import HOUSE, LOOSER, Monitoring, Thresholds, is_looser
from monitoring.drift.changes import measure_drift
from monitoring.fairness.groups import measure_fairness
from monitoring.signals.judging import Signal, calibration_signal, group_signals, input_drift_signal, oversight_signal
from monitoring.signals.limits import suspension_content, thresholds_content
from monitoring.wording import words
from tests.support.reviews import oversight

RANDOM = np.random.default_rng(11)


def people(n: int, *, rate: float, rate_of_b: float):
    """Two groups of the same size, scored 0.3, in which the outcome comes as often as said: no chance in it."""
    group, place = np.repeat(["a", "b"], n // 2), np.tile(np.arange(n // 2), 2)
    label = place < np.where(group == "b", rate_of_b, rate) * (n // 2)
    return measure_fairness(label.astype(float), place % 5 == 0, np.full(n, 0.3), list(group), attribute="sex")


@pytest.mark.requirement("R-12")
@pytest.mark.parametrize(
    "declared",
    [{"group_calibration_bound": 0.06}, {"fpr_ratio_low": 0.79}, {"fpr_ratio_high": 1.26}],
)
def test_bounds_by_group_are_never_loosened(declared):
    with pytest.raises(ValidationError):
        Thresholds(**declared)


@pytest.mark.parametrize(
    "declared",
    [{"min_people": 9}, {"min_people": 201}, {"calibration_bound": 0.11}, {"too_agreeable": 0.98}, {"unknown": 1}, {"fpr_ratio_low": 1.0}],
)
def test_what_lies_outside_the_house_s_limits_is_refused(declared):
    with pytest.raises(ValidationError):
        Thresholds(**declared)


def test_every_threshold_has_a_looser_side_and_words_in_both_languages():
    names = set(Thresholds.model_fields)
    assert set(LOOSER) == names
    assert set(words("nb")["limits"]) == set(words("en")["limits"]) == names
    assert not any(is_looser(name, value) for name, value in HOUSE.model_dump().items())


def test_looser_thresholds_are_named_and_stricter_ones_are_not():
    used = Thresholds(min_people=40, calibration_bound=0.02, too_agreeable=0.95)
    shown = {limit["name"]: limit for limit in thresholds_content(used)}
    assert [name for name, limit in shown.items() if limit["is_looser"]] == ["min_people", "too_agreeable"]
    assert shown["calibration_bound"] == {"name": "calibration_bound", "value": 0.02, "house": 0.05, "is_looser": False}


@pytest.mark.requirement("R-30")
def test_stricter_thresholds_make_signals_fail_that_pass_by_the_house():
    table = people(4000, rate=0.3, rate_of_b=0.335)
    assert [signal.verdict for signal in group_signals([table])] == ["PASSED", "PASSED"]
    strict = Thresholds(group_calibration_bound=0.005, fpr_ratio_low=0.99, fpr_ratio_high=1.01, calibration_bound=0.005)
    assert group_signals([table], thresholds=strict)[0].verdict == "FAILED"
    wrong = people(8000, rate=0.33, rate_of_b=0.33)
    assert calibration_signal(wrong.everybody).verdict == "PASSED"
    assert calibration_signal(wrong.everybody, thresholds=strict).verdict == "FAILED"


@pytest.mark.requirement("R-30")
def test_the_share_from_which_changed_features_suspend_is_the_project_s():
    current = RANDOM.normal(size=(300, 2))
    current[:, 0] += 1
    drift = measure_drift(RANDOM.normal(size=(2000, 2)), current, ("a", "b"), sectors={"a": "education", "b": "health"})
    importance = {"a": 0.3, "b": 0.7}
    assert not input_drift_signal(drift, importance).suspends
    assert input_drift_signal(drift, importance, thresholds=Thresholds(suspending_importance=0.2)).suspends


def test_how_many_people_an_answer_takes_is_the_project_s():
    drift = measure_drift(RANDOM.normal(size=(200, 1)), RANDOM.normal(size=(30, 1)), ("a",), sectors={"a": "education"})
    assert input_drift_signal(drift, {"a": 1.0}).verdict == "PASSED"
    asked = input_drift_signal(drift, {"a": 1.0}, thresholds=Thresholds(min_people=40))
    assert (asked.verdict, asked.evidence["needed"]) == ("NOT_APPLICABLE", 40)
    agreeing = oversight(n_reviews=60, n_agreed=54)
    assert oversight_signal(agreeing).verdict == "PASSED"
    assert oversight_signal(agreeing, thresholds=Thresholds(too_agreeable=0.7)).verdict == "FAILED"


@pytest.mark.requirement("R-30")
def test_a_report_says_which_of_its_signals_stop_the_model_and_which_ask_for_somebody():
    signals = [
        Signal("S-01", "t", "FAILED", {}, suspends=True),
        Signal("S-03", "t", "FAILED", {}),
        Signal("S-04", "t", "FAILED", {}, suspends=True),
        Signal("S-05", "t", "PASSED", {}),
    ]
    assert suspension_content(signals, ("S-04", "S-03")) == {
        "suspended_by": ["S-01", "S-04"],
        "stopped_by": ["S-04"],
        "stopping_signals": ["S-03", "S-04"],
    }


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "https://user:secret@example.org/hook",
        "https:///hook",
        "https://example.org/hook#part",
        "ftp://example.org/hook",
        "https://example.org:port/hook",
        "http://localhost.example.org/hook",
        "example.org",
    ],
)
def test_addresses_that_are_not_safe_are_refused(url):
    with pytest.raises(ValidationError):
        Monitoring(sinks={"webhook": [{"name": "ops", "url": url, "secret_env": "TIDLIG_HOOK"}]})


def test_two_sinks_never_share_a_name_and_nothing_is_declared_by_itself():
    assert Monitoring().sinks.file == ()
    assert Monitoring().sinks.webhook == ()
    hook = {"name": "ops", "url": "https://example.org/hook", "secret_env": "TIDLIG_HOOK"}
    with pytest.raises(ValidationError, match="twice"):
        Monitoring(sinks={"file": [{"name": "ops", "path": "events.jsonl"}], "webhook": [hook]})
