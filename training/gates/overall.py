"""Release gates: each asks one question with a code, answers PASSED, FAILED or NOT_APPLICABLE, and shows its figures.

A model with a failed gate can be registered and looked at, never promoted. *Not applicable* is not a pass: it says what could not be asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from features.errors import DataError
from features.findings import Evidence, Finding, Verdict
from features.small_cells import SMALLEST_CELL, shown_count
from models.calibration import Calibrator
from models.explanation import TOLERANCE, rescale
from models.intervals import Interval
from models.resampling import Resamples
from models.rungs.rung import Rung
from training.evaluation.told_capacity import WITHHELD_AT_CAPACITY
from training.fitting.selection import Comparison
from training.splits.periods import LabelledRows
from training.splits.temporal import Split, check_honest, check_registrable

Vector = NDArray[np.float64]

AUC_CEILING = 0.90
"""For outcomes a year or more ahead. Honest early models of school completion reach 0.80–0.84; published ones above 0.91 use later data."""
NEAR_AUC_CEILING = 0.95
"""For outcomes less than a year ahead, where late stages legitimately see most of what decides them."""
YEAR_DAYS = 365

OBSERVED_EXPECTED = (0.8, 1.25)
SLOPE = (0.7, 1.3)
SIMPLER_TARGETING = ("prevalence", "area", "rules")
"""What a model that is fitted to persons has to beat where people are visited: nobody in particular, whole areas, practitioners' rules."""


def leakage_gate(auc: Interval, *, horizon_days: int) -> Finding:
    """Ask whether the ranking is too good to be true (R-14)."""
    if not np.isfinite(auc.estimate):
        return Finding("G-01", "Not too good to be true", "NOT_APPLICABLE", {"reason": "the test rows have one outcome only: no AUC"})
    ceiling = AUC_CEILING if horizon_days >= YEAR_DAYS else NEAR_AUC_CEILING
    evidence: dict[str, Evidence] = {**_interval("auc", auc), "ceiling": ceiling, "horizon_days": horizon_days}
    return Finding("G-01", "Not too good to be true", "FAILED" if auc.estimate > ceiling else "PASSED", evidence)


def leak_gate(findings: Sequence[Finding]) -> Finding:
    """Ask whether the checks on the data found a column that knows the future; the evidence holds what every failed check named."""
    title = "No column that knows the future"
    if not findings:
        return Finding("G-02", title, "NOT_APPLICABLE", {"reason": "no leak check ran on this table"})
    failed = [finding for finding in findings if finding.is_failed]
    evidence: dict[str, Evidence] = {"n_checks": len(findings), "n_failed": len(failed)}
    for number, finding in enumerate(failed, start=1):
        evidence |= {f"finding_{number}": f"{finding.code} {finding.title}"}
        evidence |= {f"finding_{number}_{name}": value for name, value in finding.evidence.items()}
    return Finding("G-02", title, "FAILED" if failed else "PASSED", evidence)


def capacity_gate(chosen: str, resamples: Resamples, comparisons: Sequence[Comparison], *, told: Collection[str] | None = None) -> Finding:
    """Ask whether the chosen rung finds more people at capacity than every simpler way of choosing whom to visit (R-15).

    Parameters
    ----------
    comparisons
        The ladder's own, which say which rungs earned their place. One that did not may be level with the chosen rung, since it is
        level with nearly everything, but it is never proposed.
    told
        Rungs whose figures at capacity may be told; a gain over or of another is withheld, and only the verdict told (R-09). None: all.
    """
    title = "Better than simpler targeting at capacity"
    simpler = [name for name in SIMPLER_TARGETING if name in resamples.draws and name != chosen]
    if chosen == "prevalence":
        return Finding(
            "G-03", title, "FAILED", {"reason": "no rung earned its place over the prevalence: nobody can be put before anybody"}
        )
    gains = {name: resamples.gain(chosen, name, "precision_at_capacity") for name in simpler}
    evidence: dict[str, Evidence] = {}
    for name, gain in gains.items():
        is_told = told is None or (chosen in told and name in told)
        evidence |= _interval(f"gain_over_{name}", gain) if is_told else {f"gain_over_{name}": WITHHELD_AT_CAPACITY}
    level = [name for name, gain in gains.items() if not gain.low > 0]
    if level:
        return Finding("G-03", title, "FAILED", {**evidence, **_proposal(chosen, level, comparisons)})
    return Finding("G-03", title, "PASSED", evidence)


def _proposal(chosen: str, level: Sequence[str], comparisons: Sequence[Comparison]) -> dict[str, Evidence]:
    """Propose the simplest rung that earned its place and is about as good; where none did, the chosen one is it (R-15)."""
    earned = {"prevalence", *(step.candidate for step in comparisons if step.accepted)}
    proposed = next((name for name in level if name in earned), chosen)
    told: dict[str, Evidence] = {"not_clearly_beaten": ", ".join(level), "proposed_rung": proposed}
    if proposed == chosen:
        told["reason"] = (
            f"{chosen} is not clearly better than {', '.join(level)}, and that earned no place: too few people to tell them apart"
        )
    return told


