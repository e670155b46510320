"""From a project to trained models: one run, one report and one challenger for each stage and outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from features.audit import UNKNOWN, audit_groups
from features.errors import DataError, ProjectError, PurposeError
from features.findings import Finding
from features.progress import Progress
from features.project import DiagnosticSplit, Project
from models.boosted import BoostedRung
from models.intervals import Interval
from models.manifest import installed_versions
from models.rung import FitSettings
from training.assembly import Examiner, Inspection, build_bundle, build_card
from training.experiment import Experiment, run_experiment
from training.figures import capacity_figure, reliability_bins, reliability_figure
from training.gathering import StageData, build_stage_data, build_table
from training.plan import PlannedModel, build_plan
from training.report import Report, build_report, write_report
from training.resampling import RANKING_METRICS, resample
from training.splits import diagnostic_split, temporal_split
from training.table import TrainingTable
from training.tracking import LoggedRun, RunRecord, Tracking, log_training


@dataclass(frozen=True)
class TrainedModel:
    """One trained model: where it is kept, and what was found."""

    name: str
    run: LoggedRun
    report: Report


@dataclass(frozen=True)
class Training:
    """What a training depends on beside the project: all of it chosen at the edge."""

    tracking: Tracking
    now: datetime
    code_version: str
    workers: int
    progress: Progress
    register: bool = True


def train(project: Project, training: Training, *, stages: Sequence[str] = (), outcomes: Sequence[str] = ()) -> list[TrainedModel]:
    """Train every stage and outcome asked for; each is logged and reported as soon as it is done.

    Raises
    ------
    PurposeError
        TID201, TID202 without a valid purpose; nothing is computed then.
    ProjectError
        TID111 an unknown stage or outcome, TID112 a check of the plan failed.
    DataError
        Too little data, or a split that can't be honest.
    """
    plan = build_plan(project, stages=stages, outcomes=outcomes, now=training.now)
    trained: list[TrainedModel] = []
    for stage, planned in groupby(plan.models, key=lambda model: model.stage):
        data = build_stage_data(
            project, project.stages[stage], known_by=training.now.date(), workers=training.workers, progress=training.progress
        )
        trained += [_train_one(project, training, data, model) for model in planned]
    return trained


def fit_settings(project: Project, table: TrainingTable, *, workers: int) -> FitSettings:
    """Collect what fitting depends on beside the rows: seed, declared directions, LightGBM parameters, rules, the area's column."""
    declared = project.screening.training
    return FitSettings(
        seed=declared.seed,
        directions=dict(_directions(project)),
        boosted=declared.boosted,
        rules=declared.rules,
        area_feature=table.area_feature,
        num_threads=workers,
    )


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


def _directions(project: Project) -> Iterator[tuple[str, int]]:
    """Direction of every feature in which more of it means more of the indicator; days since and first values have none declared."""
    for indicator in project.catalogue.indicators.values():
        if indicator.direction is not None:
            sign = 1 if indicator.direction == "raises" else -1
            yield from ((spec.name, sign) for spec in indicator.feature_specs if spec.aggregation in MONOTONE_AGGREGATIONS)


MONOTONE_AGGREGATIONS = ("count", "sum", "mean", "min", "max", "last", "first", "distinct_days")
"""Aggregations that grow with the indicator; the time since a record and a trend say something else than *more of it*."""


def _train_one(project: Project, training: Training, data: StageData, planned: PlannedModel) -> TrainedModel:
    table, leaks = build_table(data, planned.outcome)
    split = temporal_split(table.rows, project.screening.split, pending=table.pending)
    settings = fit_settings(project, table, workers=training.workers)
    experiment = run_experiment(
        table,
        split,
        settings,
        name=planned.name,
        capacity_share=project.screening.training.capacity_share,
        progress=training.progress,
    )
    inspection = _inspect(project, training, planned, experiment, leaks)
    report = build_report(project, planned, experiment, inspection)
    card = build_card(project, planned, experiment, inspection)
    bundle = build_bundle(
        project,
        planned,
        experiment,
        card,
        code_version=training.code_version,
        packages=installed_versions(),
        now=training.now,
    )
    record = run_record(project, training, planned, experiment, report)
    with training.progress.step(f"{planned.name}: logging to MLflow"):
        run = log_training(training.tracking, record, bundle, split, experiment=project.id, register=training.register)
    report = {**report, "run_id": run.run_id, "version": run.version}
    write_report(project, report)
    return TrainedModel(planned.name, run, report)


