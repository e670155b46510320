"""A whole experiment on a small table: always the whole ladder, forward in time, the same twice."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from features.declarations.learning import Split as DeclaredSplit
from features.progress import Silent
from models.calibration import IdentityCalibrator, PlattCalibrator
from models.rungs.rung import FitSettings
from tests.support.training_tables import PREDICTORS, planted_table
from training.fitting.candidates import TREE_COUNTS
from training.fitting.experiment import Experiment, run_experiment
from training.splits.folds import FoldKind
from training.splits.temporal import temporal_split
from training.table import TrainingTable

SETTINGS = FitSettings(
    seed=7,
    directions={PREDICTORS[0]: 1, PREDICTORS[1]: -1},
    boosted={"num_boost_round": 30, "num_leaves": 7},
    rules={"much_absence": f"{PREDICTORS[0]} >= 20"},
)


def experiment_on(table: TrainingTable, settings: FitSettings = SETTINGS) -> Experiment:
    settings = replace(settings, area_feature=table.area_feature)
    split = temporal_split(table.rows, DeclaredSplit())
    return run_experiment(table, split, settings, name="tiny", capacity_share=0.15, progress=Silent(), n_resamples=100)


@cache
def planted() -> Experiment:
    return experiment_on(planted_table())


@pytest.mark.requirement("R-15")
def test_the_whole_ladder_is_always_there() -> None:
    assert list(planted().candidates) == ["prevalence", "area", "rules", "logistic", "boosted"]
    bare = experiment_on(replace(planted_table(150), area_feature=None), replace(SETTINGS, rules={}))
    assert list(bare.candidates) == ["prevalence", "logistic", "boosted"]


@pytest.mark.requirement("R-15")
def test_a_line_is_chosen_where_the_truth_is_a_line() -> None:
    assert planted().selection.chosen == "logistic"
    assert planted().resamples.interval("logistic", "auc").estimate > 0.75


@pytest.mark.requirement("R-15")
def test_noise_gives_the_prevalence() -> None:
    assert experiment_on(planted_table(seed=4, strength=0.0)).selection.chosen == "prevalence"


def test_no_servable_rung_uses_a_protected_column_and_the_benchmark_does() -> None:
    experiment = planted()
    for name in ("logistic", "boosted"):
        assert experiment.candidates[name].rung.feature_names == PREDICTORS
        assert "aud_protected.last@ever" in experiment.benchmark[name].rung.feature_names
        assert "edu_municipality.last@ever" not in experiment.benchmark[name].rung.feature_names


def test_four_rows_are_measured() -> None:
    four = planted().four_rows
    assert four.with_protected is not None
    # Two rows a person, side by side: nobody of the last year was there before.
    assert set(four.without_protected) == set(four.with_protected) == {"all", "unseen"}
    gain = four.with_protected["all"].estimates["logistic"]["auc"] - four.without_protected["all"].estimates["logistic"]["auc"]
    assert gain > 0


def test_calibrators_come_from_forward_predictions_only() -> None:
    experiment = planted()
    assert experiment.folds.kind is FoldKind.FORWARD
    assert [fold.period for fold in experiment.folds.folds] == ["2015"]
    assert isinstance(experiment.candidates["prevalence"].calibrator, IdentityCalibrator)
    assert isinstance(experiment.chosen.calibrator, PlattCalibrator)
    assert "forward predictions of 2015" in experiment.chosen.calibration_note


def test_probabilities_are_true_on_the_test() -> None:
    assert planted().chosen.probability.mean() == pytest.approx(planted().test_label.mean(), abs=0.05)


def test_tree_count_is_chosen_on_earlier_periods_when_none_is_declared() -> None:
    chosen = experiment_on(planted_table(150), replace(SETTINGS, boosted={"num_leaves": 7})).candidates["boosted"]
    assert chosen.settings.boosted["num_boost_round"] in TREE_COUNTS


@pytest.mark.requirement("R-14")
def test_test_labels_change_no_model() -> None:
    """Turning every test label around leaves each fitted rung and calibrator as it was: nothing was tuned on the test."""
    table = planted_table(150)
    split = temporal_split(table.rows, DeclaredSplit())
    turned = replace(table, label=np.where(split.test, 1 - table.label, table.label))
    for name, candidate in experiment_on(table).candidates.items():
        other = experiment_on(turned).candidates[name]
        np.testing.assert_array_equal(candidate.probability, other.probability)
        assert candidate.calibrator == other.calibrator
