"""What reviewers decided never becomes what a model learns from (R-37): no label, no feature, no outcome of monitoring."""

import ast
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import features
import models
import training
from features.declarations.project import Project, load_project
from features.errors import DataError
from features.exchanged import reviews_path
from features.finished_reviews import read_finished_reviews, write_finished_reviews
from features.followup import matured_outcomes
from features.intake.linkage import translate_subjects
from features.outcomes import label_rows
from features.store import open_store
from features.tables import build_stage_table
from tests.support.ingesting import ingest_tiny
from tests.support.projects import NOW, tiny_project
from tests.support.reviews import as_frame, finished_review, no_need

pytestmark = pytest.mark.requirement("R-37")

AS_OF = date(2020, 6, 15)

MAY_SPEAK_OF_REVIEWS = {"features/exchanged.py", "features/erasure.py", "features/finished_reviews.py", "features/intake/traces.py"}
"""Where the table lies and what it holds, who clears a person out of it, who reads it, and where a person may be found."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tiny_project(tmp_path_factory.mktemp("labels") / "project")
    ingest_tiny(root)
    return load_project(root)


def learnt_from(project: Project) -> dict[str, np.ndarray]:
    """Read everything that a model learns from, and everything that monitoring takes for an outcome."""
    stage, outcome, on = project.stages["grade_10"], project.outcomes["not_completed"], NOW.date()
    cohort, table = build_stage_table(project, "train", stage, on=on)
    labels = label_rows(project, open_store(project, "train"), cohort, outcome, known_by=on)
    subjects = open_store(project, "audit").subjects()["subject_id"]
    scored = pd.DataFrame({"subject_id": subjects, "stage": "grade_10", "as_of": AS_OF})
    return {
        "persons": table.keys["person"].to_numpy(),
        "features": table.matrix(),
        "labels": labels["label"].to_numpy(dtype=float),
        "outcomes": matured_outcomes(project, scored, outcome, on=on),
    }


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name)


def test_whatever_reviewers_decide_changes_nothing_that_a_model_learns_from(project: Project):
    before = learnt_from(project)
    assert np.isin(before["labels"], (0.0, 1.0)).any()
    assert np.isin(before["outcomes"], (0.0, 1.0)).any()
    subjects = open_store(project, "score").subjects()["subject_id"].tolist()
    for make in (finished_review, no_need):
        write_finished_reviews(project, as_frame([make(subject, as_of=AS_OF, informed=None) for subject in subjects]))
        assert_same(before, learnt_from(project))
    with_outcome = before["outcomes"] == 1
    audit = open_store(project, "audit").subjects()["subject_id"].to_numpy()
    known = translate_subjects(project, audit[with_outcome].tolist(), from_purpose="audit", to_purpose="score")["to_subject"].tolist()
    write_finished_reviews(project, as_frame([no_need(subject, as_of=AS_OF) for subject in known]))
    assert_same(before, learnt_from(project))


def test_training_does_not_even_open_the_table(project: Project):
    before = learnt_from(project)
    path = reviews_path(project)
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = path.read_bytes() if path.is_file() else None
    path.write_bytes(b"no table at all")
    try:
        with pytest.raises(DataError):
            read_finished_reviews(project)
        assert_same(before, learnt_from(project))
    finally:
        path.unlink()
        if kept is not None:
            path.write_bytes(kept)


def test_no_module_that_learns_names_the_table():
    """import-linter forbids the import; this forbids a way around it, such as reading the file by its path."""
    found = set()
    for package in (features, models, training):
        root = Path(str(package.__file__)).parent
        for path in root.rglob("*.py"):
            if names_reviews(path.read_text(encoding="utf-8")):
                found.add(f"{root.name}/{path.relative_to(root).as_posix()}")
    assert found == MAY_SPEAK_OF_REVIEWS


def names_reviews(source: str) -> bool:
    names = {"reviews_path", "FINISHED_REVIEWS", "read_finished_reviews", "finished_reviews"}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and node.id in names:
            return True
        if isinstance(node, ast.alias) and names & set(node.name.split(".")):
            return True
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "finished_reviews" in node.value:
            return True
    return False
