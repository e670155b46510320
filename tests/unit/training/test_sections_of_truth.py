"""Sections on how true and how useful the probabilities are: figures equal plain ones, and what may not be told is not."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from features.declarations.learning import Bands
from models import metrics
from models.resampling import drawn_people
from models.uncertainty import UNKNOWN
from models.window import window_around
from tests.support.examined_experiments import planted_examined
from training.evaluation.calibration import _around, _by_group, calibration_detail
from training.evaluation.decision_curve import NetBenefits, decision_curve, finding, net_benefits
from training.evaluation.examined import Examined
from training.evaluation.rows import MeasuredRows
from training.evaluation.told_capacity import told_of
from training.evaluation.uncertainty import _withheld, uncertainty


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Examined:
    return planted_examined(tmp_path_factory.mktemp("examined"))


def test_overall_figures_are_those_of_the_metrics(examined: Examined) -> None:
    overall = calibration_detail(examined)["overall"]
    label, probability = examined.experiment.test_label, examined.experiment.chosen.probability
    assert overall["brier"]["estimate"] == metrics.brier(label, probability)
    assert overall["calibration_slope"]["estimate"] == metrics.calibration_slope(label, probability)
    parts = overall["brier_reliability"]["estimate"] - overall["brier_resolution"]["estimate"] + overall["brier_uncertainty"]
    assert parts == pytest.approx(overall["brier"]["estimate"], abs=1e-12)
    assert overall["calibration_slope"]["low"] < 1 < overall["calibration_slope"]["high"]


@pytest.mark.requirement("R-11")
@pytest.mark.requirement("R-12")
def test_groups_have_their_own_figures_and_small_ones_only_a_reason(examined: Examined) -> None:
    groups = {(one["attribute"], one["group"]): one for one in calibration_detail(examined)["groups"]}
    girls = groups[("sex", "girl")]
    rows = examined.groups["sex"] == "girl"  # type: ignore[index]
    label, probability = examined.experiment.test_label[rows], examined.experiment.chosen.probability[rows]
    assert girls["figures"]["calibration_difference"]["estimate"] == pytest.approx(probability.mean() - label.mean())
    assert girls["figures"]["calibration_intercept"]["estimate"] == metrics.calibration_intercept(label, probability)
    rare = groups[("rare", "rare")]
    assert (rare["verdict"], rare["figures"]) == ("NOT_APPLICABLE", None)
    assert "fewer than 50" in rare["reason"]


@pytest.mark.requirement("R-12")
@pytest.mark.requirement("R-09")
def test_calibration_is_looked_at_around_each_cut_off(examined: Examined) -> None:
    cut_offs = {one["cut_off"]: one for one in calibration_detail(examined)["cut_offs"]}
    assert list(cut_offs) == ["capacity", "worth_a_look", "should_be_assessed"]
    capacity = cut_offs["capacity"]
    everybody = capacity["groups"][0]
    probability, label = examined.experiment.chosen.probability, examined.experiment.test_label
    low, high = window_around(probability, share=0.15)
    near = (probability >= low) & (probability <= high)
    assert everybody["figures"]["calibration_difference"]["estimate"] == pytest.approx(probability[near].mean() - label[near].mean())
    # The bounds are two people's probabilities: they are told to two decimals.
    assert (capacity["from_probability"], capacity["to_probability"]) == (round(low, 2), round(high, 2))
    assert [one["figures"] for one in capacity["groups"] if one["group"] == "rare"] == [None]


@pytest.mark.requirement("R-09")
def test_a_group_whose_counts_would_give_a_small_one_away_has_no_figures(examined: Examined) -> None:
    """Two figures of the common kind give its rate, and with the totals how many of the three rare ones have the outcome."""
    groups = {(one["attribute"], one["group"]): one for one in calibration_detail(examined)["groups"]}
    assert groups[("rare", "common")]["figures"] is None
    assert groups[("sex", "girl")]["figures"] is not None


def test_a_window_at_the_end_of_the_ranking_moves_inwards() -> None:
    ranked = np.linspace(0.01, 1.0, 100)
    assert window_around(ranked, share=0.0) == pytest.approx((0.81, 1.0))
    assert window_around(ranked, share=1.0) == pytest.approx((0.01, 0.20))


def test_net_benefit_of_each_way_is_the_metrics_own(examined: Examined) -> None:
    rows = MeasuredRows.of(examined)
    told = told_of(rows.label, rows.probabilities, shares=(), thresholds=(0.1, 0.4))
    found = net_benefits(rows, (0.1, 0.4), told=told, n_resamples=5)
    for place, threshold in enumerate(found.thresholds):
        for name, probability in rows.probabilities.items():
            expected = metrics.net_benefit(rows.label, probability, threshold=threshold)
            assert found.estimates[found.names.index(name), place] == pytest.approx(expected)
    weights = next(rows.weights(5))
    expected = metrics.net_benefit(rows.label, rows.probability, weights[2], threshold=0.4)
    assert found.draws[2, found.names.index(rows.chosen), 1] == pytest.approx(expected)


def test_a_model_of_a_plain_truth_is_useful_over_everything_simpler(examined: Examined) -> None:
    section = decision_curve(examined)
    assert next(point for point in section["points"] if point["threshold"] == 0.1)["is_useful"]
    useful = next(point for point in section["points"] if point["is_useful"] and point["net_benefit"][section["chosen"]] is not None)
    told = [gain for gain in useful["gain_over"].values() if gain is not None]
    assert len(told) >= 3
    assert all(gain["low"] > 0 for gain in told)
    assert set(useful["gain_over"]) == {*list(examined.experiment.candidates)[:3], "everybody", "nobody"}
    assert {0.2, 0.4} <= {point["threshold"] for point in section["points"]}
    assert "0.10" in section["finding"]
    json.dumps(section, allow_nan=False)


def test_nowhere_useful_is_said() -> None:
    assert finding([], "boosted").startswith("At no threshold")


@pytest.mark.requirement("R-09")
def test_a_net_benefit_that_rests_on_few_people_is_not_told() -> None:
    label = np.r_[np.ones(20), np.zeros(80)]
    # Three people lie above 0.5; nobody above 0.9.
    probability = np.r_[np.full(3, 0.6), np.full(97, 0.3)]
    rows = MeasuredRows(
        label, {"prevalence": np.full(100, 0.2), "rules": probability}, "rules", np.arange(100, dtype=np.int32), {}, label >= 0, 1
    )
    thresholds = (0.25, 0.5, 0.9)
    told = told_of(label, rows.probabilities, shares=(), thresholds=thresholds)
    found: NetBenefits = net_benefits(rows, thresholds, told=told, n_resamples=20)
    assert found.at("rules", 0) is not None
    assert found.at("rules", 1) is None
    assert found.gain("rules", "prevalence", 1) is None
    nobody = found.at("rules", 2)
    assert nobody is not None
    assert (nobody.estimate, nobody.low) == (0.0, 0.0)


def test_very_many_rows_are_measured_on_a_seeded_draw_of_whole_people() -> None:
    person = np.repeat(np.arange(2_000, dtype=np.int32), 3)
    kept = drawn_people(person, most_rows=3_000, seed=1)
    assert 2_500 < kept.sum() < 3_500
    assert (kept.reshape(-1, 3).all(axis=1) | ~kept.reshape(-1, 3).any(axis=1)).all()
    assert np.array_equal(kept, drawn_people(person, most_rows=3_000, seed=1))


@pytest.mark.requirement("R-18")
def test_intervals_learnt_forward_in_time_hold_on_the_test_rows(examined: Examined) -> None:
    section = uncertainty(examined)
    assert section["consistent"] >= 0.9
    assert 0.02 < section["mean_width"] < section["mean_told_width"] < 0.4
    assert section["n_predictions"] == len(examined.experiment.chosen.forward_log_odds)
    told = [cell for cell in section["cells"] if cell["n_test"] is not None]
    assert sum(cell["n_test"] for cell in told) <= section["n_rows"]
    assert all(cell["n_test"] * cell["observed_rate"] >= 5 or cell["observed_rate"] == 0 for cell in told)
    json.dumps(section, allow_nan=False)


def test_too_few_predictions_are_said(examined: Examined) -> None:
    few = replace(examined)
    vars(few)["rate_table"] = UNKNOWN
    assert "too few people" in uncertainty(few)["reason"]


@pytest.mark.requirement("R-09")
def test_a_cell_of_few_test_people_can_not_be_found_by_subtraction() -> None:
    counts = np.array([[2, 60], [9, 40], [30, 30], [50, 11]])
    # The two would be the total less the others, so the nine go with them.
    assert _withheld(counts).tolist() == [True, True, False, False]
    assert _withheld(np.array([[9, 9], [0, 0], [30, 12]])).tolist() == [False, True, False]


@pytest.mark.requirement("R-09")
def test_a_cut_off_that_one_to_four_people_reach_does_not_say_how_many(examined: Examined) -> None:
    probability = np.sort(examined.experiment.chosen.probability)[::-1]
    for n_above, told in ((3, None), (60, 0.1)):
        bands = Bands(worth_a_look=0.01, should_be_assessed=float((probability[n_above - 1] + probability[n_above]) / 2))
        screening = examined.project.screening.model_copy(update={"bands": bands})
        section = calibration_detail(replace(examined, project=replace(examined.project, screening=screening)))
        assert section["cut_offs"][2]["share_above"] == told


@pytest.mark.requirement("R-12")
def test_a_group_that_is_right_on_average_and_wrong_at_the_cut_off_is_seen() -> None:
    random = np.random.default_rng(8)
    n = 6_000
    truth = random.uniform(0.05, 0.85, n)
    group = np.where(np.arange(n) % 2 == 0, "a", "b")
    label = (random.random(n) < truth).astype(np.float64)
    # Group b is scored 0.12 too high among the upper third and too low among the lower, so that it is right overall.
    bent = np.where(truth > 0.58, 0.12, np.where(truth < 0.32, -0.12, 0.0))
    probability = np.clip(np.where(group == "b", truth + bent, truth), 0.01, 0.99)
    rows = MeasuredRows(label, {"boosted": probability}, "boosted", np.arange(n, dtype=np.int32), {"kind": group}, label >= 0, 1)
    overall = {one["group"]: one["figures"]["calibration_difference"] for one in _by_group(rows, {})}
    near = {one["group"]: one["figures"]["calibration_difference"] for one in _around(rows, "capacity", 0.15, {})["groups"]}
    assert overall["b"]["low"] < 0 < overall["b"]["high"]
    assert near["b"]["low"] > 0.05
    assert near["a"]["low"] < 0 < near["a"]["high"]
