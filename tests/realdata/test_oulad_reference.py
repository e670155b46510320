"""The main job end to end: all six days through the command line, every figure beside the honest forward reference."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from features.declarations.project import load_project
from tests.support.oulad import EXAMPLE
from tests.support.projects import KEYS

pytestmark = [pytest.mark.proof, pytest.mark.realdata("oulad")]

KNOWN_SHORT = {
    ("day_000", "withdrawn_or_fail", "average_precision"): 0.010,
    ("day_112", "withdrawn", "average_precision"): 0.005,
}
"""The two figures that the boosted rung does not reach without the protected columns, and by how much at most. No setting tried on the
training presentations reached the first; with the protected columns, as in the reference, both are reached."""

Report = dict[str, Any]


def tidlig(*arguments: str, realdata: Path) -> Any:
    # Pseudonyms decide the order of rows, and with it the last bits of every sum that trees grow from: with keys of its own each run has
    # other figures. Over five draws of keys the average precision of withdrawn at day 112 lay between .260 and .270; the reference is .262.
    environ = {**os.environ, **KEYS, "TIDLIG_REALDATA": str(realdata.parent)}
    done = subprocess.run([sys.executable, "-m", "tidlig", *arguments, "--json"], capture_output=True, text=True, check=False, env=environ)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def trained() -> dict[tuple[str, str], Report]:
    """Reports by stage and outcome; filled by whichever test asks first."""
    return {}


@pytest.fixture
def reports(
    trained: dict[tuple[str, str], Report], realdata: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Report]:
    if not trained:
        trained.update(by_stage_and_outcome(_train(tmp_path_factory.mktemp("oulad"), realdata)))
    return trained


def _train(folder: Path, realdata: Path) -> list[Report]:
    root = folder / "project"
    tidlig("init", str(root), "--example", "oulad", realdata=realdata)
    tidlig("ingest", "--project", str(root), realdata=realdata)
    models: list[Report] = tidlig("train", "--project", str(root), realdata=realdata)["models"]
    return models


def by_stage_and_outcome(models: list[Report]) -> dict[tuple[str, str], Report]:
    return {(report["stage"], report["outcome"]): report for report in models}


def shortfalls(report: Report, *, protected: str) -> dict[str, float]:
    """How much the boosted rung lacks on all test rows, by metric, to the reference's three decimals; what it reaches is left out."""
    (row,) = [entry for entry in report["four_rows"] if (entry["protected"], entry["rows"], entry["rung"]) == (protected, "all", "boosted")]
    short = {metric: -round(difference, 3) for metric, difference in row["difference"].items()}
    return {metric: by for metric, by in short.items() if by > 0}


def test_every_declared_reference_has_its_report(reports: dict[tuple[str, str], Report]) -> None:
    references = {(reference.stage, reference.outcome): reference for reference in load_project(EXAMPLE).screening.reference}
    assert len(references) == 12
    assert set(reports) == set(references)
    for key, report in reports.items():
        assert report["reference"]["figures"] == references[key].figures
        rows = {(entry["protected"], entry["rows"]) for entry in report["four_rows"]}
        assert rows == {("out", "all"), ("out", "unseen"), ("in", "all"), ("in", "unseen")}


def test_without_protected_columns_every_figure_is_reached_but_the_two_known_ones(reports: dict[tuple[str, str], Report]) -> None:
    short = {(*key, metric): by for key, report in reports.items() for metric, by in shortfalls(report, protected="out").items()}
    assert set(short) <= set(KNOWN_SHORT), short
    assert all(by <= KNOWN_SHORT[cell] for cell, by in short.items()), short


def test_with_protected_columns_as_in_the_reference_every_figure_is_reached(reports: dict[tuple[str, str], Report]) -> None:
    short = {key: found for key, report in reports.items() if (found := shortfalls(report, protected="in"))}
    assert not short


def test_the_rows_are_those_of_the_reference(reports: dict[tuple[str, str], Report]) -> None:
    for key, report in reports.items():
        assert report["data"]["prevalence"] == pytest.approx(report["reference"]["figures"]["prevalence"], abs=0.001), key
        assert report["data"]["train_periods"] == ["2013-02", "2013-10", "2014-02"]
        assert report["data"]["test_periods"] == ["2014-10"]
        assert report["data"]["n_labels_not_known_yet"] == 0


def test_no_protected_column_is_in_a_model_that_could_serve(reports: dict[tuple[str, str], Report]) -> None:
    predictors = {spec.name for spec in load_project(EXAMPLE).catalogue.feature_specs()}
    assert not {name.split(".")[0] for name in predictors} & {"sex", "disability", "age_band", "imd_band", "region"}
    assert all(report["data"]["n_features"] == len(predictors) for report in reports.values())
