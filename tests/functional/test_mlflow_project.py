"""The MLflow project: `mlflow run . -e retrain`, as a scheduler or notebook starts it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import mlflow.projects._project_spec as project_spec
import pytest
import typer.main

from features.declarations.project import load_project
from tests.conftest import ROOT
from tests.integration.training.test_pipeline import NAME, write_quick_outcomes
from tests.support.ingesting import ingest_tiny
from tests.support.mlflow_processes import run_mlflow
from tests.support.projects import tiny_project
from training import model_commands
from training.commands import app
from training.registry.tracking import tracking_at
from training.registry.versions import list_models


def test_the_entry_point_is_a_command_that_is_there(tmp_path: Path) -> None:
    """The short form of the proof below: MLflow reads the file, and the command has the options that it gives."""
    entry = project_spec.load_project(str(ROOT)).get_entry_point("retrain")
    command = entry.compute_command({"project": str(tmp_path)}, str(tmp_path))
    assert command.split() == ["python", "-m", "tidlig", "train", "--project", str(tmp_path), "--workers", "2"]
    train = typer.main.get_command(app).commands["train"]  # type: ignore[attr-defined]
    assert {"--project", "--workers"} <= {option for parameter in train.params for option in parameter.opts}


def test_runs_become_part_of_the_run_that_started_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = load_project(tiny_project(tmp_path / "p"))
    uri = f"sqlite:///{tmp_path / 'runs.db'}"
    monkeypatch.setattr("training.registry.tracking.check_answers", lambda tracking: None)
    for name, value in {"MLFLOW_TRACKING_URI": uri, "MLFLOW_RUN_ID": "a" * 32}.items():
        monkeypatch.setenv(name, value)
    found = model_commands.tracking(project, uri)
    assert found.parent_run == "a" * 32
    assert found.artifacts == (tmp_path / "mlartifacts").as_uri()
    assert model_commands.tracking(project, uri).parent_run is None, "taken once: MLflow itself would take it for a run of its own"
    monkeypatch.setenv("MLFLOW_RUN_ID", "a" * 32)
    assert model_commands.tracking(project, f"sqlite:///{tmp_path / 'others.db'}").parent_run is None, "another store has no such run"
    monkeypatch.setenv("MLFLOW_RUN_ID", "a" * 32)
    assert model_commands.tracking(project, None).parent_run is None


@pytest.mark.proof
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")
def test_a_retraining_is_run_by_mlflow(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    write_quick_outcomes(root / "data")
    ingest_tiny(root)
    uri = f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}"
    (tmp_path / "runs").mkdir()
    arguments = ("run", str(ROOT), "-e", "retrain", "--env-manager", "local", "-P", f"project={root}", "-P", "workers=1")
    done = run_mlflow(*arguments, cwd=tmp_path, MLFLOW_TRACKING_URI=uri)
    assert done.returncode == 0, done.stderr[-3000:]
    (version,) = list_models(load_project(root), tracking_at(uri))
    assert (version.name, version.version, version.aliases) == (NAME, "1", ("challenger",))
    with sqlite3.connect(tmp_path / "runs" / "mlflow.db") as connection:
        parents = connection.execute(
            "SELECT value FROM tags WHERE key = 'mlflow.parentRunId' AND run_uuid = ?", (version.run_id,)
        ).fetchall()
        started = connection.execute("SELECT run_uuid FROM tags WHERE key = 'mlflow.project.entryPoint' AND value = 'retrain'").fetchall()
    connection.close()
    assert parents == started
    assert len(started) == 1
    assert (tmp_path / "runs" / "mlartifacts").is_dir()
    assert not (root / "var" / "mlflow.db").exists(), "kept where mlflow run keeps its own"