def _inspect(project: Project, training: Training, planned: PlannedModel, experiment: Experiment, leaks: Sequence[Finding]) -> Inspection:
    examiner = Examiner(project, planned, experiment)
    if not project.screening.groups:
        return examiner.inspect(leaks=leaks, groups=None, no_groups_reason="the project declares no [groups]")
    try:
        groups = _groups_of_test_rows(project, training, experiment)
    except PurposeError as error:
        return examiner.inspect(leaks=leaks, groups=None, no_groups_reason=error.message)
    return examiner.inspect(leaks=leaks, groups=groups)


def _groups_of_test_rows(project: Project, training: Training, experiment: Experiment) -> dict[str, NDArray[np.str_]]:
    """Audit attributes of the test rows; they stay in this job's memory and leave it as gates' figures only (R-10)."""
    subjects = experiment.table.subject_id[experiment.split.test].tolist()
    frame = audit_groups(project, subjects, purpose="train", on=training.now.date())
    columns = {name: frame[name].to_numpy(dtype=np.str_) for name in project.screening.groups}
    return {name: np.where(values == UNKNOWN, "", values) for name, values in columns.items()}


def run_record(project: Project, training: Training, planned: PlannedModel, experiment: Experiment, report: Report) -> RunRecord:
    """Collect what MLflow is told; aggregates only."""
    scores = {name: candidate.probability for name, candidate in experiment.candidates.items()}
    share = project.screening.training.capacity_share
    bins = reliability_bins(experiment.test_label, experiment.chosen.probability)
    return RunRecord(
        name=planned.name,
        params=_params(project, experiment),
        metrics=_metrics(report),
        tags=_tags(project, training, planned, experiment, report),
        figures={
            "reliability.png": reliability_figure(bins, title=planned.name),
            "capacity.png": capacity_figure(experiment.test_label, scores, capacity_share=share, title=planned.name),
        },
        report=report,
        data_hash=experiment.table.data_hash,
    )


def _params(project: Project, experiment: Experiment) -> dict[str, str | int | float]:
    split, chosen = experiment.split, experiment.chosen
    return {
        "seed": project.screening.training.seed,
        "chosen": chosen.name,
        "capacity_share": project.screening.training.capacity_share,
        "train_periods": ", ".join(split.train_periods),
        "test_periods": ", ".join(split.test_periods),
        "folds": experiment.folds.kind.value,
        "n_features": len(chosen.rung.feature_names),
        **{f"boosted.{name}": value for name, value in experiment.candidates["boosted"].settings.boosted.items()},
    }


def _metrics(report: Report) -> dict[str, float]:
    ladder = {
        f"{rung}/{metric}{'' if part == 'estimate' else '_' + part}": value
        for rung, figures in report["ladder"].items()
        for metric, figure in figures.items()
        for part, value in figure.items()
        if value is not None
    }
    four = {
        f"protected_{entry['protected']}/{entry['rows']}/{entry['rung']}/{metric}": figure["estimate"]
        for entry in report["four_rows"]
        for metric, figure in entry["figures"].items()
        if figure["estimate"] is not None
    }
    calibration = {
        f"calibration/{name}": figure["estimate"] for name, figure in report["calibration"].items() if figure["estimate"] is not None
    }
    known = {name: value for name, value in calibration.items() if value is not None}
    return {**ladder, **four, **known, "prevalence": report["data"]["prevalence"]}


def _tags(project: Project, training: Training, planned: PlannedModel, experiment: Experiment, report: Report) -> dict[str, str]:
    failed = sorted({gate["code"] for gate in report["gates"] if gate["verdict"] == "FAILED"})
    return {
        "project": project.id,
        "stage": planned.stage,
        "outcome": planned.outcome,
        "rung": experiment.chosen.name,
        "seed": str(project.screening.training.seed),
        "data_hash": experiment.table.data_hash,
        "contract_hash": project.contract_hash,
        "code_version": training.code_version,
        "synthetic": str(project.is_synthetic).lower(),
        "gates_failed": ",".join(failed) or "none",
    }
