"""A cohort larger than the sample: people are drawn whole, and on request everybody teaches the boosted rung from disk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from features.declarations.learning import Training as DeclaredTraining
from features.declarations.project import load_project
from features.progress import Silent
from models.rungs.boosted import BoostedRung
from tests.support.ingesting import ingest_tiny
from tests.support.projects import NOW, tiny_project
from tests.support.quick_outcomes import PER_YEAR, YEARS, write_quick_outcomes
from training.fitting.experiment import Experiment, run_experiment
from training.fitting.streaming import split_table, who_teaches
from training.gathering import StageData, build_stage_data, build_table
from training.table import TrainingTable
from training.train import fit_settings

N_PEOPLE = len(YEARS) * PER_YEAR
SAMPLE = 1_000


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> StageData:
    root = tiny_project(tmp_path_factory.mktemp("quick"))
    write_quick_outcomes(root / "data")
    ingest_tiny(root)
    project = load_project(root)
    return build_stage_data(project, project.stages["grade_10"], known_by=NOW.date(), workers=1, progress=Silent())


def under(data: StageData, **declared: Any) -> StageData:
    training = DeclaredTraining.model_validate({"seed": 5, "boosted": {"num_boost_round": 20}, **declared})
    screening = data.project.screening.model_copy(update={"training": training})
    return replace(data, project=replace(data.project, screening=screening))


def table_of(data: StageData) -> TrainingTable:
    return build_table(data, "not_completed")[0]


def experiment_of(data: StageData, *, threads: int = 1) -> Experiment:
    table = table_of(data)
    split, whole_split = split_table(table, data.project.screening.split)
    settings = fit_settings(data.project, table, workers=threads)
    return run_experiment(
        table, split, settings, name="tiny", capacity_share=0.15, progress=Silent(), n_resamples=20, whole_split=whole_split
    )


@pytest.fixture(scope="module")
def in_memory(data: StageData) -> Experiment:
    return experiment_of(under(data))


@pytest.fixture(scope="module")
def from_disk(data: StageData) -> Experiment:
    return experiment_of(under(data, rows="all", max_rows=SAMPLE))


def boosted(experiment: Experiment) -> BoostedRung:
    rung = experiment.candidates["boosted"].rung
    assert isinstance(rung, BoostedRung)
    return rung


@pytest.mark.requirement("R-36")
def test_everybody_teaches_from_disk_what_they_would_from_memory(in_memory: Experiment, from_disk: Experiment) -> None:
    assert len(in_memory.table.label) == N_PEOPLE
    assert len(from_disk.table.label) == len(from_disk.table.matrix) <= SAMPLE
    assert boosted(from_disk).model_text == boosted(in_memory).model_text
    assert_array_equal(boosted(from_disk).median_if_never_missing, boosted(in_memory).median_if_never_missing)
    # The sample's test rows get what they would have got; the other rungs learn from fewer people.
    drawn = np.isin(in_memory.table.subject_id[in_memory.split.test], from_disk.table.subject_id)
    columns = boosted(in_memory).feature_names
    expected = boosted(in_memory).log_odds(in_memory.table.columns(columns, in_memory.split.test))[drawn]
    assert_array_equal(boosted(from_disk).log_odds(from_disk.table.columns(columns, from_disk.split.test)), expected)
    assert from_disk.candidates["prevalence"].rung.base_log_odds != in_memory.candidates["prevalence"].rung.base_log_odds


@pytest.mark.requirement("R-36")
@pytest.mark.parametrize("declared", [{}, {"rows": "all", "max_rows": SAMPLE}])
def test_threads_change_nothing_about_any_rung(data: StageData, declared: dict[str, Any]) -> None:
    one, two = (experiment_of(under(data, **declared), threads=n_threads) for n_threads in (1, 2))
    assert boosted(one).model_text == boosted(two).model_text
    for name, candidate in one.candidates.items():
        assert_array_equal(candidate.probability, two.candidates[name].probability)
        assert candidate.calibrator == two.candidates[name].calibrator


def test_split_and_folds_of_the_sample_are_those_of_everybody(in_memory: Experiment, from_disk: Experiment) -> None:
    assert from_disk.split.train_periods == in_memory.split.train_periods
    assert from_disk.split.test_periods == in_memory.split.test_periods
    assert [fold.period for fold in from_disk.folds.folds] == [fold.period for fold in in_memory.folds.folds]
    assert from_disk.whole is not None
    for sampled, everybody in zip(from_disk.folds.folds, from_disk.whole.folds.folds, strict=True):
        assert_array_equal(sampled.fit, everybody.fit[from_disk.whole.table.sampled])
        assert_array_equal(sampled.predict, everybody.predict[from_disk.whole.table.sampled])
    assert_array_equal(from_disk.table.label, from_disk.whole.table.label[from_disk.whole.table.sampled])


def test_the_card_says_who_taught_what(in_memory: Experiment, from_disk: Experiment) -> None:
    assert who_teaches(in_memory.whole, in_memory.table, in_memory.split) == ()
    (said,) = who_teaches(from_disk.whole, from_disk.table, from_disk.split)
    assert f"all {int(in_memory.split.train.sum())} training rows" in said


def test_the_default_is_a_sample_of_whole_people_that_the_seed_draws(data: StageData) -> None:
    everybody, sample = table_of(under(data)), table_of(under(data, max_rows=SAMPLE))
    assert sample.whole is None
    assert len(sample.label) + sample.n_not_drawn == len(everybody.label)
    group = everybody.rows.group
    assert_array_equal(np.isin(group, sample.rows.group), np.isin(everybody.subject_id, sample.subject_id))
    assert_array_equal(table_of(under(data, max_rows=SAMPLE)).subject_id, sample.subject_id)
    assert set(table_of(under(data, max_rows=SAMPLE, seed=6)).subject_id) != set(sample.subject_id)
    assert abs(sample.label.mean() - everybody.label.mean()) < 0.05


def test_the_data_hash_is_that_of_all_who_taught(data: StageData, from_disk: Experiment) -> None:
    sample = table_of(under(data, max_rows=SAMPLE))
    assert from_disk.table.data_hash == table_of(under(data, rows="all", max_rows=SAMPLE)).data_hash
    assert from_disk.table.data_hash != sample.data_hash
