"""fairlearn's MetricFrame over the same people."""

from __future__ import annotations

from typing import Any

from fairlearn.metrics import MetricFrame, count, false_negative_rate, false_positive_rate, selection_rate, true_positive_rate
from sklearn.metrics import precision_score

from benchmarks.watching.work import draw_people

N_RESAMPLES = 20
"""fairlearn's intervals come from a bootstrap; a real one takes 1,000 resamples, fifty times as long."""


def points(n_people: int) -> int:
    """MetricFrame without intervals."""
    _metric_frame(n_people)
    return n_people


def bootstrap(n_people: int) -> int:
    """MetricFrame with the fewest resamples that give an interval at all."""
    _metric_frame(n_people, n_boot=N_RESAMPLES, ci_quantiles=[0.025, 0.975], random_state=1)
    return n_people


def _metric_frame(n_people: int, **more: Any) -> None:
    label, proposed, _, group = draw_people(n_people)
    metrics = {
        "count": count,
        "proposal_rate": selection_rate,
        "tpr": true_positive_rate,
        "fpr": false_positive_rate,
        "fnr": false_negative_rate,
        "ppv": precision_score,
    }
    frame = MetricFrame(metrics=metrics, y_true=label.astype(int), y_pred=proposed.astype(int), sensitive_features=group, **more)
    _ = frame.by_group
