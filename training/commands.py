"""`tidlig train` and `tidlig models`: the edge of this package, where clock, environment and paths are taken from the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table, progress_for
from training import signing_commands
from training.model_commands import TrackingOption, load, now, tracking

if TYPE_CHECKING:
    from features.declarations.project import Project
    from training.diagnosis import Diagnosis
    from training.report import Report
    from training.train import Training

EVERY = "all"
"""In place of a stage's or an outcome's name: every one that is declared."""

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Train models, and decide which version serves.")
app.add_typer(signing_commands.models, name="models")


@app.command("train")
def train(
    project: ProjectOption = HERE,
    stage: Annotated[
        list[str] | None, typer.Option("--stage", help="Only this stage; may be repeated, or names joined by commas.", show_default="all")
    ] = None,
    outcome: Annotated[
        list[str] | None,
        typer.Option("--outcome", help="Only this outcome; may be repeated, or names joined by commas.", show_default="all"),
    ] = None,
    register: Annotated[bool, typer.Option("--register/--no-register", help="Register each chosen rung as the challenger.")] = True,
    diagnostic: Annotated[
        str | None, typer.Option("--diagnostic", help="Measure this declared diagnostic split instead; nothing is logged or registered.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes and threads.")] = 2,
    tracking_uri: TrackingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train the whole ladder for each stage and outcome, tested forward in time.

    Every rung from the prevalence to boosted trees is fitted on the project's earlier periods, calibrated on forward predictions and
    measured on later periods, with intervals. The simplest rung is chosen unless a more complex one clearly pays (R-15); its gates are
    asked, it is logged to MLflow and registered as the challenger. What serves does not change: that takes `tidlig models promote`.

    Reports lie in var/reports/training.
    """
    loaded = load(project)
    training = _training(loaded, tracking_uri, workers=workers, register=register, as_json=as_json)
    if diagnostic is not None:
        _diagnose(loaded, training, diagnostic, as_json=as_json)
        return
    from training.train import train as train_models

    trained = train_models(loaded, training, stages=_named(stage), outcomes=_named(outcome))
    reports = [model.report for model in trained]
    if as_json:
        print_json({"project": loaded.id, "synthetic": loaded.is_synthetic, "models": reports})
    else:
        _print_reports(reports)


def _named(asked: list[str] | None) -> tuple[str, ...]:
    """Names asked for, repeated or joined by commas; none where all are: an MLflow project's parameter always says something.

    >>> _named(["grade_8,grade_10", "vg1"]), _named(["all"]), _named(None)
    (('grade_8', 'grade_10', 'vg1'), (), ())
    """
    names = tuple(name.strip() for one in asked or () for name in one.split(","))
    return () if names == (EVERY,) else names


def _training(project: Project, uri: str | None, *, workers: int, register: bool, as_json: bool) -> Training:
    from training.train import Training

    return Training(tracking(project, uri), now(), _code_version(), workers, progress_for(as_json=as_json), register)


def _code_version() -> str:
    """Version of the installed package, a digest of the sources that run, and the commit they were checked out from."""
    from importlib.metadata import PackageNotFoundError, version
    from pathlib import Path

    from training.code_version import describe_code

    try:
        installed = version("tidlig")
    except PackageNotFoundError:
        installed = None
    return describe_code(Path(__file__).resolve().parent.parent, installed)


def _diagnose(project: Project, training: Training, name: str, *, as_json: bool) -> None:
    from training.diagnosis import diagnose, get_diagnostic

    found = diagnose(project, get_diagnostic(project, name), training)
    if as_json:
        print_json({"project": project.id, "synthetic": project.is_synthetic, **_diagnosis_fields(found)})
        return
    rows = [(metric, str(interval)) for metric, interval in found.figures.items()]
    how = f", {found.n_folds} folds of persons" if found.n_folds > 1 else ""
    print_table(f"Diagnostic split {found.name}: {found.n_train} training rows, {found.n_test} test rows{how}", ("metric", "value"), rows)
    print_line("A diagnostic split may train on later periods than it tests. Nothing was logged, and its model can never be registered.")


def _diagnosis_fields(found: Diagnosis) -> dict[str, object]:
    from dataclasses import asdict

    figures = {metric: asdict(interval) for metric, interval in found.figures.items()}
    return {
        "diagnostic_split": found.name,
        "n_train": found.n_train,
        "n_test": found.n_test,
        "n_folds": found.n_folds,
        "figures": figures,
        "registrable": False,
    }


def _print_reports(reports: list[Report]) -> None:
    from training.report import gate_table, ladder_table, reference_table

    for table in (ladder_table(reports), reference_table(reports), gate_table(reports)):
        if table is not None:
            print_table(*table)
    registered = [report for report in reports if report["version"] is not None]
    for report in registered:
        print_line(f"{report['model']} version {report['version']} is the challenger (MLflow run {report['run_id']}).")
    for report in reports:
        if report["version"] is None:
            print_line(f"{report['model']} was not registered: its report lies beside the one of the newest version.")
    if registered:
        print_line("To let one serve: two people sign (`tidlig models sign`), then `tidlig models promote`")
