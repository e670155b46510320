"""From source files to a registered challenger: intake, features, labels, the ladder and MLflow, all of it real."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from features.declarations.learning import DiagnosticSplit
from features.declarations.project import load_project
from features.errors import DataError
from features.progress import Silent
from tests.support.ingesting import ingest_tiny
from tests.support.noted_progress import Noting
from tests.support.projects import NOW, tiny_project
from tests.support.quick_outcomes import PER_YEAR, write_quick_outcomes
from training.commands import app
from training.diagnosis import diagnose
from training.registry.tracking import local_tracking
from training.train import TrainedModel, Training, train

pytestmark = [
    # MLflow's own, raised while it sets up its store and logs a model; ours stay errors.
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

NAME = "tiny-not_completed-grade_10"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tiny_project(tmp_path_factory.mktemp("quick"))
    write_quick_outcomes(root / "data")
    ingest_tiny(root)
    return root


@pytest.fixture(scope="module")
def trained(folder: Path) -> TrainedModel:
    import warnings

    noting = Noting()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (model,) = train(load_project(folder), replace(training_in(folder), progress=noting))
    # The bar over the whole ends where it said it would.
    assert len(noting.moves["Training 1 models"]) == noting.totals["Training 1 models"]
    return model


def training_in(folder: Path) -> Training:
    return Training(local_tracking(load_project(folder)), NOW, "test", 1, Silent())


def test_the_ladder_is_trained_on_earlier_years_and_tested_on_the_last(trained: TrainedModel) -> None:
    data = trained.report["data"]
    # The last outcomes that teach, of 2017, are known on 1 June 2019: two weeks before the first tested person is assessed.
    assert data["test_periods"] == ["2018"]
    assert data["train_periods"] == ["2012", "2013", "2014", "2015", "2016", "2017"]
    assert data["immature_periods"] == []
    assert data["folds"] == "forward"
    assert list(trained.report["ladder"]) == ["prevalence", "area", "logistic", "boosted"]
    assert trained.report["ladder"][trained.report["chosen"]]["auc"]["estimate"] > 0.7


def test_gates_were_asked_of_real_groups(trained: TrainedModel) -> None:
    gates = {(gate["code"], gate["evidence"].get("group")): gate["verdict"] for gate in trained.report["gates"]}
    assert gates[("G-02", None)] == "PASSED"
    assert {value for code, value in gates if code == "G-05"} == {None, "girl", "boy"}, "both groups, and what is said of all together"
    assert gates[("G-11", None)] == "PASSED"


def test_the_command_lists_and_promotes_what_was_trained(trained: TrainedModel, folder: Path) -> None:
    runner = CliRunner()
    listed = runner.invoke(app, ["models", "list", "--project", str(folder), "--json"], catch_exceptions=False)
    (version,) = json.loads(listed.stdout)["versions"]
    assert (version["name"], version["version"], version["aliases"]) == (NAME, "1", ["challenger"])
    signed = ["--signed-by", "data-scientist", "--signed-by", "leader", "--reason", "The first model of the test."]
    signed += ["--justify", "A test project; nobody is treated differently."]
    assert (folder / "var" / "models" / NAME / "1" / "bundle.json").is_file(), "a challenger lies where the console finds it"
    promoted = runner.invoke(app, ["models", "promote", NAME, "1", "--project", str(folder), *signed], catch_exceptions=False)
    assert promoted.exit_code == 0
    assert "simulated" in promoted.stdout
    assert (folder / "var" / "models" / NAME / "champion.json").is_file()


@pytest.mark.requirement("R-14")
def test_a_diagnosis_measures_backwards_and_leaves_no_trace(trained: TrainedModel, folder: Path) -> None:
    project = load_project(folder)
    declared = DiagnosticSplit(name="backwards", stage="grade_10", outcome="not_completed", train=("2017", "2018"), test=("2012", "2013"))
    before = sorted(path.name for path in (folder / "var" / "mlartifacts").iterdir())
    found = diagnose(project, declared, training_in(folder))
    assert found.n_test == 2 * PER_YEAR
    assert found.figures["auc"].estimate > 0.7
    assert sorted(path.name for path in (folder / "var" / "mlartifacts").iterdir()) == before


def test_labels_that_take_too_long_are_said(tmp_path: Path) -> None:
    """The tiny project's outcomes take six years: none was known when its last cohort was assessed."""
    root = tiny_project(tmp_path)
    ingest_tiny(root)
    with pytest.raises(DataError, match="TID442"):
        train(load_project(root), training_in(root))
