"""A published analysis repeated on point-in-time features: shows what an honest date does to its number, and makes no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.declarations.learning import DiagnosticSplit
from features.declarations.project import Project
from features.errors import DataError, ProjectError
from models.intervals import Interval
from models.resampling import resample
from models.rungs.boosted import BoostedRung
from models.rungs.rung import FitSettings
from training.gathering import build_stage_data, build_table
from training.splits.temporal import Split, diagnostic_split, person_folds
from training.table import TrainingTable
from training.train import Training, fit_settings

FIGURES = ("auc", "average_precision")
"""What published analyses give. Figures at a capacity are left out: with the numbers of rows they would tell how few were found (R-09)."""


@dataclass(frozen=True)
class Diagnosis:
    """What a diagnostic split shows; there is no model to register."""

    name: str
    n_train: int
    """Rows that a model was fitted on; of the smallest fold where there are several."""
    n_test: int
    """Rows that were scored, each by a model that was not fitted on it."""
    n_folds: int
    figures: Mapping[str, Interval]


def diagnose(project: Project, declared: DiagnosticSplit, training: Training) -> Diagnosis:
    """Repeat a published analysis on point-in-time features and measure its boosted rung; nothing is logged or registered.

    With folds of persons the scores of all folds are measured together.

    Raises
    ------
    PurposeError, DataError
        As `train`.
    """
    project.check_purpose("train", on=training.now.date())
    stage = project.stages[declared.stage]
    data = build_stage_data(project, stage, known_by=training.now.date(), workers=training.workers, progress=training.progress)
    table, _ = build_table(data, declared.outcome, excluded_codes=declared.excluded_codes)
    splits = _splits(table, declared, seed=project.screening.training.seed)
    names = declared.features or (*table.predictors, *(table.benchmark_only if declared.with_benchmark else ()))
    _check_features(declared, names, table)
    settings = fit_settings(project, table, workers=training.workers)
    if declared.boosted is not None:
        settings = FitSettings(seed=settings.seed, directions={}, boosted=declared.boosted, num_threads=settings.num_threads)
    score = np.full(len(table.label), np.nan)
    for split in splits:
        rung = BoostedRung.fit(table.columns(names, split.train), table.label[split.train], feature_names=tuple(names), settings=settings)
        score[split.test] = rung.log_odds(table.columns(names, split.test))
    tested = ~np.isnan(score)
    measured = resample(
        table.label[tested],
        {declared.name: score[tested]},
        groups=table.rows.group[tested],
        share=project.screening.training.capacity_share,
        seed=settings.seed,
    )
    figures = {metric: measured.interval(declared.name, metric) for metric in FIGURES}
    return Diagnosis(declared.name, min(int(split.train.sum()) for split in splits), int(tested.sum()), len(splits), figures)


def get_diagnostic(project: Project, name: str) -> DiagnosticSplit:
    """Return a declared diagnostic split.

    Raises
    ------
    ProjectError
        TID111 when the project declares none of this name.
    """
    for declared in project.screening.diagnostic_split:
        if declared.name == name:
            return declared
    known = ", ".join(declared.name for declared in project.screening.diagnostic_split) or "none"
    raise ProjectError("TID111", f"unknown diagnostic_split {name}. The project declares {known}.")


def _splits(table: TrainingTable, declared: DiagnosticSplit, *, seed: int) -> tuple[Split, ...]:
    if declared.folds is not None:
        return person_folds(table.rows, declared, seed=seed)
    return (diagnostic_split(table.rows, declared),)


def _check_features(declared: DiagnosticSplit, names: Sequence[str], table: TrainingTable) -> None:
    missing = sorted(set(names) - set(table.names))
    if missing:
        raise DataError("TID446", f"diagnostic_split {declared.name} names features that do not exist: {', '.join(missing)}.")
