"""No artefact of a training says where on which machine it was made: card, papers, report, run and bundle are handed to others."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from features.declarations.project import load_project
from features.errors import PurposeError
from tests.conftest import ROOT
from tests.integration.training.test_pipeline import NAME, training_in
from tests.support.ingesting import ingest_tiny
from tests.support.projects import tiny_project
from tests.support.quick_outcomes import write_quick_outcomes
from training.groups import why_not_asked
from training.papers.write import papers_folder
from training.report import report_path
from training.train import TrainedModel, train

pytestmark = [
    # MLflow's own, raised while it sets up its store and logs a model; ours stay errors.
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose audit purpose has run out: fairness can't be asked, and the card says why."""
    root = tiny_project(tmp_path_factory.mktemp("somewhere-on-this-machine"))
    write_quick_outcomes(root / "data")
    ingest_tiny(root)
    screening = root / "screening.toml"
    before, audit, after = screening.read_text(encoding="utf-8").partition('kind = "audit"')
    screening.write_text(before + audit + after.replace("valid_to = 2030-12-31", "valid_to = 2025-12-31", 1), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def trained(folder: Path) -> TrainedModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (model,) = train(load_project(folder), training_in(folder))
    return model


def artefacts(folder: Path, model: TrainedModel) -> Iterator[tuple[str, bytes]]:
    """Everything that a training hands on: files of the run with the bundle and the papers among them, report, and what the run says."""
    for place in (folder / "var" / "mlartifacts", papers_folder(load_project(folder), NAME, model.run.version)):
        files = [path for path in place.rglob("*") if path.is_file()]
        assert len(files) > 10, place
        yield from ((str(path), path.read_bytes()) for path in files)
    yield "report", report_path(load_project(folder), NAME).read_bytes()
    tracking = training_in(folder).tracking
    client: MlflowClient = tracking.client()
    run = client.get_run(model.run.run_id)
    for kind, said in (("tags", run.data.tags), ("params", run.data.params), ("metrics", run.data.metrics)):
        yield from ((f"{kind} {name}", f"{name} {value}".encode()) for name, value in said.items())
    assert run.inputs is not None
    yield from ((f"dataset {one.dataset.name}", str(one.dataset.to_dictionary()).encode()) for one in run.inputs.dataset_inputs)
    version = client.get_model_version(NAME, str(model.run.version))
    yield from ((f"version's tag {name}", str(value).encode()) for name, value in version.tags.items())


@pytest.mark.requirement("R-34")
def test_no_artefact_of_a_training_holds_a_machine_path(folder: Path, trained: TrainedModel) -> None:
    secret = {str(folder).encode(), str(folder.resolve()).encode(), str(ROOT).encode(), tempfile.gettempdir().encode()}
    told = [name for name, content in artefacts(folder, trained) if any(path in content for path in secret)]
    assert told == []


@pytest.mark.requirement("R-12")
def test_why_fairness_was_not_asked_stands_on_the_card_with_what_to_do(folder: Path, trained: TrainedModel) -> None:
    (reason,) = {gate["evidence"]["reason"] for gate in trained.report["gates"] if gate["code"] in ("G-05", "G-06")}
    assert "no purpose of kind 'audit' is valid on 2026-11-21 (TID202)" in reason
    cards = list((folder / "var" / "mlartifacts").rglob("card.md"))
    assert cards
    assert all(reason in card.read_text(encoding="utf-8") for card in cards)


def test_a_model_that_names_no_folder_still_loads_and_scores(folder: Path, trained: TrainedModel) -> None:
    mlflow.set_tracking_uri(training_in(folder).tracking.uri)
    mlflow.set_registry_uri(training_in(folder).tracking.uri)
    loaded = mlflow.pyfunc.load_model(f"models:/{NAME}/{trained.run.version}")
    example = loaded.input_example
    assert example is not None
    (row,) = loaded.predict(example).to_dict("records")
    assert 0 < row["score"] < 1


@pytest.mark.parametrize("code", ["TID201", "TID202", "TID220", "TID221", "TID299"])
def test_a_reason_keeps_the_code_and_leaves_the_folder_out(code: str) -> None:
    told = why_not_asked(PurposeError(code, "not in /home/me/project/screening.toml"), on=date(2026, 11, 22))
    assert code in told
    assert "/home" not in told
