"""Release gates: each fails on what it is there for, and says when it could not ask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from features.findings import Finding
from models.calibration import IdentityCalibrator, PlattCalibrator
from models.intervals import Interval
from models.resampling import Resamples
from models.rungs.logistic import LogisticRung
from models.rungs.rung import FitSettings
from tests.support.training_tables import PREDICTORS, planted_table
from training.gates.groups import AssessedRows, group_gates, no_groups, within_capacity
from training.gates.overall import (
    amount_gate,
    benchmark_gate,
    calibration_gate,
    capacity_gate,
    determinism_gate,
    explanation_gate,
    failed_gates,
    leak_gate,
    leakage_gate,
)

TABLE = planted_table(100)
EVERYONE = np.ones(len(TABLE.label), dtype=np.bool_)
MATRIX = TABLE.columns(PREDICTORS, EVERYONE)
RUNG = LogisticRung.fit(MATRIX, TABLE.label, feature_names=PREDICTORS, settings=FitSettings(seed=1))


def two_groups(n: int = 1_000, *, shift: float = 0.0, seed: int = 5) -> tuple[AssessedRows, np.ndarray]:
    """Two equally large groups, the second with probabilities that are `shift` too high."""
    random = np.random.default_rng(seed)
    truth = random.uniform(0.1, 0.6, n)
    group = np.where(np.arange(n) % 2 == 0, "a", "b")
    label = (random.random(n) < truth).astype(np.float64)
    probability = truth + np.where(group == "b", shift, 0.0)
    flagged = within_capacity(probability, share=0.15)
    return AssessedRows(label, probability, flagged, np.arange(n, dtype=np.int32)), group


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


@pytest.mark.requirement("R-15")
def test_prevalence_alone_and_an_unclear_gain_both_fail_at_capacity() -> None:
    draws = {"prevalence": np.full(100, 0.3), "logistic": np.linspace(0.28, 0.4, 100), "boosted": np.linspace(0.4, 0.5, 100)}
    resamples = Resamples(
        estimates={name: {"precision_at_capacity": float(values.mean())} for name, values in draws.items()},
        draws={name: {"precision_at_capacity": values} for name, values in draws.items()},
    )
    assert capacity_gate("prevalence", resamples).verdict == "FAILED"
    assert capacity_gate("logistic", resamples).verdict == "FAILED"
    assert capacity_gate("logistic", resamples).evidence["proposed_rung"] == "prevalence"
    assert capacity_gate("boosted", resamples).verdict == "PASSED"


def test_calibration_fails_only_when_the_whole_interval_is_outside() -> None:
    fine, off, unsure = Interval(1.0, 0.9, 1.1), Interval(1.5, 1.3, 1.7), Interval(1.2, 1.1, 1.4)
    assert calibration_gate(fine, fine).verdict == "PASSED"
    assert calibration_gate(off, fine).verdict == "FAILED"
    assert calibration_gate(fine, unsure).verdict == "PASSED"
    assert calibration_gate(fine, Interval(1.0, float("nan"), float("nan"))).verdict == "NOT_APPLICABLE"


@pytest.mark.requirement("R-12")
def test_a_group_that_is_scored_too_high_fails_both_gates() -> None:
    rows, group = two_groups(shift=0.15)
    verdicts = {(gate.code, gate.evidence["group"]): gate.verdict for gate in group_gates(rows, {"sex": group}, seed=1)}
    assert verdicts[("G-05", "b")] == "FAILED"
    assert verdicts[("G-05", "a")] == "PASSED"
    assert verdicts[("G-06", "b")] == "FAILED"


@pytest.mark.requirement("R-12")
def test_equal_groups_pass() -> None:
    rows, group = two_groups(4_000)
    assert {gate.verdict for gate in group_gates(rows, {"sex": group}, seed=1)} == {"PASSED"}


@pytest.mark.requirement("R-12")
def test_a_small_group_is_not_applicable_and_shows_no_small_count() -> None:
    rows, group = two_groups()
    group = group.astype("<U4")
    group[:4] = "rare"
    gates = [gate for gate in group_gates(rows, {"sex": group}, seed=1) if gate.evidence["group"] == "rare"]
    assert {gate.verdict for gate in gates} == {"NOT_APPLICABLE"}
    assert {gate.evidence["n_with"] for gate in gates} | {gate.evidence["n_without"] for gate in gates} == {"< 5"}


@pytest.mark.requirement("R-12")
def test_unknown_group_values_are_left_out_and_missing_groups_are_said() -> None:
    rows, group = two_groups()
    assert {gate.evidence["group"] for gate in group_gates(rows, {"sex": np.where(group == "a", "", group)}, seed=1)} == {"b"}
    assert {gate.verdict for gate in no_groups("no audit purpose")} == {"NOT_APPLICABLE"}


def test_group_figures_equal_the_plain_ones() -> None:
    rows, group = two_groups()
    gates = {gate.code: gate for gate in group_gates(rows, {"sex": group}, seed=1) if gate.evidence["group"] == "a"}
    inside = group == "a"
    assert gates["G-05"].evidence["estimate"] == pytest.approx((rows.probability - rows.label)[inside].mean(), abs=1e-6)
    ratio = rows.flagged[inside & (rows.label == 0)].mean() / rows.flagged[~inside & (rows.label == 0)].mean()
    assert gates["G-06"].evidence["estimate"] == pytest.approx(ratio, abs=1e-6)


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


def test_failed_gates_are_named_once() -> None:
    failed = Finding("G-05", "a", "FAILED")
    assert failed_gates([failed, failed, Finding("G-01", "b", "PASSED")]) == ("G-05",)


def test_capacity_holds_the_tied_rows_at_the_cut() -> None:
    assert within_capacity(np.array([0.5, 0.5, 0.1, 0.9]), share=0.5).tolist() == [True, True, False, True]


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
