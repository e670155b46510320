"""The MLflow project: `mlflow run . -e retrain`, as a scheduler or notebook starts it."""

from __future__ import annotations

import shlex
import sqlite3
from pathlib import Path

import mlflow.projects._project_spec as project_spec
import pytest
import typer.main
from typer.testing import CliRunner

from features.declarations.project import Project, load_project
from features.errors import ProjectError
from tests.conftest import ROOT
from tests.integration.training.test_pipeline import NAME
from tests.support.ingesting import ingest_tiny
from tests.support.mlflow_processes import run_mlflow
from tests.support.projects import tiny_project
from tests.support.quick_outcomes import write_quick_outcomes
from training import model_commands
from training.commands import app
from training.registry.tracking import tracking_at
from training.registry.versions import list_models
from training.train import TrainedModel, Training


def test_the_entry_point_is_a_command_that_is_there(tmp_path: Path) -> None:
    """The short form of the proof below: MLflow reads the file, and the command has the options that it gives."""
    command = retrain_command(tmp_path, {})
    everything = ["--stage", "all", "--outcome", "all", "--register", "--workers", "2"]
    assert command == ["python", "-m", "tidlig", "train", "--project", str(tmp_path), *everything]
    train = typer.main.get_command(app).commands["train"]  # type: ignore[attr-defined]
    options = {option for parameter in train.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {"--project", "--stage", "--outcome", "--register", "--no-register", "--workers"} <= options


def test_what_the_entry_point_asks_for_is_what_is_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stages and outcomes of the parameters reach the plan; `all` asks for none by name, and a name that is none is refused as ever."""
    root = tiny_project(tmp_path / "p")
    asked: list[tuple[dict[str, tuple[str, ...]], bool]] = []

    def note(project: Project, training: Training, **named: tuple[str, ...]) -> list[TrainedModel]:
        asked.append((named, training.register))
        return []

    monkeypatch.setattr("training.train.train", note)
    for given in ({}, {"stage": "grade_10", "outcome": "not_completed", "register": "no-register"}, {"stage": "grade_10,vg1"}):
        done = CliRunner().invoke(app, retrain_command(root, given)[3:], catch_exceptions=False)
        assert done.exit_code == 0, done.output
    assert asked == [
        ({"stages": (), "outcomes": ()}, True),
        ({"stages": ("grade_10",), "outcomes": ("not_completed",)}, False),
        ({"stages": ("grade_10", "vg1"), "outcomes": ()}, True),
    ]
    monkeypatch.undo()
    with pytest.raises(ProjectError, match=r"TID111: unknown stage vg1. The project declares grade_10"):
        CliRunner().invoke(app, retrain_command(root, {"stage": "vg1"})[3:], catch_exceptions=False)


def retrain_command(root: Path, given: dict[str, str]) -> list[str]:
    """The command that MLflow makes of the entry point and these parameters, word by word."""
    entry = project_spec.load_project(str(ROOT)).get_entry_point("retrain")
    return shlex.split(entry.compute_command({"project": str(root), **given}, str(root)))


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
    arguments = (
        "run",
        str(ROOT),
        "-e",
        "retrain",
        "--env-manager",
        "local",
        "-P",
        f"project={root}",
        "-P",
        "workers=1",
        "-P",
        "stage=grade_10",
    )
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
