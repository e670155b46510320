"""UCI 697 through the product: one wide row a student, which tells of enrolment and of two semesters."""

from __future__ import annotations

import shutil
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold

from features.declarations.project import Project, load_project
from features.errors import DataError, IntakeError
from features.intake.load import ingest
from features.intake.report import IntakeReport
from features.keys import read_keys
from features.progress import Silent
from features.store import open_store
from features.tables import build_stage_table
from tests.support.ingesting import repeatable_bytes
from tests.support.projects import KEYS, NOW
from training.diagnosis import Diagnosis, diagnose, get_diagnostic
from training.registry.tracking import Tracking
from training.train import Training, train

pytestmark = pytest.mark.realdata("uci697")

PROJECT = Path(__file__).parents[1] / "projects" / "uci697"
TRAINING = Training(Tracking("unused:", None), NOW, "test", 1, Silent(), register=False)
SEMESTERS = ("first_approved.last@ever", "second_approved.last@ever", "fees_paid.last@ever")


def ingest_copy(root: Path, folder: Path) -> tuple[Project, IntakeReport]:
    project = load_project(root)
    keys, environ = read_keys(project, environ=KEYS), {"TIDLIG_REALDATA": str(folder.parent)}
    report = ingest(project, keys=keys, environ=environ, now=NOW, progress=Silent(), token_bytes=repeatable_bytes())
    return project, report


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, IntakeReport]:
    from tests.conftest import realdata_root

    folder = realdata_root() / "uci697"
    if not folder.is_dir():
        pytest.skip("no folder uci697 under TIDLIG_REALDATA")
    return ingest_copy(Path(shutil.copytree(PROJECT, tmp_path_factory.mktemp("uci697") / "p")), folder)


@pytest.fixture(scope="module")
def project(ingested: tuple[Project, IntakeReport]) -> Project:
    return ingested[0]


@pytest.fixture
def wide(realdata: Path) -> pd.DataFrame:
    """The file as somebody else's reader has it."""
    return pd.read_csv(realdata / "data.csv", sep=";", encoding="utf-8-sig").rename(columns=str.strip)


def measured(project: Project, name: str) -> Diagnosis:
    return diagnose(project, get_diagnostic(project, name), TRAINING)


def test_every_row_and_cell_of_a_file_with_mark_semicolons_and_crlf(
    realdata: Path, ingested: tuple[Project, IntakeReport], wide: pd.DataFrame
) -> None:
    head = (realdata / "data.csv").read_bytes()[:3]
    assert head == b"\xef\xbb\xbf"
    assert {(s.rows_read, s.rows_loaded) for s in ingested[1].sources} == {(4424, 4424), (8848, 8848)}
    store = open_store(ingested[0], "train")
    assert not any(s.quarantined for s in ingested[1].sources)
    for column, code in (("Admission grade", "admission_grade"), ("Curricular units 2nd sem (grade)", "second_grade"), ("GDP", "gdp")):
        values = np.sort(store.read_part(0, indicators=[code]).value)
        np.testing.assert_allclose(values, np.sort(wide[column].to_numpy()), rtol=1e-6)


def test_the_outcome_has_the_files_rate(project: Project, wide: pd.DataFrame) -> None:
    records = open_store(project, "train").read_part(0, indicators=["target"])
    assert (records.value == 1).sum() == (wide["Target"] == "Dropout").sum() == 1421


@pytest.mark.requirement("R-14")
@pytest.mark.parametrize(
    ("stage", "seen"), [("enrolment", (0, 0, 0)), ("after_first_semester", (4424, 0, 0)), ("after_second_semester", (4424, 4424, 4424))]
)
def test_a_semester_is_seen_when_it_is_over(realdata: Path, project: Project, stage: str, seen: tuple[int, ...]) -> None:
    _, table = build_stage_table(project, "train", project.stages[stage], on=NOW.date())
    filled = (~np.isnan(table.matrix(list(SEMESTERS)))).sum(axis=0)
    assert tuple(filled.tolist()) == seen
    assert not np.isnan(table.matrix(["admission_grade.last@ever"])).any()


def test_the_honest_figures_rise_with_what_is_known(realdata: Path, project: Project) -> None:
    figures = [measured(project, name).figures["auc"].estimate for name in ("at_enrolment", "after_first", "after_second")]
    assert figures == pytest.approx([0.770, 0.884, 0.923], abs=0.008)


@pytest.mark.requirement("R-14")
def test_at_enrolment_the_figure_is_that_of_the_enrolment_columns_alone(project: Project, wide: pd.DataFrame) -> None:
    """Plain LightGBM on the file's own columns: with the semesters' in, the figure nobody could have had is fifteen hundredths higher."""
    catalogue = project.catalogue.sources
    label = (wide["Target"] == "Dropout").to_numpy().astype(int)
    at_enrolment, all_columns = (
        plain_auc(wide[[column for name in names for column in catalogue[name].columns]], label)
        for names in (("at_enrolment",), ("at_enrolment", "first_semester", "second_semester"))
    )
    honest = measured(project, "at_enrolment").figures["auc"].estimate
    assert honest == pytest.approx(at_enrolment, abs=0.01)
    assert all_columns - honest > 0.14


def plain_auc(columns: pd.DataFrame, label: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    score = np.zeros(len(label))
    settings = {"n_estimators": 150, "learning_rate": 0.05, "num_leaves": 8, "colsample_bytree": 0.5, "min_child_samples": 40}
    for fit, test in KFold(5, shuffle=True, random_state=1).split(columns):
        model = lightgbm.LGBMClassifier(**settings, n_jobs=1, verbose=-1, random_state=1)
        model.fit(columns.iloc[fit].to_numpy(), label[fit])
        score[test] = np.asarray(model.predict_proba(columns.iloc[test].to_numpy()))[:, 1]
    return float(roc_auc_score(label, score))


@pytest.mark.requirement("R-14")
def test_a_semester_without_a_day_is_refused(tmp_path: Path, realdata: Path) -> None:
    root = Path(shutil.copytree(PROJECT, tmp_path / "p"))
    path = root / "queries" / "first_semester.sql"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(", DATE '2019-01-31' AS known_on", ""), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text
    with pytest.raises(IntakeError, match="TID302") as caught:
        ingest_copy(root, realdata)
    assert "what nobody knew yet: a leak" in str(caught.value)


def test_one_intake_has_no_forward_split(realdata: Path, project: Project) -> None:
    with pytest.raises(DataError, match="TID442"):
        train(project, TRAINING, stages=["enrolment"], outcomes=["dropout"])
