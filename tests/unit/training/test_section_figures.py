"""Figures are drawn from the report alone, so that what may not be told is a gap in a line."""

from __future__ import annotations

import numpy as np
import pytest

from features.small_cells import SMALLEST_CELL
from tests.support.examined_experiments import planted_examined
from training.evaluation.capacity import capacity_plan
from training.evaluation.decision_curve import decision_curve
from training.evaluation.figures import SHARES, capacity_figure, importance_figure, reliability_figure
from training.evaluation.learning_curve import learning_curve
from training.evaluation.reliability import reliability, reliability_bins
from training.evaluation.section_figures import section_figures


def test_every_section_with_points_is_drawn(tmp_path_factory: pytest.TempPathFactory) -> None:
    examined = planted_examined(tmp_path_factory.mktemp("examined"))
    sections = {
        "decision_curve": decision_curve(examined),
        "capacity_plan": capacity_plan(examined),
        "learning_curve": learning_curve(examined),
    }
    figures = section_figures(sections, title="planted")
    assert set(figures) == {"decision_curve.png", "capacity_plan.png", "learning_curve.png"}
    drawn = {line.get_label(): np.asarray(line.get_ydata(), dtype=float) for line in figures["decision_curve.png"].axes[0].get_lines()}
    assert {"everybody", "nobody", f"{examined.experiment.chosen.name} (chosen)"} <= drawn.keys()
    points = sections["decision_curve"]["points"]
    told = [point["net_benefit"]["rules"] is not None for point in points]
    assert np.isfinite(drawn["rules"]).tolist() == told
    assert not all(told)
    assert section_figures({**sections, "learning_curve": {"points": []}}, title="planted").keys() == figures.keys() - {
        "learning_curve.png"
    }


def test_lead_time_is_drawn_without_the_spans_that_are_too_small() -> None:
    nothing: dict[str, dict[str, object]] = {name: {"points": []} for name in ("decision_curve", "capacity_plan", "learning_curve")}
    figure = {"estimate": 0.5, "low": 0.4, "high": 0.7}
    spans = [
        {"span": "0 to 3 months", "n": 9, "too_few": True, "recall_at_capacity": None, "auc": None},
        {"span": "3 to 12 months", "n": 40, "too_few": False, "recall_at_capacity": figure, "auc": figure},
        {"span": "12 to 24 months", "n": 60, "too_few": False, "recall_at_capacity": figure, "auc": {**figure, "low": None}},
    ]
    drawn = section_figures({**nothing, "lead_time": {"spans": spans}}, title="planted")
    assert set(drawn) == {"lead_time.png"}
    for axes in drawn["lead_time.png"].axes:
        assert [text.get_text() for text in axes.get_xticklabels()] == ["3 to 12 months\n(40)", "12 to 24 months\n(60)"]
    assert section_figures({**nothing, "lead_time": {"spans": spans[:1]}}, title="planted") == {}
    assert section_figures({**nothing, "lead_time": {"spans": [], "reason": "nobody dates it"}}, title="planted") == {}


def test_reliability_has_intervals_and_says_how_many_a_point_stands_for() -> None:
    rate = {"estimate": 0.5, "low": 0.3, "high": 0.7}
    section = {"bins": [{"n_people": n, "mean_probability": at, "observed_rate": rate} for n, at in ((20, 0.25), (31, 0.75))]}
    (axes,) = reliability_figure(section, title="planted").axes
    (container,) = axes.containers
    assert len(container) == 3
    assert [text.get_text() for text in axes.texts] == ["20", "31"]


