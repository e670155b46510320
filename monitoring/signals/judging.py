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
S-08  Are the records of each municipality as they were there?            no
S-09  Do groups stand to each other as in earlier reports?                no
===== =================================================================== ========

When a signal fails is declared by the project, within limits (`features.declarations.watching`). *Not applicable* means that there is too
little to answer, and the evidence says what is lacking; it is never *passed*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from features.declarations.watching import HOUSE, Thresholds
from features.findings import Evidence, Finding, Verdict
from monitoring.drift.by_place import FEWEST_OWN, DriftReport
from monitoring.drift.changes import Drift
from monitoring.fairness.groups import CELLS, MIN_OF_EACH, FairnessTable, GroupFairness
from monitoring.fairness.over_time import FairnessOverTime
from monitoring.oversight.reviews import Oversight
from monitoring.statistics.intervals import proportion, ratio

Lack = Literal["people", "features", "outcomes", "reviews", "municipalities", "earlier people", "earlier reports", "comparable figures"]
"""Of what there is too little to answer."""

TITLES = {
    "S-01": "The people look like those the model learnt from",
    "S-02": "Every register that the model reads still delivers",
    "S-03": "Scores are spread as they were",
    "S-04": "As many outcomes come true as the model says",
    "S-05": "The model is calibrated in every group",
    "S-06": "False proposals are as rare in every group",
    "S-07": "Reviewers keep their own judgement",
    "S-08": "Each municipality's records are as they were there",
    "S-09": "Groups stand to each other as in earlier reports",
}


@dataclass(frozen=True)
class Signal(Finding):
    """A finding about a model in use; `suspends` says that its failure takes the model out of use."""

    suspends: bool = field(default=False, kw_only=True)

    def as_dict(self) -> dict[str, Any]:
        """Give the signal as JSON-ready fields."""
        return {**super().as_dict(), "suspends": self.suspends}


def input_drift_signal(drift: Drift, importance: Mapping[str, float], *, thresholds: Thresholds = HOUSE) -> Signal:
    """Judge S-01; `importance` is each feature's share of what the model says, summing to 1."""
    if min(drift.n_current, drift.n_reference) < thresholds.min_people:
        return _not_applicable("S-01", "people", thresholds.min_people)
    if not drift.features:
        return _not_applicable("S-01", "features", 1)
    weight = float(sum(importance.get(feature.name, 0.0) for feature in drift.drifted))
    evidence: dict[str, Evidence] = {
        "n_features": len(drift.features),
        "n_drifted": len(drift.drifted),
        "sectors": ", ".join(drift.drifted_sectors),
        "share_of_importance": round(weight, 3),
        "suspends_from": thresholds.suspending_importance,
    }
    return _judged("S-01", drift.has_drifted, evidence, suspends=weight >= thresholds.suspending_importance)


def silent_register_signal(drift: Drift, *, thresholds: Thresholds = HOUSE) -> Signal:
    """Judge S-02: a feature known for most people before and for nobody now has lost its source."""
    if min(drift.n_current, drift.n_reference) < thresholds.min_people:
        return _not_applicable("S-02", "people", thresholds.min_people)
    if not drift.features:
        return _not_applicable("S-02", "features", 1)
    silent = [feature for feature in drift.features if feature.is_silent]
    evidence: dict[str, Evidence] = {"n_silent": len(silent), "sectors": ", ".join(sorted({feature.sector for feature in silent}))}
    return _judged("S-02", bool(silent), evidence, suspends=bool(silent))


def score_drift_signal(drift: Drift, *, thresholds: Thresholds = HOUSE) -> Signal:
    """Judge S-03 on served probabilities: a material distance that stays among all that the report asks."""
    if drift.score is None or min(drift.n_current, drift.n_reference) < thresholds.min_people:
        return _not_applicable("S-03", "people", thresholds.min_people)
    distance, p_value, q_value = drift.score.distance, drift.score.answer.p_value, drift.score.answer.q_value
    evidence: dict[str, Evidence] = {"distance": round(distance, 2), "p_value": None if p_value is None else float(f"{p_value:.2g}")}
    stays = q_value is not None and q_value <= drift.level
    return _judged("S-03", stays and distance >= thresholds.material_score_distance, evidence)


def place_drift_signal(found: DriftReport) -> Signal:
    """Judge S-08: names the municipalities whose own records have changed, and the sectors.

    A municipality without enough earlier people is compared with everybody's. It may always have been another, so that a difference is
    told but fails nothing.
    """
    if len(found.places) < 2:
        return _not_applicable("S-08", "municipalities", 2)
    own = [one for one in found.places if one.compared_with == "own"]
    if not own:
        return _not_applicable("S-08", "earlier people", FEWEST_OWN)
    changed = found.changed_places
    sectors = {sector for one in changed if one.drift for sector in (*one.drift.drifted_sectors, *one.drift.moved_sectors)}
    evidence: dict[str, Evidence] = {
        "n_places_judged": len(own),
        "places": "; ".join(one.place for one in changed),
        "sectors": ", ".join(sorted(sectors)),
        "n_places_differing": len(found.differing_places),
        "n_places_too_small": sum(one.drift is None for one in found.places),
    }
    return _judged("S-08", bool(changed), evidence)


