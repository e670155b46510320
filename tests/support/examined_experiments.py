"""Examined experiments on planted people, in memory: a project's declarations, a table and the whole ladder, no store."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.declarations.learning import Split as DeclaredSplit
from features.declarations.project import Project, load_project
from features.progress import Silent
from models.rungs.rung import FitSettings
from tests.support.training_tables import planted_table
from training.evaluation.examined import Examined
from training.fitting.experiment import Experiment, run_experiment
from training.plan import PlannedModel
from training.splits.temporal import temporal_split

SETTINGS = FitSettings(
    seed=11,
    directions={"edu_absence_days.sum@365d": 1, "edu_grade_mean.last@ever": -1},
    boosted={"num_boost_round": 30, "num_leaves": 7},
    rules={"much_absence": "edu_absence_days.sum@365d >= 20", "low_marks": "edu_grade_mean.last@ever <= 35"},
    area_feature="edu_municipality.last@ever",
)


@cache
def planted_experiment(n_per_year: int = 600, *, strength: float = 1.0, seed: int = 3) -> Experiment:
    """Run the ladder once for all tests that look at the same people."""
    table = planted_table(n_per_year, seed=seed, strength=strength)
    split = temporal_split(table.rows, DeclaredSplit(period="year"), pending=table.pending)
    return run_experiment(table, split, SETTINGS, name="planted", capacity_share=0.15, progress=Silent(), n_resamples=200)


def planted_examined(root: Path, n_per_year: int = 600, *, strength: float = 1.0, seed: int = 3) -> Examined:
    """Examine it under the tiny project of `tests.support.projects`, made in `root`."""
    from tests.support.projects import tiny_project

    experiment = planted_experiment(n_per_year, strength=strength, seed=seed)
    project: Project = load_project(tiny_project(root))
    return Examined(
        project=project,
        planned=PlannedModel(project.id, "grade_10", "not_completed"),
        experiment=experiment,
        groups={"sex": two_groups(len(experiment.test_label)), "rare": rare_group(len(experiment.test_label))},
    )


def skewed(examined: Examined) -> Examined:
    """The same people, but whom the model thinks most of are mostly boys: girls are seldom proposed in vain."""
    probability = examined.experiment.chosen.probability
    random = np.random.default_rng(4).random(len(probability))
    boy = random < np.where(probability > np.quantile(probability, 0.75), 0.8, 0.35)
    return replace(examined, groups={"sex": np.where(boy, "boy", "girl"), "rare": rare_group(len(probability))})


def two_groups(n: int) -> NDArray[np.str_]:
    """Every other row a girl's."""
    return np.where(np.arange(n) % 2 == 0, "girl", "boy")


def rare_group(n: int) -> NDArray[np.str_]:
    """Three rows of a rare kind, the rest of the common one."""
    return np.where(np.arange(n) < 3, "rare", "common")