@pytest.mark.requirement("R-09")
def test_everybody_is_in_a_reliability_bin_and_none_is_small() -> None:
    """Where nobody of the least probable had the outcome, they stand with their neighbours and not nowhere."""
    probability = np.linspace(0.0, 1.0, 400)
    label = np.where(probability < 0.42, 0.0, np.where(np.arange(400) % 2 == 0, 1.0, 0.0))
    bins = reliability_bins(label, probability)
    assert sum(one.n_people for one in bins) == 400
    assert sum(one.n_people * one.observed_rate.estimate for one in bins) == pytest.approx(label.sum())
    for one in bins:
        ones = round(one.n_people * one.observed_rate.estimate)
        assert min(ones, one.n_people - ones) >= SMALLEST_CELL
        assert one.observed_rate.low < one.observed_rate.estimate < one.observed_rate.high
    assert (bins[0].n_people, bins[0].mean_probability) == (200, pytest.approx(0.25, abs=0.01))
    assert len(bins) == 6
    assert reliability_bins(np.repeat([0.0, 1.0], [90, 4]), np.linspace(0, 1, 94)) == ()
    last = reliability_bins(np.repeat([0.0, 1.0, 1.0], [45, 5, 50]), np.linspace(0, 1, 100))
    assert [one.n_people for one in last] == [100], "what is left at the upper end joins the last group"


def test_people_of_whom_the_same_is_said_are_in_one_reliability_bin() -> None:
    """Rules give few different probabilities: of 394 people with 4.8 % one rate came, not three by the order of rows."""
    probability = np.repeat([0.048, 0.103, 0.2], [394, 60, 46])
    label = (np.arange(500) % 12 == 0).astype(np.float64)
    bins = reliability_bins(label, probability)
    assert next(one.n_people for one in bins) == 394
    assert sum(one.n_people for one in bins) == 500
    means = [one.mean_probability for one in bins]
    assert means == sorted(set(means))
    assert len(reliability_bins(label, np.full(500, 0.3))) == 1


def test_the_report_says_what_the_picture_shows(tmp_path_factory: pytest.TempPathFactory) -> None:
    examined = planted_examined(tmp_path_factory.mktemp("examined"))
    section = reliability(examined)
    assert sum(one["n_people"] for one in section["bins"]) == section["n_rows"] == len(examined.experiment.test_label)
    assert section["reason"] == ""


def test_capacity_is_drawn_with_intervals_and_gaps(tmp_path_factory: pytest.TempPathFactory) -> None:
    experiment = planted_examined(tmp_path_factory.mktemp("examined")).experiment
    scores = {name: experiment.candidates[name].probability for name in ("prevalence", "logistic")}
    drawn = capacity_figure(experiment.test_label, scores, person=experiment.test_person, capacity_share=0.15, seed=1, title="planted")
    for axes, metric in zip(drawn.axes, ("precision_at_capacity", "recall_at_capacity"), strict=True):
        assert len(axes.collections) == len(scores)
        line = next(line for line in axes.get_lines() if line.get_label() == "logistic")
        at_capacity = np.asarray(line.get_ydata(), dtype=float)[SHARES.index(0.15)]
        assert at_capacity == pytest.approx(experiment.resamples.interval("logistic", metric).estimate)
    few = np.zeros(100)
    few[-3:] = 1.0
    tiny = capacity_figure(
        few, {"logistic": np.arange(100.0)}, person=np.arange(100, dtype=np.int32), capacity_share=0.15, seed=1, title="t"
    )
    assert np.isnan(np.asarray(tiny.axes[0].get_lines()[0].get_ydata(), dtype=float)).all(), "three people found are not drawn (R-09)"


@pytest.mark.filterwarnings("ignore:The set_.* function will be deprecated:PendingDeprecationWarning")  # shap's, when it is loaded
def test_importance_says_what_it_is_in_words() -> None:
    contributions = np.array([[0.5, -0.1], [-0.3, 0.1]])
    (axes,) = importance_figure(contributions, ["Mean grade: latest value", "Absence: total in the last year"], title="planted").axes
    assert "log-odds" in axes.get_xlabel()
    assert "SHAP" not in axes.get_xlabel()
    assert {text.get_text() for text in axes.texts} == {"0.4", "0.1"}
    assert [label.get_text() for label in axes.get_yticklabels()][:2] == ["Mean grade: latest value", "Absence: total in the last year"]
