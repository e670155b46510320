"""Tidlig's fairness tables and drift tests."""

from __future__ import annotations

from benchmarks.watching.work import NAMES, draw_attributes, draw_features, draw_people
from monitoring.drift.changes import measure_drift
from monitoring.fairness.comparisons import compare_groups
from monitoring.fairness.disclosure import publish, publish_together
from monitoring.fairness.group_calibration import measure_calibration
from monitoring.fairness.groups import group_people, measure_fairness
from monitoring.fairness.intersections import measure_attributes


def fairness(n_people: int) -> int:
    """Seven rates of twelve groups with exact intervals, differences and ratios, then suppression."""
    label, proposed, probability, group = draw_people(n_people)
    publish(measure_fairness(label, proposed, probability, group.astype(str).tolist(), attribute="group"))
    return n_people


def crossed(n_people: int) -> int:
    """Seven attributes and every two of them crossed, suppression of all tables together, and which differences stay."""
    label, proposed, probability, _ = draw_people(n_people)
    measured = measure_attributes(label, proposed, probability, draw_attributes(n_people))
    compare_groups(publish_together(measured.tables, minimum_of={}, known_pairs=measured.not_crossed))
    return n_people


def calibration(n_people: int) -> int:
    """Slope, intercept and difference at the cut-off of twelve groups, with intervals."""
    label, proposed, probability, group = draw_people(n_people)
    measure_calibration(label, proposed, probability, group_people(group.astype(str).tolist(), attribute="group"))
    return n_people


def drift(n_people: int) -> int:
    """Thirty features with one step-up over all."""
    measure_drift(draw_features(n_people), draw_features(n_people, seed=1), NAMES, sectors=dict.fromkeys(NAMES, "education"))
    return n_people
