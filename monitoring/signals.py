"""Coded signals: one question each, a verdict, the figures behind it, and whether a no suspends the model (R-30).

===== =================================================================== ========
code  question                                                            suspends
===== =================================================================== ========
S-01  Do the people look like those the model learnt from?                when features that carry half of what the model says have drifted
S-02  Does every register that the model reads still deliver?             yes
S-03  Are the scores spread as they were?                                 no
S-04  Do as many outcomes come true as the model says?                    yes
S-05  Is that so in every group? (R-12's rule)                            yes
S-06  Are false proposals as rare in every group? (R-12's rule)           yes
S-07  Do reviewers keep their own judgement?                              no
===== =================================================================== ========

*Not applicable* means that there is too little to answer, and the evidence says what is lacking; it is never *passed*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from features.findings import Evidence, Finding, Verdict
from monitoring.drift import Drift, kolmogorov_smirnov
from monitoring.fairness import CELLS, MIN_OF_EACH, FairnessTable, GroupFairness
from monitoring.intervals import proportion, ratio
from monitoring.oversight import Oversight

MIN_PEOPLE = 20
"""Fewer people than this answer nothing about drift."""

SUSPENDING_IMPORTANCE = 0.5
CALIBRATION_BOUND = 0.05
FPR_RATIO = (0.8, 1.25)
MATERIAL_SCORE_DISTANCE = 0.1
TOO_AGREEABLE = 0.9
"""Reviewers who agree more often than this, by the lower limit, may no longer judge for themselves."""

TITLES = {
    "S-01": "The people look like those the model learnt from",
    "S-02": "Every register that the model reads still delivers",
    "S-03": "Scores are spread as they were",
    "S-04": "As many outcomes come true as the model says",
    "S-05": "The model is calibrated in every group",
    "S-06": "False proposals are as rare in every group",
    "S-07": "Reviewers keep their own judgement",
}


@dataclass(frozen=True)
class Signal(Finding):
    """A finding about a model in use; `suspends` says that its failure takes the model out of use."""

    suspends: bool = field(default=False, kw_only=True)

    def as_dict(self) -> dict[str, Any]:
        """Give the signal as JSON-ready fields."""
        return {**super().as_dict(), "suspends": self.suspends}


def input_drift_signal(drift: Drift, importance: Mapping[str, float]) -> Signal:
    """Judge S-01; `importance` is each feature's share of what the model says, summing to 1."""
    if min(drift.n_current, drift.n_reference) < MIN_PEOPLE:
        return _not_applicable("S-01", "people", MIN_PEOPLE)
    if not drift.features:
        return _not_applicable("S-01", "features", 1)
    weight = float(sum(importance.get(feature.name, 0.0) for feature in drift.drifted))
    evidence: dict[str, Evidence] = {
        "n_features": len(drift.features),
        "n_drifted": len(drift.drifted),
        "sectors": ", ".join(drift.drifted_sectors),
        "share_of_importance": round(weight, 3),
        "suspends_from": SUSPENDING_IMPORTANCE,
    }
    return _judged("S-01", drift.has_drifted, evidence, suspends=weight >= SUSPENDING_IMPORTANCE)


def silent_register_signal(drift: Drift) -> Signal:
    """Judge S-02: a feature known for most people before and for nobody now has lost its source."""
    if drift.n_current < MIN_PEOPLE:
        return _not_applicable("S-02", "people", MIN_PEOPLE)
    if not drift.features:
        return _not_applicable("S-02", "features", 1)
    silent = [feature for feature in drift.features if feature.missing_current == 1 and feature.missing_reference <= 0.5]
    evidence: dict[str, Evidence] = {"n_silent": len(silent), "sectors": ", ".join(sorted({feature.sector for feature in silent}))}
    return _judged("S-02", bool(silent), evidence, suspends=bool(silent))


def score_drift_signal(reference: NDArray[np.float64], current: NDArray[np.float64]) -> Signal:
    """Judge S-03 on served probabilities; a material Kolmogorov-Smirnov distance that chance does not explain."""
    if min(len(reference), len(current)) < MIN_PEOPLE:
        return _not_applicable("S-03", "people", MIN_PEOPLE)
    distance, p_value = kolmogorov_smirnov(reference, current)
    evidence: dict[str, Evidence] = {"distance": round(distance, 2), "p_value": float(f"{p_value:.2g}")}
    return _judged("S-03", p_value < 0.05 and distance >= MATERIAL_SCORE_DISTANCE, evidence)