def calibration_signal(everybody: GroupFairness, *, thresholds: Thresholds = HOUSE) -> Signal:
    """Judge S-04: fails when the interval of predicted minus observed lies wholly outside the bound."""
    if not _is_large(everybody):
        return _not_applicable("S-04", "outcomes", MIN_OF_EACH)
    failed = _is_miscalibrated(everybody, thresholds.calibration_bound)
    gap = everybody.calibration
    evidence: dict[str, Evidence] = {"difference": _rounded(gap.point), "low": _rounded(gap.low), "high": _rounded(gap.high)}
    return _judged("S-04", failed, {**evidence, "bound": thresholds.calibration_bound}, suspends=failed)


def group_signals(tables: Iterable[FairnessTable], *, thresholds: Thresholds = HOUSE) -> tuple[Signal, Signal]:
    """Judge S-05 and S-06 over the full counts of every attribute, naming the groups that fail and no figure of theirs."""
    members = [(f"{table.attribute}: {row.group}", row, table.everybody) for table in tables for row in table.groups]
    judged = [(name, row, everybody) for name, row, everybody in members if _is_large(row)]
    if not judged:
        return _not_applicable("S-05", "outcomes", MIN_OF_EACH), _not_applicable("S-06", "outcomes", MIN_OF_EACH)
    size: dict[str, Evidence] = {"n_groups_judged": len(judged), "n_groups_too_small": len(members) - len(judged)}
    miscalibrated = [name for name, row, _ in judged if _is_miscalibrated(row, thresholds.group_calibration_bound)]
    unequal = [name for name, row, everybody in judged if _has_other_fpr(row, everybody, thresholds)]
    return (
        _judged("S-05", bool(miscalibrated), {**size, "groups": "; ".join(miscalibrated)}, suspends=bool(miscalibrated)),
        _judged("S-06", bool(unequal), {**size, "groups": "; ".join(unequal)}, suspends=bool(unequal)),
    )


def oversight_signal(oversight: Oversight, *, thresholds: Thresholds = HOUSE) -> Signal:
    """Judge S-07: agreement so complete that it may be no judgement at all."""
    if oversight.n_reviews < thresholds.min_people:
        return _not_applicable("S-07", "reviews", thresholds.min_people)
    _, low, _ = proportion(oversight.n_agreed, oversight.n_reviews)
    return _judged("S-07", bool(low > thresholds.too_agreeable), {"fails_from_lower_limit": thresholds.too_agreeable})


def changed_groups_signal(found: FairnessOverTime) -> Signal:
    """Judge S-09: names the groups that stand otherwise to everybody else than earlier reports told, and the rates."""
    if not found.earlier.told:
        return _not_applicable("S-09", "earlier reports", 1)
    if not found.n_answered:
        return _not_applicable("S-09", "comparable figures", 1)
    changed = found.changed
    evidence: dict[str, Evidence] = {
        "n_reports": len(found.earlier.told),
        "n_asked": len(found.courses),
        "n_answered": found.n_answered,
        "groups": "; ".join(dict.fromkeys(f"{one.question.attribute}: {one.question.group}" for one in changed)),
        "metrics": ", ".join(sorted({one.question.metric for one in changed})),
    }
    return _judged("S-09", bool(changed), evidence)


def _judged(code: str, failed: bool, evidence: Mapping[str, Evidence], *, suspends: bool = False) -> Signal:
    verdict: Verdict = "FAILED" if failed else "PASSED"
    return Signal(code, TITLES[code], verdict, evidence, suspends=failed and suspends)


def _not_applicable(code: str, reason: Lack, needed: int) -> Signal:
    """Say of what there is too little; the report has the words."""
    return Signal(code, TITLES[code], "NOT_APPLICABLE", {"reason": f"too few {reason}", "needed": needed})


def _is_large(row: GroupFairness) -> bool:
    rate = row.rates["base_rate"]
    return rate.numerator is not None and rate.denominator is not None and MIN_OF_EACH <= rate.numerator <= rate.denominator - MIN_OF_EACH


def _is_miscalibrated(row: GroupFairness, bound: float) -> bool:
    low, high = row.calibration.low, row.calibration.high
    return low is not None and high is not None and (low > bound or high < -bound)


def _has_other_fpr(row: GroupFairness, everybody: GroupFairness, thresholds: Thresholds) -> bool:
    """Compare with everybody else, as the release gate does; one group alone is compared with nobody."""
    if row.cells is None or everybody.cells is None:
        raise ValueError("this table was published already: expected the full counts")
    own, rest = np.array(row.cells), np.array(everybody.cells) - np.array(row.cells)
    false, right = CELLS.index("false_proposed"), CELLS.index("rightly_left")
    if rest[false] + rest[right] == 0:
        return False
    share = ratio(proportion(own[false], own[false] + own[right]), proportion(rest[false], rest[false] + rest[right]))
    return bool(share.low > thresholds.fpr_ratio_high or share.high < thresholds.fpr_ratio_low)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
