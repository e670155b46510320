"""How often verdicts are right: false alarms and power of drift, and how many of 95 intervals hold the truth, ours and the libraries'.

Everything is drawn anew in each run, and the truth is known. Shares come with exact limits, since the runs are few.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from fairlearn.metrics import MetricFrame, false_negative_rate
from numpy.typing import NDArray

from benchmarks.watching.work import NAMES, draw_features
from monitoring.drift.changes import measure_drift
from monitoring.statistics.intervals import proportion

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from evidently import Report
    from evidently.presets import DataDriftPreset

Rows = NDArray[np.float64]
Limits = Callable[[int, int], tuple[float, float]]
"""From how many there are, and how many of them were missed, to the limits of the miss rate."""
N_REFERENCE = 5_000
N_SHIFTED, SHIFT = 10, 0.5
"""Features that are moved, and by how many of their standard deviations."""
MISS_RATE = 0.1
N_NEGATIVES = 190
N_RESAMPLES = 200

FALSE_ALARM = "false alarm: a feature is named, 60 people"
FALSE_VERDICT = "false alarm: the data set is said to drift, 60 people"
POWER = "power: 10 of 30 moved by half a deviation, 300 people"


@dataclass(frozen=True)
class Verdict:
    """What somebody says of one pair of samples."""

    names_any: bool
    """At least one feature is said to have drifted."""
    is_drift: bool
    """The data set as a whole is said to have drifted."""


@dataclass(frozen=True)
class RateRow:
    """How often something happened in `runs` runs, with exact 95 % limits."""

    question: str
    contender: str
    runs: int
    rate: float
    low: float
    high: float


def measure_rates(runs: int, *, slow_runs: int) -> list[RateRow]:
    """Ask every question of everybody, `runs` times each; ours first.

    Parameters
    ----------
    slow_runs
        Runs of who takes over a second for each.
    """
    return [*_drift_rates(runs, slow_runs), *_coverages(runs)]


def _drift_rates(ours: int, slow: int) -> list[RateRow]:
    rows = []
    for name, judge, runs in (("tidlig", _judge_ours, ours), ("Evidently, defaults", _judge_evidently, slow)):
        quiet = [judge(*_draw(run, 60, shift=0.0)) for run in range(runs)]
        moved = [judge(*_draw(run, 300, shift=SHIFT)) for run in range(runs)]
        rows += [
            _row(FALSE_ALARM, name, [verdict.names_any for verdict in quiet]),
            _row(FALSE_VERDICT, name, [verdict.is_drift for verdict in quiet]),
            _row(POWER, name, [verdict.is_drift for verdict in moved]),
        ]
    return rows


def _draw(run: int, n_current: int, *, shift: float) -> tuple[Rows, Rows]:
    current = draw_features(n_current, seed=2 * run + 1)
    current[:, :N_SHIFTED] += shift  # these ten have a standard deviation of 1
    return draw_features(N_REFERENCE, seed=2 * run), current


def _judge_ours(reference: Rows, current: Rows) -> Verdict:
    drift = measure_drift(reference, current, NAMES, sectors=dict.fromkeys(NAMES, "education"))
    return Verdict(drift.has_drifted, drift.has_drifted)


def _judge_evidently(reference: Rows, current: Rows) -> Verdict:
    frames = [pd.DataFrame(rows, columns=list(NAMES)) for rows in (current, reference)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = Report([DataDriftPreset()]).run(*frames).dict()["metrics"]
    counted: dict[str, float] = next(metric["value"] for metric in found if "count" in metric["value"])
    return Verdict(counted["count"] > 0, counted["share"] >= 0.5)  # half of the columns is the preset's own line


def _coverages(runs: int) -> list[RateRow]:
    """Intervals of a miss rate of a tenth among few people with the outcome."""
    rows = []
    for n_positives in (10, 20, 50):
        question = f"coverage of a miss rate of 0.1, {n_positives} with the outcome"
        found = np.random.default_rng(n_positives).binomial(n_positives, MISS_RATE, size=runs)
        contenders: dict[str, Limits] = {"tidlig": _exact, f"fairlearn, {N_RESAMPLES} resamples": _resampled}
        for name, limits in contenders.items():
            held = [low <= MISS_RATE <= high for low, high in map(partial(limits, n_positives), found.tolist())]
            rows.append(_row(question, name, held))
    return rows


def _exact(n_positives: int, n_missed: int) -> tuple[float, float]:
    _, low, high = proportion(n_missed, n_positives)
    return float(low), float(high)


@cache  # the same people and the same seed give the same limits
def _resampled(n_positives: int, n_missed: int) -> tuple[float, float]:
    label = np.repeat([1, 0], [n_positives, N_NEGATIVES])
    proposed = np.zeros_like(label)
    proposed[n_missed:n_positives] = 1
    frame: Any = MetricFrame(
        metrics={"fnr": false_negative_rate},
        y_true=label,
        y_pred=proposed,
        sensitive_features=np.zeros_like(label),
        n_boot=N_RESAMPLES,
        ci_quantiles=[0.025, 0.975],
        random_state=n_missed,
    )
    low, high = (float(limit["fnr"]) for limit in frame.overall_ci)
    return low, high


def _row(question: str, contender: str, happened: list[bool]) -> RateRow:
    point, low, high = (float(value) for value in proportion(sum(happened), len(happened)))
    return RateRow(question, contender, len(happened), round(point, 3), round(low, 3), round(high, 3))
