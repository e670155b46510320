"""Release gates: each fails on what it is there for, and says when it could not ask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from features.findings import Finding
from models.calibration import IdentityCalibrator, PlattCalibrator
from models.intervals import Interval
from models.promotion.gates import failed_gates
from models.resampling import Resamples
from models.rungs.logistic import LogisticRung
from models.rungs.rung import FitSettings
from tests.support.training_tables import PREDICTORS, planted_table
from training.fitting.selection import Comparison
from training.gates.overall import (
    amount_gate,
    benchmark_gate,
    calibration_gate,
    capacity_gate,
    determinism_gate,
    explanation_gate,
    leak_gate,
    leakage_gate,
)

TABLE = planted_table(100)
EVERYONE = np.ones(len(TABLE.label), dtype=np.bool_)
MATRIX = TABLE.columns(PREDICTORS, EVERYONE)
RUNG = LogisticRung.fit(MATRIX, TABLE.label, feature_names=PREDICTORS, settings=FitSettings(seed=1))


@pytest.mark.requirement("R-14")
@pytest.mark.parametrize(
    ("auc", "horizon", "verdict"), [(0.91, 400, "FAILED"), (0.91, 300, "PASSED"), (0.96, 300, "FAILED"), (0.857, 400, "PASSED")]
)
def test_a_ranking_too_good_to_be_true_fails(auc: float, horizon: int, verdict: str) -> None:
    assert leakage_gate(Interval(auc, auc - 0.01, auc + 0.01), horizon_days=horizon).verdict == verdict


@pytest.mark.requirement("R-14")
def test_a_leak_finding_fails_and_no_finding_is_not_a_pass() -> None:
    assert leak_gate([]).verdict == "NOT_APPLICABLE"
    clean, leaking = Finding("L-01", "Clean", "PASSED"), Finding("L-02", "Leaking", "FAILED")
    assert leak_gate([clean]).verdict == "PASSED"
    assert leak_gate([clean, leaking]).evidence["finding_1"] == "L-02 Leaking"


@pytest.mark.requirement("R-14")
def test_the_column_that_knows_the_future_is_named() -> None:
    told = {"limit": 0.95, "strongest": "edu_gsp.last@ever", "auc": 0.999, "features": "edu_gsp.last@ever"}
    evidence = leak_gate([Finding("L-01", "No feature alone tells the outcome", "FAILED", told)]).evidence
    assert {f"finding_1_{name}": value for name, value in told.items()}.items() <= evidence.items()


@pytest.mark.requirement("R-15")
def test_prevalence_alone_and_an_unclear_gain_both_fail_at_capacity() -> None:
    draws = {"prevalence": np.full(100, 0.3), "logistic": np.linspace(0.28, 0.4, 100), "boosted": np.linspace(0.4, 0.5, 100)}
    resamples = Resamples(
        estimates={name: {"precision_at_capacity": float(values.mean())} for name, values in draws.items()},
        draws={name: {"precision_at_capacity": values} for name, values in draws.items()},
    )
    assert capacity_gate("prevalence", resamples, ()).verdict == "FAILED"
    assert capacity_gate("logistic", resamples, ()).verdict == "FAILED"
    assert capacity_gate("logistic", resamples, ()).evidence["proposed_rung"] == "prevalence"
    assert capacity_gate("boosted", resamples, ()).verdict == "PASSED"


@pytest.mark.requirement("R-15")
@pytest.mark.parametrize(
    ("earned", "proposed"), [((), "logistic"), (("area",), "area"), (("area", "rules"), "area"), (("rules",), "rules")]
)
def test_a_rung_that_earned_no_place_is_never_proposed(earned: tuple[str, ...], proposed: str) -> None:
    """Area and rules are level with the chosen rung, which is clearly above the prevalence."""
    level = np.linspace(0.28, 0.42, 100)
    draws = {"prevalence": np.full(100, 0.2), "area": level, "rules": level, "logistic": level + np.linspace(-0.01, 0.03, 100)}
    resamples = Resamples(
        estimates={name: {"precision_at_capacity": float(values.mean())} for name, values in draws.items()},
        draws={name: {"precision_at_capacity": values} for name, values in draws.items()},
    )
    gain = Interval(0.1, 0.05, 0.15)
    steps = tuple(Comparison(name, "prevalence", gain, gain, name in earned) for name in ("area", "rules"))
    finding = capacity_gate("logistic", resamples, steps)
    assert (finding.verdict, finding.evidence["proposed_rung"]) == ("FAILED", proposed)
    assert finding.evidence["not_clearly_beaten"] == "area, rules"
    assert ("reason" in finding.evidence) == (proposed == "logistic")


def test_calibration_fails_only_when_the_whole_interval_is_outside() -> None:
    fine, off, unsure = Interval(1.0, 0.9, 1.1), Interval(1.5, 1.3, 1.7), Interval(1.2, 1.1, 1.4)
    assert calibration_gate(fine, fine).verdict == "PASSED"
    assert calibration_gate(off, fine).verdict == "FAILED"
    assert calibration_gate(fine, unsure).verdict == "PASSED"
    assert calibration_gate(fine, Interval(1.0, float("nan"), float("nan"))).verdict == "NOT_APPLICABLE"


def test_reasons_that_add_up_pass_and_others_fail() -> None:
    assert explanation_gate(RUNG, PlattCalibrator(0.8, -0.1), MATRIX).verdict == "PASSED"
    assert explanation_gate(_Liar(), IdentityCalibrator(), MATRIX).verdict == "FAILED"


@pytest.mark.requirement("R-14")
def test_a_rung_whose_score_depends_on_its_neighbours_fails() -> None:
    assert determinism_gate(RUNG, MATRIX).verdict == "PASSED"
    assert determinism_gate(_Liar(), MATRIX).verdict == "FAILED"


def test_a_benchmark_column_in_a_servable_model_fails() -> None:
    assert benchmark_gate(PREDICTORS, TABLE.benchmark_only).verdict == "PASSED"
    assert benchmark_gate((*PREDICTORS, *TABLE.benchmark_only), TABLE.benchmark_only).verdict == "FAILED"


def test_too_few_outcomes_fail() -> None:
    assert amount_gate(np.ones(60), np.ones(60), min_positives=50).verdict == "PASSED"
    assert amount_gate(np.ones(60), np.ones(40), min_positives=50).verdict == "FAILED"
    assert amount_gate(np.ones(60), np.ones(3), min_positives=50).evidence["n_test"] == "<5"
    assert amount_gate(np.ones(60), np.zeros(3), min_positives=50).evidence["n_test"] == 0


def test_failed_gates_are_named_once() -> None:
    failed = Finding("G-05", "a", "FAILED")
    assert failed_gates([failed, failed, Finding("G-01", "b", "PASSED")]) == ("G-05",)


@dataclass(frozen=True)
class _Liar:
    """A rung that looks at the other rows and explains nothing."""

    name = "liar"
    feature_names = PREDICTORS
    base_log_odds = 0.0

    def log_odds(self, matrix: np.ndarray) -> np.ndarray:
        return np.arange(len(matrix), dtype=np.float64)

    def contributions(self, matrix: np.ndarray) -> np.ndarray:
        return np.zeros(matrix.shape)

    def save(self, folder: object) -> None:
        raise NotImplementedError

    @classmethod
    def load(cls, folder: object) -> _Liar:
        raise NotImplementedError


def test_a_ranking_that_cannot_be_measured_has_not_passed() -> None:
    nothing = Interval(float("nan"), float("nan"), float("nan"))
    assert leakage_gate(nothing, horizon_days=2000).verdict == "NOT_APPLICABLE"