def calibration_signal(everybody: GroupFairness) -> Signal:
    """Judge S-04: fails when the interval of predicted minus observed lies wholly outside the bound."""
    if not _is_large(everybody):
        return _not_applicable("S-04", "outcomes", MIN_OF_EACH)
    failed = _is_miscalibrated(everybody)
    gap = everybody.calibration
    evidence: dict[str, Evidence] = {"difference": _rounded(gap.point), "low": _rounded(gap.low), "high": _rounded(gap.high)}
    return _judged("S-04", failed, {**evidence, "bound": CALIBRATION_BOUND}, suspends=failed)


def group_signals(tables: Iterable[FairnessTable]) -> tuple[Signal, Signal]:
    """Judge S-05 and S-06 over the full counts of every attribute, naming the groups that fail and no figure of theirs."""
    members = [(f"{table.attribute}: {row.group}", row, table.everybody) for table in tables for row in table.groups]
    judged = [(name, row, everybody) for name, row, everybody in members if _is_large(row)]
    if not judged:
        return _not_applicable("S-05", "outcomes", MIN_OF_EACH), _not_applicable("S-06", "outcomes", MIN_OF_EACH)
    size: dict[str, Evidence] = {"n_groups_judged": len(judged), "n_groups_too_small": len(members) - len(judged)}
    miscalibrated = [name for name, row, _ in judged if _is_miscalibrated(row)]
    unequal = [name for name, row, everybody in judged if _has_other_fpr(row, everybody)]
    return (
        _judged("S-05", bool(miscalibrated), {**size, "groups": "; ".join(miscalibrated)}, suspends=bool(miscalibrated)),
        _judged("S-06", bool(unequal), {**size, "groups": "; ".join(unequal)}, suspends=bool(unequal)),
    )


def oversight_signal(oversight: Oversight) -> Signal:
    """Judge S-07: agreement so complete that it may be no judgement at all."""
    if oversight.n_reviews < MIN_PEOPLE:
        return _not_applicable("S-07", "reviews", MIN_PEOPLE)
    _, low, _ = proportion(oversight.n_agreed, oversight.n_reviews)
    return _judged("S-07", bool(low > TOO_AGREEABLE), {"fails_from_lower_limit": TOO_AGREEABLE})


def _judged(code: str, failed: bool, evidence: Mapping[str, Evidence], *, suspends: bool = False) -> Signal:
    verdict: Verdict = "FAILED" if failed else "PASSED"
    return Signal(code, TITLES[code], verdict, evidence, suspends=failed and suspends)


def _not_applicable(code: str, reason: Literal["people", "features", "outcomes", "reviews"], needed: int) -> Signal:
    """Say of what there is too little; the report has the words."""
    return Signal(code, TITLES[code], "NOT_APPLICABLE", {"reason": f"too few {reason}", "needed": needed})


def _is_large(row: GroupFairness) -> bool:
    rate = row.rates["base_rate"]
    return rate.numerator is not None and rate.denominator is not None and MIN_OF_EACH <= rate.numerator <= rate.denominator - MIN_OF_EACH


def _is_miscalibrated(row: GroupFairness) -> bool:
    low, high = row.calibration.low, row.calibration.high
    return low is not None and high is not None and (low > CALIBRATION_BOUND or high < -CALIBRATION_BOUND)


def _has_other_fpr(row: GroupFairness, everybody: GroupFairness) -> bool:
    """Compare with everybody else, as the release gate does; one group alone is compared with nobody."""
    if row.cells is None or everybody.cells is None:
        raise ValueError("this table was published already: expected the full counts")
    own, rest = np.array(row.cells), np.array(everybody.cells) - np.array(row.cells)
    false, right = CELLS.index("false_proposed"), CELLS.index("rightly_left")
    if rest[false] + rest[right] == 0:
        return False
    share = ratio(proportion(own[false], own[false] + own[right]), proportion(rest[false], rest[false] + rest[right]))
    return bool(share.low > FPR_RATIO[1] or share.high < FPR_RATIO[0])


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
