"""From source files through intake to a stage's table: the engine on the real store says what the oracle says from the same records."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from typer.testing import CliRunner

from features.declarations.project import Project, load_project
from features.engine.kernel import Rows
from features.engine_commands import app
from features.errors import DataError, PurposeError
from features.intake.load import ingest
from features.keys import read_keys
from features.leaks import label_finding, rebuilt_finding
from features.oracle import oracle_features
from features.outcomes import label_rows
from features.progress import Silent
from features.records import day_numbers
from features.restrictions import write_restrictions
from features.store import open_store
from features.tables import build_stage_table, find_stage_table, levels_of, stage_specs
from tests.support.projects import COHORTS, KEYS, NOW, tiny_project

TODAY = NOW.date()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    loaded = load_project(tiny_project(tmp_path_factory.mktemp("tiny")))
    ingest(loaded, keys=read_keys(loaded, environ=KEYS), environ=KEYS, now=NOW, progress=Silent())
    return loaded


def test_the_table_equals_the_oracle_on_the_store(project: Project) -> None:
    cohort, table = build_stage_table(project, "train", project.stages["grade_10"], on=TODAY)
    store, specs = open_store(project, "train"), stage_specs(project)
    rows = Rows(cohort.frame["person"].to_numpy(), day_numbers(cohort.frame["as_of"]))
    answers = oracle_features(store.read_part(0), rows, specs, indicators=store.indicators, levels=levels_of(project))
    assert len(cohort) == 10 * len(COHORTS)
    assert_array_equal(table.matrix(), np.array([[answer[name] for name in table.names] for answer in answers], dtype=np.float32))
    pd.testing.assert_frame_equal(table.keys, cohort.frame[["person", "subject_id", "group", "as_of"]], check_dtype=False)


@pytest.mark.requirement("R-33")
def test_a_table_says_that_its_data_is_synthetic(project: Project) -> None:
    _, table = build_stage_table(project, "train", project.stages["grade_10"], on=TODAY)
    assert {name: table.facts.about[name] for name in ("project", "stage", "data")} == {
        "project": "tiny",
        "stage": "grade_10",
        "data": "synthetic",
    }


def test_labels_mature_and_nothing_leaks(project: Project) -> None:
    cohort, table = build_stage_table(project, "train", project.stages["grade_10"], on=TODAY)
    store = open_store(project, "train")
    labels = label_rows(project, store, cohort, project.outcomes["not_completed"], known_by=TODAY)
    assert labels["status"].isna().sum() == 10
    assert (cohort.frame["period"][labels["status"].isna()] == "2025").all(), "the newest intake, named by its anchor"
    assert label_finding(project, table.names).verdict == "PASSED"
    specs = [spec for spec in stage_specs(project) if spec.name in table.names]
    assert rebuilt_finding(store, table, specs, levels=levels_of(project)).verdict == "PASSED"


def test_only_one_date_in_a_folder_of_its_own(project: Project) -> None:
    stage, day = project.stages["grade_10"], date(2018, 6, 15)
    cohort, table = build_stage_table(project, "score", stage, on=TODAY, as_of=day)
    assert set(cohort.frame["as_of"]) == {day}
    assert table.folder == project.var / "features" / "score" / "grade_10-2018-06-15"
    found = find_stage_table(project, "score", stage, as_of=day)
    assert found is not None
    assert found.facts == table.facts
    assert find_stage_table(project, "score", stage, as_of=date(2019, 6, 15)) is None


@pytest.mark.requirement("R-02")
def test_without_a_valid_purpose_nothing_is_read(project: Project) -> None:
    with pytest.raises(PurposeError, match="TID202"):
        build_stage_table(project, "train", project.stages["grade_10"], on=date(2031, 1, 1))


@pytest.mark.requirement("R-36")
def test_restricted_persons_are_in_no_table(tmp_path: Path) -> None:
    project = load_project(tiny_project(tmp_path / "restricted"))
    ingest(project, keys=read_keys(project, environ=KEYS), environ=KEYS, now=NOW, progress=Silent())
    subject = open_store(project, "score").subjects()["subject_id"].iloc[0]
    write_restrictions(project, restriction(subject))
    for purpose in ("train", "score"):
        cohort, _ = build_stage_table(project, purpose, project.stages["grade_10"], on=TODAY)
        assert len(cohort) == 10 * len(COHORTS) - 1
        assert cohort.left_out["restricted"] == 1


def restriction(subject: str) -> pd.DataFrame:
    said = {"kind": "objection", "valid_from": date(2026, 1, 1), "valid_to": None, "recorded_at": NOW, "recorded_by_role": "coordinator"}
    return pd.DataFrame([{"subject_id": subject, **said}])


def test_a_date_that_no_stage_has_says_which_step_emptied_the_cohort(project: Project) -> None:
    with pytest.raises(
        DataError, match=r"TID426: .* 60 of another as-of date.*assessed on 06-15 of a year, not on 06-16: ask for 2018-06-15"
    ):
        build_stage_table(project, "train", project.stages["grade_10"], on=TODAY, as_of=date(2018, 6, 16))


def test_the_command_builds_every_stage_and_says_so_in_json(project: Project) -> None:
    result = CliRunner().invoke(app, ["--project", str(project.root), "--purpose", "score", "--workers", "1", "--json"])
    assert result.exit_code == 0, result.output
    (told,) = json.loads(result.stdout)
    assert (told["stage"], told["rows"], told["features"]) == ("grade_10", 10 * len(COHORTS), len(stage_specs(project)))
    assert Path(told["folder"], "table.json").is_file()


def test_the_command_refuses_a_stage_that_is_not_there(project: Project) -> None:
    result = CliRunner().invoke(app, ["--project", str(project.root), "--stage", "grade_8"])
    assert result.exit_code == 2
    assert "unknown stage grade_8" in result.stderr
