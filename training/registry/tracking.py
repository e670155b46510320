"""MLflow: runs with everything but people, and the registry's challenger.

Nothing here holds a person's row: datasets go in as hashes, figures as a handful of points, the model as a bundle of aggregates.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlflow
from matplotlib.figure import Figure
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from features.declarations.project import Project
from features.errors import ModelError
from models.bundle import Bundle, save_bundle
from models.packaging import log_pyfunc
from training.registry.datasets import DescribedData, log_datasets
from training.splits.temporal import Split, check_registrable

CHALLENGER = "challenger"
CHAMPION = "champion"
BUNDLE = "bundle"
_SQLITE = "sqlite:///"
_PARENT = "mlflow.parentRunId"
_SOURCE = "mlflow.source.name"
"""Where MLflow would put the path of the program on this machine."""
_LOUD = ("mlflow", "alembic", "git")
_VERDICTS = ("FAILED", "NOT_APPLICABLE", "PASSED")
"""The worst first."""


@dataclass(frozen=True)
class Tracking:
    """Where runs and models are kept: a database URI, or a server's, and a place for artifacts."""

    uri: str
    artifacts: str | None
    """URI of the artifact root; None leaves it to the server."""
    parent_run: str | None = None
    """Run that ours are part of, where `mlflow run` started the training."""

    def client(self) -> MlflowClient:
        """Open the store; the first time it makes its tables, which takes some seconds."""
        for name in _LOUD:
            logging.getLogger(name).setLevel(logging.ERROR)
        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)


def check_answers(tracking: Tracking) -> None:
    """Refuse a store or server that does not answer, before any work is done for it.

    Raises
    ------
    ModelError
        TID524.
    """
    try:
        tracking.client().search_experiments(max_results=1)
    except (MlflowException, OSError) as error:
        raise ModelError(
            "TID524",
            f"MLflow at {_without_password(tracking.uri)} does not answer. Start the server or mend the address (--tracking-uri, "
            "MLFLOW_TRACKING_URI); without either, runs are kept in the project.",
        ) from error


def _without_password(uri: str) -> str:
    """Take user and password out of an address before it is told.

    >>> _without_password("https://me:secret@mlflow.example/x")
    'https://mlflow.example/x'
    """
    return re.sub(r"(?<=://)[^/@]*@", "", uri)


@dataclass(frozen=True)
class RunRecord:
    """What is logged about one training; aggregates only."""

    name: str
    params: Mapping[str, str | int | float]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    figures: Mapping[str, Figure]
    report: Mapping[str, Any]
    """The whole report; gates and sections of it also stand on the run by themselves."""
    datasets: tuple[DescribedData, ...] = ()


@dataclass(frozen=True)
class LoggedRun:
    """Ids that MLflow gave; `version` is None where the model was not registered."""

    run_id: str
    version: str | None


def local_tracking(project: Project) -> Tracking:
    """Keep runs in the project's own SQLite store."""
    project.var.mkdir(parents=True, exist_ok=True)
    return tracking_at(f"{_SQLITE}{project.var / 'mlflow.db'}")


def tracking_at(uri: str) -> Tracking:
    """Keep runs at an address. A SQLite store has its artifacts beside it, and not, as MLflow would, where the command happens to run.

    >>> tracking_at("sqlite:////srv/runs/mlflow.db").artifacts
    'file:///srv/runs/mlartifacts'
    >>> tracking_at("http://127.0.0.1:5000").artifacts is None
    True
    """
    if not uri.startswith(_SQLITE):
        return Tracking(uri, None)
    return Tracking(uri, (Path(uri.removeprefix(_SQLITE)).resolve().parent / "mlartifacts").as_uri())


