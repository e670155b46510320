"""A published analysis repeated on point-in-time features: shows what an honest date does to its number, and makes no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from features.errors import DataError, ProjectError
from features.project import Project
from features.screening import DiagnosticSplit
from models.boosted import BoostedRung
from models.intervals import Interval
from models.rung import FitSettings
from training.gathering import build_stage_data, build_table
from training.resampling import RANKING_METRICS, resample
from training.splits import diagnostic_split
from training.table import TrainingTable
from training.train import Training, fit_settings


@dataclass(frozen=True)
class Diagnosis:
    """What a diagnostic split shows; there is no model to register."""

    name: str
    n_train: int
    n_test: int
    figures: Mapping[str, Interval]


def diagnose(project: Project, declared: DiagnosticSplit, training: Training) -> Diagnosis:
    """Repeat a published analysis on point-in-time features and measure its boosted rung; nothing is logged or registered.

    Raises
    ------
    PurposeError, DataError
        As `train`.
    """
    project.check_purpose("train", on=training.now.date())
    stage = project.stages[declared.stage]
    data = build_stage_data(project, stage, known_by=training.now.date(), workers=training.workers, progress=training.progress)
    table, _ = build_table(data, declared.outcome, excluded_codes=declared.excluded_codes)
    split = diagnostic_split(table.rows, declared)
    names = declared.features or table.predictors
    _check_features(declared, names, table)
    settings = fit_settings(project, table, workers=training.workers)
    if declared.boosted is not None:
        settings = FitSettings(seed=settings.seed, directions={}, boosted=declared.boosted, num_threads=settings.num_threads)
    rung = BoostedRung.fit(table.columns(names, split.train), table.label[split.train], feature_names=tuple(names), settings=settings)
    measured = resample(
        table.label[split.test],
        {declared.name: rung.log_odds(table.columns(names, split.test))},
        groups=table.rows.group[split.test],
        share=project.screening.training.capacity_share,
        seed=settings.seed,
    )
    figures = {metric: measured.interval(declared.name, metric) for metric in RANKING_METRICS}
    return Diagnosis(declared.name, int(split.train.sum()), int(split.test.sum()), figures)


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


def _check_features(declared: DiagnosticSplit, names: Sequence[str], table: TrainingTable) -> None:
    missing = sorted(set(names) - set(table.names))
    if missing:
        raise DataError("TID446", f"diagnostic_split {declared.name} names features that do not exist: {', '.join(missing)}.")
