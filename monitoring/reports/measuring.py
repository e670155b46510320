"""What a report measures of people, wherever their scores come from: calibration by group, and every signal's verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from features.declarations.watching import Thresholds
from monitoring.drift.by_place import DriftReport
from monitoring.fairness.group_calibration import CalibrationTable, measure_calibration
from monitoring.fairness.groups import FairnessTable, group_people, measure_fairness
from monitoring.oversight.reviews import Oversight
from monitoring.signals.judging import (
    Signal,
    calibration_signal,
    group_signals,
    input_drift_signal,
    oversight_signal,
    place_drift_signal,
    score_drift_signal,
    silent_register_signal,
)

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]


def measure_calibrations(
    label: Vector, proposed: Flags, probability: Vector, groups: Mapping[str, Sequence[str | None]]
) -> tuple[CalibrationTable, ...]:
    """Measure calibration by each attribute; nothing before any outcome is known. Arrays have shape (n_people,)."""
    if np.isnan(label).all():
        return ()
    return tuple(measure_calibration(label, proposed, probability, group_people(values, attribute=name)) for name, values in groups.items())


def judge_signals(
    label: Vector,
    proposed: Flags,
    probability: Vector,
    *,
    drift: DriftReport,
    fairness: tuple[FairnessTable, ...],
    oversight: Oversight,
    importance: Mapping[str, float],
    thresholds: Thresholds,
) -> tuple[Signal, ...]:
    """Judge every signal that one report can answer, in the order of their codes.

    Parameters
    ----------
    importance
        Feature -> share of what the model says, summing to 1; empty where it is not known, and then S-01 never suspends.
    """
    everybody = measure_fairness(label, proposed, probability, [""] * len(probability), attribute="everybody").everybody
    return (
        input_drift_signal(drift.everybody, importance, thresholds=thresholds),
        silent_register_signal(drift.everybody, thresholds=thresholds),
        score_drift_signal(drift.everybody, thresholds=thresholds),
        calibration_signal(everybody, thresholds=thresholds),
        *group_signals(fairness, thresholds=thresholds),
        oversight_signal(oversight, thresholds=thresholds),
        place_drift_signal(drift),
    )
