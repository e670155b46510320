"""From a project to trained models: one run, one report and one challenger for each stage and outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from matplotlib.figure import Figure

from features.declarations.project import Project
from features.progress import Progress, counted
from models.manifest import installed_versions
from models.rungs.rung import FitSettings
from training.assembly import build_bundle, build_card
from training.evaluation.examined import Examined
from training.evaluation.figures import capacity_figure, importance_figure, lead_time_figure, reliability_figure
from training.evaluation.section_figures import section_figures
from training.evaluation.sections import measure_sections
from training.fitting.experiment import Experiment, run_experiment
from training.fitting.streaming import split_table
from training.fitting.tuning import TuningPlan
from training.gates.asked import ask_gates
from training.gathering import StageData, build_stage_data, build_table
from training.groups import Groups, read_groups
from training.papers.feature_words import column_words
from training.papers.write import build_papers, papers_folder, write_papers
from training.plan import Plan, PlannedModel, build_plan
from training.registry.datasets import describe_rows
from training.registry.placing import place_challenger
from training.registry.tracking import LoggedRun, RunRecord, Tracking, log_folder, log_training
from training.report import Report, build_report, write_report
from training.table import TrainingTable


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
    with counted(training.progress, f"Training {len(plan.models)} models", total=n_steps(project, plan)) as progress:
        return list(_train_all(project, replace(training, progress=progress), plan))


STEPS_OF_ALL = ("fairness groups",)
STEPS_OF_STAGE = ("features",)
STEPS_OF_MODEL = ("ladder", "gates", "sections", "logging", "papers")
"""What a training goes through, a bar each; tuning is one more where it is asked for."""


def n_steps(project: Project, plan: Plan) -> int:
    """How many steps a training of this plan has."""
    of_model = len(STEPS_OF_MODEL) + (project.screening.training.tuning.trials > 0)
    return len(STEPS_OF_ALL) + len(STEPS_OF_STAGE) * len({model.stage for model in plan.models}) + of_model * len(plan.models)


def _train_all(project: Project, training: Training, plan: Plan) -> Iterator[TrainedModel]:
    with training.progress.step("Reading fairness groups"):
        groups = read_groups(project, on=training.now.date())
    for stage, planned in groupby(plan.models, key=lambda model: model.stage):
        data = build_stage_data(
            project, project.stages[stage], known_by=training.now.date(), workers=training.workers, progress=training.progress
        )
        for model in planned:
            yield _train_one(project, training, data, groups, model)


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


def _directions(project: Project) -> Iterator[tuple[str, int]]:
    """Direction of every feature in which more of it means more of the indicator; days since and first values have none declared."""
    for indicator in project.catalogue.indicators.values():
        if indicator.direction is not None:
            sign = 1 if indicator.direction == "raises" else -1
            yield from ((spec.name, sign) for spec in indicator.feature_specs if spec.aggregation in MONOTONE_AGGREGATIONS)


MONOTONE_AGGREGATIONS = ("count", "sum", "mean", "min", "max", "last", "first", "distinct_days", "share_of_time")
"""Aggregations that grow with the indicator; a time since, a trend or a number of values says something else than *more of it*."""


def _train_one(project: Project, training: Training, data: StageData, groups: Groups, planned: PlannedModel) -> TrainedModel:
    table, leaks = build_table(data, planned.outcome)
    split, whole_split = split_table(table, project.screening.split)
    settings = fit_settings(project, table, workers=training.workers)
    experiment = run_experiment(
        table,
        split,
        settings,
        name=planned.name,
        capacity_share=project.screening.training.capacity_share,
        progress=training.progress,
        whole_split=whole_split,
        tuning=TuningPlan(project.screening.training.tuning, project.var / "tuning", planned.name, training.code_version),
    )
    subjects = table.subject_id[split.test]
    examined = Examined(
        project=project,
        planned=planned,
        data=data,
        experiment=experiment,
        leaks=leaks,
        groups=groups.of(subjects),
        no_groups_reason=groups.reason,
        workers=training.workers,
    )
    with training.progress.step(f"{planned.name}: asking the gates"):
        gates = ask_gates(examined)
    with training.progress.step(f"{planned.name}: measuring"):
        sections = measure_sections(examined)
    report = build_report(examined, gates, sections)
    report["code_version"] = training.code_version
    card = build_card(examined, gates, sections)
    bundle = build_bundle(examined, card, code_version=training.code_version, packages=installed_versions(), now=training.now)
    record = run_record(project, training, planned, experiment, report)
    with training.progress.step(f"{planned.name}: logging to MLflow"):
        run = log_training(training.tracking, record, bundle, split, experiment=project.id, register=training.register)
    if run.version is not None:
        place_challenger(project, bundle, run.version)
    report = {**report, "run_id": run.run_id, "version": run.version}
    write_report(project, report)
    with training.progress.step(f"{planned.name}: writing the papers"):
        folder = papers_folder(project, planned.name, run.version)
        write_papers(build_papers(project, report, now=training.now), folder)
        log_folder(training.tracking, run.run_id, folder, place="papers")
    return TrainedModel(planned.name, run, report)


def run_record(project: Project, training: Training, planned: PlannedModel, experiment: Experiment, report: Report) -> RunRecord:
    """Collect what MLflow is told; aggregates only."""
    scores = {name: candidate.probability for name, candidate in experiment.candidates.items()}
    share = project.screening.training.capacity_share
    table, split = experiment.table, experiment.split
    return RunRecord(
        name=planned.name,
        params=_params(project, experiment),
        metrics=run_metrics(report),
        tags=_tags(project, training, planned, experiment, report),
        figures={
            "reliability.png": reliability_figure(report["sections"]["reliability"], title=planned.name),
            "capacity.png": capacity_figure(
                experiment.test_label,
                scores,
                person=experiment.test_person,
                capacity_share=share,
                seed=project.screening.training.seed,
                title=planned.name,
            ),
            **_importance(project, experiment, title=planned.name),
            **section_figures(report["sections"], title=planned.name),
            **_lead_time(report, title=planned.name),
        },
        report=report,
        datasets=(
            describe_rows(table, split.train, name=f"{planned.name}-train", context="training", periods=split.train_periods),
            describe_rows(table, split.test, name=f"{planned.name}-test", context="testing", periods=split.test_periods),
        ),
    )


EXPLAINED_ROWS = 500
"""Test rows that the importance figure is drawn from; more of them change no bar by much."""


def _importance(project: Project, experiment: Experiment, *, title: str) -> dict[str, Figure]:
    """Draw what moves the chosen rung; nothing moves a prevalence."""
    rung, table = experiment.chosen.rung, experiment.table
    if not rung.feature_names:
        return {}
    contributions = rung.contributions(table.columns(rung.feature_names, experiment.split.test)[:EXPLAINED_ROWS])
    labels = [column_words(project, name, language="en") for name in rung.feature_names]
    return {"importance.png": importance_figure(contributions, labels, title=title)}


def _lead_time(report: Report, *, title: str) -> dict[str, Figure]:
    """Draw how long before the outcome people were found; nothing where outcomes have no date."""
    spans = report["sections"]["lead_time"]["spans"]
    return {"lead_time.png": lead_time_figure(spans, title=title)} if spans else {}


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
        **_tuning_params(experiment),
    }


def _tuning_params(experiment: Experiment) -> dict[str, str | int | float]:
    tuned = experiment.tuned
    if tuned is None:
        return {"tuning.trials": 0}
    return {
        "tuning.trials": tuned.n_trials,
        "tuning.forward_auc.best": tuned.best,
        "tuning.forward_auc.median": tuned.median,
        "tuning.forward_auc.house": tuned.house,
    }


def run_metrics(report: Report) -> dict[str, float]:
    """Figures that stand on the run as metrics: those of the report that are told."""
    ladder = {
        f"{rung}/{metric}{'' if part == 'estimate' else '_' + part}": value
        for rung, figures in report["ladder"].items()
        for metric, figure in figures.items()
        for part, value in figure.items()
        if part in ("estimate", "low", "high") and value is not None
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