def calibration_gate(observed_expected: Interval, slope: Interval) -> Finding:
    """Ask whether the probabilities are true overall; fails when an interval lies wholly outside its bounds."""
    evidence: dict[str, Evidence] = {**_interval("observed_expected", observed_expected), **_interval("slope", slope)}
    verdicts = (_within(observed_expected, OBSERVED_EXPECTED), _within(slope, SLOPE))
    return Finding("G-04", "Calibrated overall", _worst(verdicts), evidence)


def explanation_gate(rung: Rung, calibrator: Calibrator, matrix: NDArray[np.float32]) -> Finding:
    """Ask whether the reasons add up to the served log-odds on test rows."""
    z, start = rung.log_odds(matrix), rung.base_log_odds
    phi = rescale(rung.contributions(matrix), z, start, calibrator)
    gap = calibrator.log_odds(np.array([start]))[0] + phi.sum(axis=1) - calibrator.log_odds(z)
    worst = float(np.abs(gap).max(initial=0.0))
    evidence: dict[str, Evidence] = {"largest_gap": worst, "tolerance": TOLERANCE, "n_rows": len(matrix)}
    return Finding("G-07", "Reasons add up to the score", "PASSED" if worst < TOLERANCE else "FAILED", evidence)


def determinism_gate(rung: Rung, matrix: NDArray[np.float32]) -> Finding:
    """Ask whether the same input gives the same score, whole, reversed and one row at a time (R-14)."""
    whole = rung.log_odds(matrix)
    reversed_ = rung.log_odds(np.ascontiguousarray(matrix[::-1]))[::-1]
    single = np.concatenate([rung.log_odds(matrix[row : row + 1]) for row in range(min(20, len(matrix)))])
    differing = int((whole != reversed_).sum() + (whole[: len(single)] != single).sum())
    return Finding("G-08", "Same input, same score", "FAILED" if differing else "PASSED", {"n_rows": len(matrix), "n_differing": differing})


def benchmark_gate(feature_names: Iterable[str], benchmark_only: Iterable[str]) -> Finding:
    """Ask whether a column that only stands in a published reference got into a model that is to serve."""
    used = sorted(set(feature_names) & set(benchmark_only))
    evidence: dict[str, Evidence] = {"n_used": len(used), "columns": ", ".join(used)}
    return Finding("G-09", "No benchmark-only column", "FAILED" if used else "PASSED", evidence)


def amount_gate(train_label: Vector, test_label: Vector, *, min_positives: int) -> Finding:
    """Ask whether there are enough people with the outcome to learn from and to test on."""
    n_train, n_test = int(train_label.sum()), int(test_label.sum())
    evidence: dict[str, Evidence] = {"n_train": _told(n_train), "n_test": _told(n_test), "needed": min_positives}
    return Finding("G-10", "Enough outcomes", "PASSED" if min(n_train, n_test) >= min_positives else "FAILED", evidence)


def split_gate(rows: LabelledRows, split: Split) -> Finding:
    """Ask whether the split could have been made on the first day of the test (R-14)."""
    evidence: dict[str, Evidence] = {
        "first_test_as_of": split.first_test_as_of.isoformat(),
        "train_periods": ", ".join(split.train_periods),
        "test_periods": ", ".join(split.test_periods),
        "immature_periods": ", ".join(split.immature_periods),
        "n_labels_not_known_yet": _told(split.dropped_unknown),
        "n_test_rows_of_people_seen": _told(split.n_seen),
        "n_test_rows_out_of_season": _told(split.out_of_season),
    }
    try:
        check_registrable(split)
        check_honest(rows, split)
    except DataError as error:
        return Finding("G-11", "Forward in time", "FAILED", {**evidence, "problem": str(error)})
    return Finding("G-11", "Forward in time", "PASSED", evidence)


def is_outside(interval: Interval, bounds: tuple[float, float]) -> bool:
    """Whether the whole interval lies outside the bounds: a breach that chance does not explain."""
    return interval.low > bounds[1] or interval.high < bounds[0]


def _within(interval: Interval, bounds: tuple[float, float]) -> Verdict:
    if not np.isfinite([interval.low, interval.high]).all():
        return "NOT_APPLICABLE"
    return "FAILED" if is_outside(interval, bounds) else "PASSED"


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    found = set(verdicts)
    return next(verdict for verdict in ("FAILED", "NOT_APPLICABLE", "PASSED") if verdict in found)


def _interval(name: str, interval: Interval) -> dict[str, Evidence]:
    return {name: _known(interval.estimate), f"{name}_low": _known(interval.low), f"{name}_high": _known(interval.high)}


def _told(n: int) -> int | str:
    return shown_count(n) if 0 < n < SMALLEST_CELL else n


def _known(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None
