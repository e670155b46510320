"""Every status code is shown with how it is read, and disputed ones are read otherwise beside it: from a real store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from features.declarations.outcomes import Sensitivity
from features.declarations.project import load_project
from features.progress import Silent
from tests.support.ingesting import ingest_tiny
from tests.support.projects import NOW, tiny_project
from tests.support.quick_outcomes import PER_YEAR, write_quick_outcomes
from training.evaluation.examined import Examined
from training.evaluation.lead_time import lead_time
from training.evaluation.status_codes import status_codes
from training.fitting.experiment import run_experiment
from training.gathering import build_stage_data, build_table
from training.plan import PlannedModel
from training.splits.temporal import temporal_split
from training.train import fit_settings

STILL_ENROLLED, PLANNED, GONE = 4, 3, 8


def recode(data: Path) -> dict[int, int]:
    """Make some of the last year's codes others: every third not completed still enrolled, eight a planned success, two gone."""
    lines = (data / "school.csv").read_text(encoding="utf-8").splitlines()
    header = lines[0].split(",")
    indicator, value, happened_on = (header.index(name) for name in ("indicator", "value", "happened_on"))
    last_year, counts, seen = [], {1: 0, 2: 0, STILL_ENROLLED: 0, PLANNED: 0, GONE: 0}, 0
    for number, line in enumerate(lines[1:], start=1):
        cells = line.split(",")
        if cells[indicator] != "edu_completion":
            continue
        seen += cells[value] == "2"
        if cells[value] == "2" and seen % 3 == 0:
            cells[value] = str(STILL_ENROLLED)
        if cells[happened_on].startswith("2020"):
            last_year.append(number)
            if cells[value] == "1" and len(last_year) % 9 == 0 and counts[PLANNED] + counts[GONE] < 10:
                cells[value] = str(PLANNED if counts[PLANNED] < 8 else GONE)
            counts[int(cells[value])] += 1
        lines[number] = ",".join(cells)
    (data / "school.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return counts


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any], dict[int, int]]:
    root = tiny_project(tmp_path_factory.mktemp("codes"))
    write_quick_outcomes(root / "data")
    counts = recode(root / "data")
    text = (root / "screening.toml").read_text(encoding="utf-8")
    text = text.replace("positive = [2]", "positive = [2, 4]").replace("excluded = [3]", "excluded = [3, 8]")
    (root / "screening.toml").write_text(text, encoding="utf-8")
    ingest_tiny(root)
    project = load_project(root)
    outcome = project.outcomes["not_completed"].model_copy(
        update={
            "sensitivity": (
                Sensitivity(name="enrolled_left_out", excluded=(STILL_ENROLLED,)),
                Sensitivity(name="gone_as_completed", negative=(GONE,)),
            )
        }
    )
    project = replace(project, screening=project.screening.model_copy(update={"outcome": (outcome,)}))
    data = build_stage_data(project, project.stages["grade_10"], known_by=NOW.date(), workers=1, progress=Silent())
    table, _ = build_table(data, "not_completed")
    split = temporal_split(table.rows, project.screening.split, pending=table.pending)
    settings = fit_settings(project, table, workers=1)
    experiment = run_experiment(table, split, settings, name="tiny", capacity_share=0.15, progress=Silent(), n_resamples=50)
    examined = Examined(project, PlannedModel("tiny", "grade_10", "not_completed"), experiment, data=data)
    return status_codes(examined), lead_time(examined), counts


def test_every_code_is_counted_with_how_it_is_read(measured: tuple[dict[str, Any], dict[str, Any], dict[int, int]]) -> None:
    section, _, counts = measured
    told = {(one["read_as"], one["code"]): one["n"] for one in section["codes"]}
    assert sum(counts.values()) == PER_YEAR
    assert told[("positive", STILL_ENROLLED)] == counts[STILL_ENROLLED] >= 5
    assert told[("positive", 2)] == counts[2]
    assert told[("negative", 1)] == counts[1]


@pytest.mark.requirement("R-09")
def test_a_code_of_two_people_is_withheld_and_the_one_that_would_tell_it(
    measured: tuple[dict[str, Any], dict[str, Any], dict[int, int]],
) -> None:
    section, _, counts = measured
    assert (counts[PLANNED], counts[GONE]) == (8, 2)
    told = {one["code"]: one["n"] for one in section["codes"] if one["read_as"] == "excluded"}
    assert told == {PLANNED: None, GONE: None}
    (gone,) = (one for one in section["sensitivity"] if one["name"] == "gone_as_completed")
    assert "figures" not in gone
    assert "R-09" in gone["reason"]


def test_a_sensitivity_analysis_measures_the_served_model_and_one_learnt_under_it(
    measured: tuple[dict[str, Any], dict[str, Any], dict[int, int]],
) -> None:
    section, _, counts = measured
    (left_out,) = (one for one in section["sensitivity"] if one["name"] == "enrolled_left_out")
    assert left_out["n_test"] == counts[1] + counts[2]
    assert left_out["prevalence"] == pytest.approx(counts[2] / (counts[1] + counts[2]))
    for figures in left_out["figures"].values():
        assert 0.7 < figures["auc"]["estimate"] < 0.99
        assert figures["auc"]["low"] <= figures["auc"]["estimate"] <= figures["auc"]["high"]


def test_the_table_says_how_long_before_its_date_an_outcome_was_foreseen(
    measured: tuple[dict[str, Any], dict[str, Any], dict[int, int]],
) -> None:
    _, section, counts = measured
    (span,) = section["spans"]  # from 15 June to 1 June of the next year
    assert (span["span"], span["n"]) == ("3 to 12 months", counts[2] + counts[STILL_ENROLLED])
