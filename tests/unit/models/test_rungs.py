"""What each rung learns, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from features.errors import DataError, ModelError
from models.rungs.area import AreaRung
from models.rungs.boosted import BoostedRung
from models.rungs.boosting import check_boosted
from models.rungs.ladder import LADDER, RungClass, get_rung
from models.rungs.logistic import LogisticRung
from models.rungs.prevalence import PrevalenceRung
from models.rungs.rules import Rule, RulesRung
from models.rungs.rung import FitSettings, Rung
from tests.support.bundles import NAMES, SETTINGS, planted_people

AREA = NAMES.index("municipality.last@ever")
ABSENCE = NAMES.index("edu_absence_days.sum@365d")
MARKS = NAMES.index("edu_marks.last@ever")


@pytest.mark.parametrize("rung_class", LADDER, ids=lambda rung: rung.name)
def test_every_rung_keeps_the_interface(rung_class: RungClass) -> None:
    matrix, label = planted_people(300, seed=1)
    rung = rung_class.fit(matrix, label, feature_names=NAMES, settings=SETTINGS)
    assert isinstance(rung, Rung)
    assert rung.log_odds(matrix).dtype == rung.contributions(matrix).dtype == np.float64
    assert rung.contributions(matrix[:0]).shape == (0, len(NAMES))
    assert rung.log_odds(matrix[:0]).shape == (0,)
    assert get_rung(rung.name) is rung_class


@pytest.mark.parametrize("rung_class", LADDER, ids=lambda rung: rung.name)
@pytest.mark.parametrize("label", [np.zeros(50), np.ones(50), np.full(50, np.nan), np.zeros(49)], ids=["zeros", "ones", "unknown", "short"])
def test_labels_that_teach_nothing_are_refused(rung_class: RungClass, label: np.ndarray) -> None:
    matrix, _ = planted_people(50, seed=1)
    with pytest.raises(DataError, match="TID401"):
        rung_class.fit(matrix, label, feature_names=NAMES, settings=SETTINGS)


def test_prevalence_is_the_same_for_all() -> None:
    matrix, label = planted_people(300, seed=1)
    rung = PrevalenceRung.fit(matrix, label, feature_names=NAMES, settings=SETTINGS)
    assert expit(rung.log_odds(matrix)) == pytest.approx(np.full(300, label.mean()))


def test_small_areas_are_drawn_to_the_overall_rate_and_tiny_ones_get_it() -> None:
    area = np.repeat([1.0, 2.0, 3.0, 4.0], [400, 400, 20, 4])
    label = np.concatenate([np.arange(400) < 80, np.arange(400) < 240, np.arange(20) < 20, np.ones(4)]).astype(float)
    rung = AreaRung.fit(
        area[:, None], label, feature_names=("area.last@ever",), settings=FitSettings(seed=1, area_feature="area.last@ever")
    )
    rate = expit(rung.log_odds(np.array([[1.0], [2.0], [3.0], [4.0], [99.0], [np.nan], [-1.0]])))
    overall = label.mean()
    assert rate[0] == pytest.approx(0.2, abs=0.01)
    assert rate[1] == pytest.approx(0.6, abs=0.01)
    assert overall < rate[2] < 1.0
    assert rate[3:] == pytest.approx(np.full(4, overall))


@pytest.mark.requirement("R-09")
def test_an_area_of_fewer_than_five_rows_is_not_in_the_model() -> None:
    area = np.repeat([1.0, 2.0], [100, 4])
    label = np.tile([0.0, 1.0], 52)
    rung = AreaRung.fit(area[:, None], label, feature_names=("a.last",), settings=FitSettings(seed=1, area_feature="a.last"))
    assert rung.areas.tolist() == [1.0]


@pytest.mark.parametrize("area_feature", [None, "school.last@ever"])
def test_the_area_rung_needs_its_column(area_feature: str | None) -> None:
    matrix, label = planted_people(50, seed=1)
    with pytest.raises(DataError, match="TID401"):
        AreaRung.fit(matrix, label, feature_names=NAMES, settings=replace(SETTINGS, area_feature=area_feature))


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("x >= 2", [False, True, True, False]),
        ("x > 2", [False, False, True, False]),
        ("x <= 2", [True, True, False, False]),
        ("x < 2", [True, False, False, False]),
    ],
)
def test_a_rule_compares_and_a_gap_never_meets_it(text: str, met: list[bool]) -> None:
    assert Rule.parse("r", text).is_met(np.array([1.0, 2.0, 3.0, np.nan])).tolist() == met


def test_a_rule_may_name_one_level_of_a_category() -> None:
    assert Rule.parse("r", "edu_programme.last@ever=vocational >= 1").feature == "edu_programme.last@ever=vocational"


@pytest.mark.parametrize("text", ["x", "x = 2", "x >= two", ">= 2", "x>=2", "x >= 2 or y >= 3", ""])
def test_a_rule_that_reads_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match="TID508"):
        Rule.parse("r", text)


def test_more_points_never_mean_less_and_met_rules_share_alike() -> None:
    matrix, label = planted_people(2_000, seed=1)
    rung = RulesRung.fit(matrix, label, feature_names=NAMES, settings=SETTINGS)
    assert (np.diff(rung.by_points) >= 0).all()
    row = np.full((1, len(NAMES)), np.nan)
    assert rung.contributions(row).tolist() == np.zeros((1, len(NAMES))).tolist()
    row[0, [ABSENCE, MARKS]] = 30, 20
    phi = rung.contributions(row)[0]
    assert phi[ABSENCE] == phi[MARKS] == pytest.approx((rung.by_points[2] - rung.by_points[0]) / 2)


def test_rules_need_declared_rules_and_their_columns() -> None:
    matrix, label = planted_people(50, seed=1)
    for rules in ({}, {"r": "unknown.last@ever >= 1"}):
        with pytest.raises(DataError, match="TID401"):
            RulesRung.fit(matrix, label, feature_names=NAMES, settings=replace(SETTINGS, rules=rules))


def test_being_missing_counts_on_the_features_own_reason() -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=(4_000, 1))
    x[random.random(4_000) < 0.3] = np.nan
    label = (random.random(4_000) < expit(np.where(np.isnan(x[:, 0]), 1.5, -1.0))).astype(float)
    rung = LogisticRung.fit(x, label, feature_names=("x.last",), settings=FitSettings(seed=1))
    missing, known = rung.log_odds(np.array([[np.nan], [0.0]]))
    assert missing - known == pytest.approx(2.5, abs=0.25)
    assert rung.contributions(np.array([[np.nan]]))[0, 0] > 1.0


def test_columns_without_any_value_or_any_difference_move_nothing() -> None:
    matrix, label = planted_people(300, seed=1)
    dead = matrix.astype(np.float64)
    dead[:, ABSENCE], dead[:, AREA] = np.nan, 0.1
    rung = LogisticRung.fit(dead, label, feature_names=NAMES, settings=SETTINGS)
    later = dead.copy()
    later[:, ABSENCE], later[:, AREA] = 1e6, 1e6
    assert rung.contributions(later)[:, [ABSENCE, AREA]].tolist() == np.zeros((300, 2)).tolist()


def test_too_few_of_a_class_for_folds_gets_the_strongest_penalty() -> None:
    matrix, label = planted_people(40, seed=1)
    label = np.zeros(40)
    label[0] = 1.0
    rung = LogisticRung.fit(matrix, label, feature_names=NAMES, settings=SETTINGS)
    assert rung.strength == 0.001


@pytest.mark.parametrize("parameter", ["objective", "linear_tree", "monotone_constraints", "seed", "deterministic", "categorical_feature"])
def test_house_parameters_can_not_be_set(parameter: str) -> None:
    matrix, label = planted_people(50, seed=1)
    with pytest.raises(ModelError, match=f"TID508.*{parameter}"):
        BoostedRung.fit(matrix, label, feature_names=NAMES, settings=replace(SETTINGS, boosted={parameter: 1}))


@pytest.mark.requirement("R-09")
@pytest.mark.parametrize("name", ["min_data_in_leaf", "min_child_samples"])
def test_a_leaf_about_fewer_than_five_is_refused(name: str) -> None:
    matrix, label = planted_people(50, seed=1)
    with pytest.raises(ModelError, match=r"TID508.*R-09"):
        BoostedRung.fit(matrix, label, feature_names=NAMES, settings=replace(SETTINGS, boosted={name: 4}))
    larger = BoostedRung.fit(*planted_people(500, seed=1), feature_names=NAMES, settings=replace(SETTINGS, boosted={name: 240}))
    assert "num_leaves=2" in larger.model_text or "num_leaves=1" in larger.model_text
    assert "num_leaves=3" not in larger.model_text


@pytest.mark.requirement("R-09")
def test_a_handful_of_gaps_is_not_learnt_from() -> None:
    matrix, label = planted_people(500, seed=1)
    matrix[:, ABSENCE] = np.arange(500)
    matrix[:4, ABSENCE] = np.nan
    rung = LogisticRung.fit(matrix, label, feature_names=NAMES, settings=SETTINGS)
    assert (rung.missing_share[ABSENCE], rung.missing_coefficient[ABSENCE]) == (0.0, 0.0)
    assert rung.missing_share[MARKS] > 0


@pytest.mark.parametrize("parameters", [{"n_estimators": 9}, {"eta": 0.1, "learning_rate": 0.2}])
def test_other_names_can_not_set_a_parameter_behind_ours(parameters: dict[str, float]) -> None:
    with pytest.raises(ModelError, match="TID508"):
        check_boosted(parameters)


def test_trees_that_find_nothing_say_the_prevalence() -> None:
    label = np.tile([0.0, 0.0, 1.0], 20)
    rung = BoostedRung.fit(np.ones((60, 1)), label, feature_names=("x.last",), settings=FitSettings(seed=1))
    assert rung.log_odds(np.ones((2, 1))) == pytest.approx(np.full(2, logit(1 / 3)), abs=1e-6)
    assert rung.base_log_odds == pytest.approx(logit(1 / 3), abs=1e-6)
    assert rung.contributions(np.ones((2, 1))).tolist() == [[0.0], [0.0]]


def test_rows_of_any_memory_order_score_alike() -> None:
    matrix, label = planted_people(200, seed=1)
    rung = BoostedRung.fit(matrix, label, feature_names=NAMES, settings=SETTINGS)
    for other in (np.asfortranarray(matrix), matrix.astype(np.float64), np.repeat(matrix, 2, axis=0)[::2]):
        assert np.array_equal(rung.log_odds(other), rung.log_odds(matrix))
        assert np.array_equal(rung.contributions(other), rung.contributions(matrix))


def test_an_unknown_rung_is_refused() -> None:
    with pytest.raises(ModelError, match="TID510"):
        get_rung("forest")
