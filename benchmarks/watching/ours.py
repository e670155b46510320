"""Tidlig's fairness table and drift tests."""

from __future__ import annotations

from benchmarks.watching.work import NAMES, draw_features, draw_people
from monitoring.disclosure import publish
from monitoring.drift import measure_drift
from monitoring.fairness import measure_fairness


def fairness(n_people: int) -> int:
    """Seven rates of twelve groups with exact intervals, differences and ratios, then suppression."""
    label, proposed, probability, group = draw_people(n_people)
    publish(measure_fairness(label, proposed, probability, group.astype(str).tolist(), attribute="group"))
    return n_people


def drift(n_people: int) -> int:
    """Thirty features with one step-up over all."""
    measure_drift(draw_features(n_people), draw_features(n_people, seed=1), NAMES, sectors=dict.fromkeys(NAMES, "education"))
    return n_people
