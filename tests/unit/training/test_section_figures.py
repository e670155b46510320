"""Figures are drawn from the report alone, so that what may not be told is a gap in a line."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.examined_experiments import planted_examined
from training.evaluation.capacity import capacity_plan
from training.evaluation.decision_curve import decision_curve
from training.evaluation.figures import reliability_bins, reliability_figure
from training.evaluation.learning_curve import learning_curve
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


def test_reliability_has_intervals() -> None:
    bins = reliability_bins(np.tile([0.0, 1.0], 20), np.repeat([0.25, 0.75], 20), n_bins=2)
    assert all(one.low < one.observed_rate < one.high for one in bins)
    (container,) = reliability_figure(bins, title="planted").axes[0].containers
    assert len(container) == 3
