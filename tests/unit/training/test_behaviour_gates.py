"""Gates on behaviour: each is shown a rung that behaves, and one that does not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from features.declarations.expectations import Pair
from features.declarations.project import Project, load_project
from features.findings import Finding
from models.calibration import IdentityCalibrator
from models.reference import fit_reference
from models.rungs.boosted import BoostedRung
from models.rungs.logistic import LogisticRung
from models.rungs.rung import FitSettings
from tests.support.examined_experiments import planted_examined
from tests.support.projects import tiny_project
from tests.support.training_tables import PREDICTORS, planted_table
from training.gates.asked_of_pictures import ask_directions, ask_missing, ask_pictures
from training.gates.behaviour import age_gate, direction_gate, missing_gate
from training.gates.pictures import AskedRung, picture_gate, typical_row, with_values

TABLE = planted_table(200)
MATRIX = TABLE.columns(PREDICTORS, np.ones(len(TABLE.label), dtype=np.bool_))
DIRECTIONS = {"edu_absence_days.sum@365d": 1, "edu_grade_mean.last@ever": -1}
ABSENCE, MARKS = 0, 1
MILD, GRAVE = {"edu_absence_days.sum@365d": 2.0}, {"edu_absence_days.sum@365d": 40.0}


@dataclass(frozen=True)
class Line:
    """A line on raw values, with a number for what is missing: as right or wrong as a test wants it."""

    weights: tuple[float, ...]
    missing: tuple[float, ...] = (0.0, 0.0, 0.0)
    feature_names = PREDICTORS
    name = "line"
    base_log_odds = 0.0

    def log_odds(self, matrix: np.ndarray) -> np.ndarray:
        return self.contributions(matrix).sum(axis=1)

    def contributions(self, matrix: np.ndarray) -> np.ndarray:
        gaps = np.isnan(matrix)
        return np.where(gaps, self.missing, np.where(gaps, 0.0, matrix) * self.weights)

    def save(self, folder: Path) -> None:
        raise NotImplementedError

    @classmethod
    def load(cls, folder: Path) -> Line:
        raise NotImplementedError


def asked(rung: object) -> AskedRung:
    return AskedRung(rung, IdentityCalibrator(), MATRIX)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return load_project(tiny_project(tmp_path_factory.mktemp("tiny")))


def ask_order(rung: object, *pairs: Pair) -> Finding:
    typical = typical_row(PREDICTORS, MATRIX)
    rows = {"mild": with_values(PREDICTORS, typical, MILD), "grave": with_values(PREDICTORS, typical, GRAVE)}
    return picture_gate(asked(rung), rows, pairs, suite="f" * 64)


def test_a_graver_picture_that_ranks_below_is_named() -> None:
    pair = Pair("grave", "mild")
    assert ask_order(Line((0.1, -0.1, 0.0)), pair).verdict == "PASSED"
    failed = ask_order(Line((-0.1, -0.1, 0.0)), pair)
    assert (failed.verdict, failed.evidence["failed"], failed.evidence["n_failed"]) == ("FAILED", "grave > mild", 1)
    assert ask_order(Line((0.0, -0.1, 0.0)), pair).evidence["n_equal"] == 1
    assert ask_order(Line((0.1, -0.1, 0.0))).verdict == "NOT_APPLICABLE"


def test_more_of_a_harm_that_lowers_fails_on_whatever_rung() -> None:
    good, bad = Line((0.1, -0.1, 0.5)), Line((0.1, 0.1, 0.5))
    rows = {"good": MATRIX[:30].astype(np.float64), "bad": MATRIX[:30].astype(np.float64)}
    assert direction_gate({"good": asked(good)}, rows, DIRECTIONS).verdict == "PASSED"
    failed = direction_gate({"good": asked(good), "bad": asked(bad)}, rows, DIRECTIONS)
    assert (failed.verdict, failed.evidence["failed_bad"]) == ("FAILED", "edu_grade_mean.last@ever")
    assert "failed_good" not in failed.evidence
    assert direction_gate({"good": asked(good)}, rows, {}).verdict == "NOT_APPLICABLE"


@pytest.mark.parametrize("rung_class", [LogisticRung, BoostedRung])
def test_fitted_rungs_hold_the_declared_directions(rung_class: type[LogisticRung] | type[BoostedRung]) -> None:
    rung = rung_class.fit(MATRIX, TABLE.label, feature_names=PREDICTORS, settings=FitSettings(seed=1, directions=DIRECTIONS))
    assert direction_gate({"fitted": asked(rung)}, {"fitted": MATRIX[:60].astype(np.float64)}, DIRECTIONS).verdict == "PASSED"


def ask_gap(rung: object, project: Project, *, confidential: bool = False) -> Finding:
    catalogue = project.catalogue
    if confidential:
        sectors = tuple(
            sector.model_copy(update={"indicator": tuple(i.model_copy(update={"confidential": True}) for i in sector.indicator)})
            for sector in catalogue.sectors
        )
        catalogue = replace(catalogue, sectors=sectors)
    rows = MATRIX[:30].astype(np.float64)
    return missing_gate(asked(rung), rows, DIRECTIONS, catalogue=catalogue, reference=fit_reference(MATRIX, PREDICTORS))


@pytest.mark.requirement("R-19")
def test_a_gap_below_the_mildest_value_is_told_or_fails(project: Project) -> None:
    """With marks of 60 at their best, 0.1 × 60 is the least that known marks can take away."""
    fair, lowering = Line((0.1, -0.1, 0.0), missing=(0.0, -4.0, 0.0)), Line((0.1, -0.1, 0.0), missing=(0.0, -40.0, 0.0))
    assert ask_gap(fair, project).evidence["n_below_the_mildest"] == 0
    told = ask_gap(lowering, project)
    assert (told.verdict, told.evidence["below_the_mildest"], told.evidence["silent"]) == ("PASSED", "edu_grade_mean.last@ever", "")


@pytest.mark.requirement("R-06")
def test_a_gap_that_may_not_be_told_may_not_lower_either(project: Project) -> None:
    lowering = Line((0.1, -0.1, 0.0), missing=(0.0, -40.0, 0.0))
    finding = ask_gap(lowering, project, confidential=True)
    assert (finding.verdict, finding.evidence["silent"]) == ("FAILED", "edu_grade_mean.last@ever")


def test_the_line_never_takes_a_gap_for_milder_than_the_best_known_marks(project: Project) -> None:
    """People without marks who do well, as planted here, may not make the gap a merit."""
    random = np.random.default_rng(2)
    marks = random.normal(42, 8, 2_000)
    label = (random.random(2_000) < 1 / (1 + np.exp(0.15 * (marks - 42) + 1.0))).astype(np.float64)
    unknown = random.random(2_000) < 0.2
    label[unknown] = random.random(int(unknown.sum())) < 0.005
    matrix = np.column_stack([np.full(2_000, 3.0), np.where(unknown, np.nan, marks), random.normal(0, 1, 2_000)]).astype(np.float32)
    for directions, is_milder in (({}, True), (DIRECTIONS, False)):
        rung = LogisticRung.fit(matrix, label, feature_names=PREDICTORS, settings=FitSettings(seed=1, directions=directions))
        best, gap = np.array([[3.0, 70.0, 0.0], [3.0, np.nan, 0.0]])
        assert (rung.log_odds(gap[None])[0] < rung.log_odds(best[None])[0] - 1e-9) == is_milder


@pytest.mark.requirement("R-16")
def test_a_feature_that_is_age_by_another_name_is_found() -> None:
    random = np.random.default_rng(4)
    age = random.uniform(15.5, 16.5, 400)
    noise = random.normal(0, 1, 400)
    hidden = np.column_stack([noise, 2010 - np.floor(10 * age), age * 365 + random.normal(0, 5, 400)]).astype(np.float32)
    found = age_gate(PREDICTORS, hidden, age)
    assert (found.verdict, found.evidence["features"]) == ("FAILED", "edu_grade_mean.last@ever, nav_low_income_hh.last@ever")
    assert age_gate(PREDICTORS[:1], hidden[:, :1], age).verdict == "PASSED"
    assert age_gate(PREDICTORS, hidden, np.full(400, 16.0)).verdict == "NOT_APPLICABLE"
    assert age_gate(PREDICTORS, hidden, np.full(400, np.nan)).verdict == "NOT_APPLICABLE"


@pytest.mark.requirement("R-16")
def test_the_same_records_at_two_ages_make_the_same_picture(project: Project) -> None:
    """The engine is never told when anybody was born, so that only a stage's model can tell two ages apart."""
    from datetime import date

    from features.engine.kernel import Rows, feature_matrix
    from features.records import day_number
    from features.tables import levels_of, stage_specs
    from tests.support.memory_store import store_of

    told = [(person, "edu_absence_days", 4.0, date(2021, 3, 1), date(2021, 3, 2)) for person in (0, 1)]
    born = {0: date(2004, 1, 1), 1: date(2006, 12, 31)}
    store = store_of(told, indicators=tuple(project.catalogue.indicators), n_persons=2, born_on=born)
    rows = Rows(np.array([0, 1], dtype=np.int32), np.full(2, day_number(date(2021, 6, 15)), dtype=np.int32))
    built = feature_matrix(store.read_part(0), rows, stage_specs(project), indicators=store.indicators, levels=levels_of(project))
    assert np.array_equal(built[0], built[1], equal_nan=True)


def test_the_questions_are_put_to_a_whole_experiment(tmp_path: Path) -> None:
    examined = planted_examined(tmp_path)
    label = 'label = { nb = "a", nn = "a", en = "a" }'
    (examined.project.root / "expectations.toml").write_text(
        f'[[picture]]\nname = "there"\n{label}\n[picture.values]\n"edu_absence_days.sum@365d" = 1\n'
        f'[[picture]]\nname = "away"\n{label}\ngraver_than = ["there"]\n[picture.values]\n"edu_absence_days.sum@365d" = 50\n',
        encoding="utf-8",
    )
    (order,), (direction,), (missing,) = ask_pictures(examined), ask_directions(examined), ask_missing(examined)
    assert (order.verdict, order.evidence["n_pairs"], order.evidence["n_equal"]) == ("PASSED", 1, 0)
    assert direction.verdict == "PASSED"
    assert direction.evidence["n_rungs"] == 4, "all but the area, which is given no feature with a direction"
    assert missing.verdict == "PASSED"
    assert missing.evidence["n_rows"] == 62, "60 test rows and two pictures"
