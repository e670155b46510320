"""Evidently itself, on columns that used to make it fail, and what it leaves on disk."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

RANDOM = np.random.default_rng(20261121)
NAMES = ["edu_absence.sum@365d", "edu_flag.last@ever", "fam_silent.last@ever", "edu_constant.last@ever", "nav_amount.sum@365d"]
MADE_AT = datetime(2026, 7, 1, tzinfo=UTC)
TITLE = "demo-dropout-grade10 · 2026-06"


def rows(n_people: int, shift: float = 0.0) -> np.ndarray:
    matrix = RANDOM.normal(size=(n_people, 5)).astype(np.float32)
    matrix[:, 0] += shift
    matrix[:, 1] = matrix[:, 1] > 1
    matrix[:, 2] = np.nan
    matrix[:, 3] = 1.0
    return matrix


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    from monitoring.drift.evidently_pages import make_drift_pages

    folder = tmp_path_factory.mktemp("evidently")
    reference, current = rows(800), rows(200, shift=1.0)
    for _ in range(2):
        pages = make_drift_pages(reference, current, NAMES, title=TITLE, made_at=MADE_AT, seed=1, workspace=folder)
    return pages, reference, current, folder


def test_empty_and_constant_columns_are_left_out(made):
    assert made[0].columns == ("edu_absence.sum@365d", "edu_flag.last@ever", "nav_amount.sum@365d")


def test_its_verdict_finds_the_shifted_column_only(made):
    values = {m["config"].get("column"): m["value"] for m in made[0].content["metrics"]}
    assert values["edu_absence.sum@365d"] < 0.01
    assert values["nav_amount.sum@365d"] > 0.05 / 3


@pytest.mark.requirement("R-10")
def test_no_value_of_a_person_is_in_anything_it_writes(made):
    pages, reference, current, folder = made
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    text = pages.html + json.dumps(pages.content) + "".join(path.read_text(errors="replace") for path in files)
    numbers = {float(number) for number in re.findall(r"-?\d+\.\d{4,}", text)}
    people = np.concatenate([reference[:, [0, 4]].ravel(), current[:, [0, 4]].ravel()]).astype(float)
    near = [number for number in numbers if np.isclose(people, number, rtol=0, atol=1e-7).any()]
    assert near == []


def test_a_second_run_of_the_same_month_replaces_the_first(made):
    snapshots = list(Path(made[3]).rglob("snapshots/*.json"))
    assert len(snapshots) == 1


def test_too_few_people_make_no_page():
    from monitoring.drift.evidently_pages import make_drift_pages

    assert make_drift_pages(rows(800), rows(20), NAMES, title=TITLE, made_at=MADE_AT, seed=1) is None