def log_training(tracking: Tracking, record: RunRecord, bundle: Bundle, split: Split, *, experiment: str, register: bool) -> LoggedRun:
    """Log one training and, when asked, register its model as the challenger.

    Raises
    ------
    DataError
        TID444 before anything is logged, when a diagnostic split made the model and it is to be registered.
    """
    if register:
        check_registrable(split)
    client = tracking.client()
    experiment_id = _experiment_id(client, tracking, experiment)
    mlflow.set_tracking_uri(tracking.uri)
    mlflow.set_registry_uri(tracking.uri)
    tags = {_SOURCE: "tidlig train"} | ({} if tracking.parent_run is None else {_PARENT: tracking.parent_run})
    with mlflow.start_run(experiment_id=experiment_id, run_name=record.name, tags=tags) as run, TemporaryDirectory() as folder:
        _log_record(record)
        logged = _log_bundle(bundle, Path(folder) / BUNDLE)
        version = _register(client, record, logged, bundle, run_id=run.info.run_id) if register else None
    return LoggedRun(run.info.run_id, version)


def log_folder(tracking: Tracking, run_id: str, folder: Path, *, place: str) -> None:
    """Put a folder of aggregates beside a finished run."""
    tracking.client().log_artifacts(run_id, str(folder), place)


def _experiment_id(client: MlflowClient, tracking: Tracking, name: str) -> str:
    found = client.get_experiment_by_name(name)
    return found.experiment_id if found is not None else str(client.create_experiment(name, artifact_location=tracking.artifacts))


def _log_record(record: RunRecord) -> None:
    mlflow.log_params(dict(record.params))
    mlflow.log_metrics({name: value for name, value in record.metrics.items() if value == value})
    mlflow.set_tags(dict(record.tags))
    log_datasets(record.datasets)
    mlflow.log_dict(dict(record.report), "report.json")
    _log_gates(record.report.get("gates", ()))
    _log_sections(record.report.get("sections", {}))
    for file, figure in record.figures.items():
        mlflow.log_figure(figure, f"figures/{file}")


def _log_gates(gates: Sequence[Mapping[str, Any]]) -> None:
    """Say on the run what each gate said: its worst verdict as a tag, so that runs can be searched by it, and how many said what."""
    verdicts: dict[str, set[str]] = {}
    for gate in gates:
        verdicts.setdefault(gate["code"], set()).add(gate["verdict"])
    worst = {code: next(verdict for verdict in _VERDICTS if verdict in found) for code, found in verdicts.items()}
    mlflow.set_tags({f"gate.{code}": verdict for code, verdict in worst.items()})
    mlflow.log_metrics({f"gates/{verdict.lower()}": float(list(worst.values()).count(verdict)) for verdict in _VERDICTS if worst})


def _log_sections(sections: Mapping[str, Mapping[str, Any]]) -> None:
    """Put each section in a file of its own, and its plain figures among the metrics."""
    for name, section in sections.items():
        mlflow.log_dict(dict(section), f"sections/{name}.json")
    figures = {
        f"{name}/{key}": float(value)
        for name, section in sections.items()
        for key, value in section.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and value == value
    }
    mlflow.log_metrics(figures)


@dataclass(frozen=True)
class _LoggedBundle:
    model_id: str | None
    source: str
    bundle_hash: str


def _log_bundle(bundle: Bundle, folder: Path) -> _LoggedBundle:
    """Save a bundle and log it as a pyfunc, the card beside it for people."""
    bundle_hash = save_bundle(bundle, folder)
    mlflow.set_tag("bundle_hash", bundle_hash)
    mlflow.log_artifact(str(folder / "card.md"))
    info = log_pyfunc(folder, name="model")
    return _LoggedBundle(info.model_id, str(info.model_uri), bundle_hash)


def _register(client: MlflowClient, record: RunRecord, logged: _LoggedBundle, bundle: Bundle, *, run_id: str) -> str:
    try:
        client.create_registered_model(record.name, tags={"project": bundle.project, "stage": bundle.stage, "outcome": bundle.outcome})
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    tags = {**record.tags, "bundle_hash": logged.bundle_hash}
    version = client.create_model_version(record.name, logged.source, run_id, tags=tags, model_id=logged.model_id)
    client.set_registered_model_alias(record.name, CHALLENGER, version.version)
    return str(version.version)
