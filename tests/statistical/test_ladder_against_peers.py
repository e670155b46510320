"""Rungs and metrics against the packages that the field trusts, and against planted truth."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import sklearn.metrics
from scipy.special import expit, logit

from models import metrics
from models.calibration import PlattCalibrator
from models.intervals import with_interval
from models.resampling import resample
from models.rungs.boosted import BoostedRung
from models.rungs.logistic import LogisticRung
from models.rungs.ranks import ranked
from models.rungs.rung import FitSettings
from tests.support.bundles import NAMES, SETTINGS, planted_people


@pytest.fixture(scope="module")
def trees() -> BoostedRung:
    matrix, label = planted_people(2_000, seed=1)
    return BoostedRung.fit(matrix, label, feature_names=NAMES, settings=SETTINGS)


@pytest.mark.requirement("R-19")
@pytest.mark.filterwarnings("ignore:LightGBM binary classifier with TreeExplainer:UserWarning")
@pytest.mark.filterwarnings("ignore:The set_(bad|over|under) function:PendingDeprecationWarning")
def test_tree_contributions_equal_shap_before_rescaling(trees: BoostedRung) -> None:
    import shap

    people, _ = planted_people(400, seed=5)
    never_missing = ~np.isnan(trees.median_if_never_missing)
    assert not np.isnan(people[:, never_missing]).any()
    explainer = shap.TreeExplainer(trees.booster)
    theirs = np.asarray(explainer.shap_values(people.astype(np.float64)))
    assert theirs.shape == trees.contributions(people).shape
    assert np.abs(trees.contributions(people) - theirs).max() < 1e-9
    assert float(np.ravel(explainer.expected_value)[-1]) == pytest.approx(trees.base_log_odds, abs=1e-9)


def test_declared_directions_hold_for_every_person(trees: BoostedRung) -> None:
    people, _ = planted_people(300, seed=6)
    for name, sign in SETTINGS.directions.items():
        more = people.copy()
        column = NAMES.index(name)
        more[:, column] += 5
        known = ~np.isnan(people[:, column])
        assert (sign * (trees.log_odds(more) - trees.log_odds(people))[known] >= -1e-12).all()


def test_a_line_keeps_to_declared_directions_and_is_the_best_that_does() -> None:
    rng = np.random.default_rng(8)
    truth = rng.normal(size=(4000, 1))
    people = np.hstack([truth + 0.1 * rng.normal(size=(4000, 3)), rng.normal(size=(4000, 1))])
    label = (rng.random(4000) < 1 / (1 + np.exp(-(truth[:, 0] - 0.5 * people[:, 3])))).astype(np.float64)
    names, directions = ("a", "b", "c", "d"), {"a": 1, "b": -1, "c": 1, "d": 1}
    free = LogisticRung.fit(people, label, feature_names=names, settings=FitSettings(seed=1))
    held = LogisticRung.fit(people, label, feature_names=names, settings=FitSettings(seed=1, directions=directions))
    assert free.coefficient[1] > 0 > free.coefficient[3], "both point against their declared direction when free"
    assert held.coefficient[[1, 3]].tolist() == [0.0, 0.0]
    assert (held.coefficient[[0, 2]] > 0).all()
    places = ranked(held.ranks, people)
    spread = places.std(axis=0)

    def loss(coefficient: np.ndarray) -> float:
        z = held.base_log_odds + (places - held.mean) @ coefficient
        penalty = 0.5 / held.strength * float(((coefficient * spread) ** 2).sum())
        return float(np.logaddexp(0, -np.where(label == 1, z, -z)).sum()) + penalty

    best = loss(held.coefficient)
    for column, step in [(0, 0.05), (0, -0.05), (1, -0.05), (2, 0.05), (2, -0.05), (3, 0.05)]:
        nearby = held.coefficient.copy()
        nearby[column] += step
        assert loss(nearby) > best, "a coefficient on its declared side does better"


def test_a_gap_where_training_had_none_counts_as_the_median(trees: BoostedRung) -> None:
    people, _ = planted_people(50, seed=7)
    absence = NAMES.index("edu_absence_days.sum@365d")
    gap, median = people.copy(), people.copy()
    gap[:, absence], median[:, absence] = np.nan, trees.median_if_never_missing[absence]
    assert np.array_equal(trees.log_odds(gap), trees.log_odds(median))


def test_the_model_does_not_depend_on_threads() -> None:
    from dataclasses import replace

    matrix, label = planted_people(1_000, seed=1)
    few = replace(SETTINGS, boosted={"num_boost_round": 5})
    one, two = (BoostedRung.fit(matrix, label, feature_names=NAMES, settings=replace(few, num_threads=threads)) for threads in (1, 2))
    assert np.array_equal(one.log_odds(matrix), two.log_odds(matrix))


def test_the_line_recovers_planted_effects_of_ranks_whatever_the_tails() -> None:
    rng = np.random.default_rng(8)
    place = rng.random((20_000, 3))
    values = np.stack([np.exp(8 * place[:, 0]), -1 / (place[:, 1] + 1e-3), place[:, 2]], axis=1)
    label = (rng.random(len(place)) < expit(-1 + 2.0 * place[:, 0] - 1.0 * place[:, 1])).astype(np.float64)
    rung = LogisticRung.fit(values, label, feature_names=("long", "longer", "nothing"), settings=FitSettings(seed=1))
    assert rung.coefficient == pytest.approx([2.0, -1.0, 0.0], abs=0.2)
    beyond = np.array([[1e12, -1e12, 0.5], [np.exp(8.0), -1e3, 0.5]])
    assert np.ptp(rung.log_odds(beyond)) < 0.05, "nobody's value, however far out, is stretched beyond the highest rank"


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.6, -0.4), (1.7, 0.8)])
def test_the_calibrator_recovers_a_planted_line(slope: float, intercept: float) -> None:
    random = np.random.default_rng(4)
    z = random.normal(-1, 1.2, 20_000)
    label = (random.random(len(z)) < expit(slope * z + intercept)).astype(float)
    fitted = PlattCalibrator.fit(z, label)
    assert fitted.slope_a == pytest.approx(slope, abs=0.06)
    assert fitted.intercept_b == pytest.approx(intercept, abs=0.08)
    served = expit(fitted.log_odds(z))
    assert metrics.calibration_slope(label, served) == pytest.approx(1.0, abs=1e-3)
    assert metrics.observed_expected(label, served) == pytest.approx(1.0, abs=1e-3)


def test_a_flat_score_is_not_stretched_by_noise() -> None:
    random = np.random.default_rng(5)
    fitted = PlattCalibrator.fit(random.normal(-1, 1e-3, 2_000), (random.random(2_000) < 0.3).astype(float))
    assert fitted.slope_a == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("decimals", [1, 3])
def test_ranking_metrics_equal_scikit_learn_with_ties_and_weights(decimals: int) -> None:
    random = np.random.default_rng(6)
    label = (random.random(2_000) < 0.2).astype(float)
    score = np.round(random.normal(label, 1.0), decimals)
    weight = random.integers(0, 4, len(label)).astype(float)
    for w in (None, weight):
        assert metrics.auc(label, score, w) == pytest.approx(sklearn.metrics.roc_auc_score(label, score, sample_weight=w), abs=1e-12)
        theirs = sklearn.metrics.average_precision_score(label, score, sample_weight=w)
        assert metrics.average_precision(label, score, w) == pytest.approx(theirs, abs=1e-12)


def test_probability_metrics_equal_scikit_learn() -> None:
    random = np.random.default_rng(7)
    probability = random.beta(2, 6, 2_000)
    label = (random.random(2_000) < probability).astype(float)
    weight = random.integers(0, 4, len(label)).astype(float)
    for w in (None, weight):
        assert metrics.brier(label, probability, w) == pytest.approx(
            sklearn.metrics.brier_score_loss(label, probability, sample_weight=w), abs=1e-12
        )
        assert metrics.log_loss(label, probability, w) == pytest.approx(
            sklearn.metrics.log_loss(label, probability, sample_weight=w), abs=1e-12
        )
    line = sklearn.linear_model.LogisticRegression(C=np.inf, tol=1e-12, max_iter=1_000).fit(logit(probability)[:, None], label)
    assert metrics.calibration_slope(label, probability) == pytest.approx(line.coef_[0, 0], abs=1e-5)


def test_precision_at_share_is_the_mean_over_random_orders_of_ties() -> None:
    random = np.random.default_rng(8)
    label = (random.random(60) < 0.3).astype(float)
    score = np.round(random.normal(size=60), 0)
    drawn = [label[np.lexsort((random.random(60), -score))[:15]].mean() for _ in range(4_000)]
    assert metrics.precision_at_share(label, score, share=0.25) == pytest.approx(np.mean(drawn), abs=0.01)
    assert metrics.recall_at_share(label, score, share=0.25) == pytest.approx(np.mean(drawn) * 15 / label.sum(), abs=0.01)


def test_weights_count_rows_as_repeated() -> None:
    random = np.random.default_rng(9)
    label, score = (random.random(200) < 0.4).astype(float), np.round(random.random(200), 2)
    weight = random.integers(0, 3, 200)
    again = np.repeat(np.arange(200), weight)
    for metric in (
        metrics.auc,
        metrics.average_precision,
        metrics.brier,
        metrics.log_loss,
        metrics.observed_expected,
        metrics.calibration_slope,
        metrics.calibration_intercept,
        partial(metrics.precision_at_share, share=0.15),
        partial(metrics.recall_at_share, share=0.15),
        partial(metrics.net_benefit, threshold=0.3),
    ):
        assert metric(label, score, weight.astype(float)) == pytest.approx(metric(label[again], score[again]), abs=1e-6)


def test_intervals_cover_the_truth_when_people_repeat() -> None:
    truth, covered = 0.3, 0
    for seed in range(150):
        random = np.random.default_rng(seed)
        people = np.repeat(np.arange(120), 4)
        rate = np.clip(random.normal(truth, 0.2, 120), 0, 1)[people]
        label = (random.random(len(people)) < rate).astype(float)
        interval = with_interval(metrics.prevalence, label, label, groups=people, seed=seed, n_resamples=200)
        covered += interval.low <= truth <= interval.high
    assert covered >= 0.90 * 150


def test_a_gain_has_an_interval_on_the_same_people() -> None:
    random = np.random.default_rng(10)
    label = (random.random(3_000) < 0.2).astype(float)
    good, noise = label + random.normal(0, 1, 3_000), random.normal(0, 1, 3_000)
    people = np.arange(3_000, dtype=np.int32)
    drawn = resample(label, {"good": good, "same": good, "noise": noise}, groups=people, share=0.1, seed=1, n_resamples=200)
    gain, nothing = drawn.gain("good", "noise", "auc"), drawn.gain("good", "same", "auc")
    assert gain.low > 0.15
    assert (nothing.low, nothing.estimate, nothing.high) == (0.0, 0.0, 0.0)


def test_one_class_only_is_nan_never_a_number() -> None:
    label, score = np.ones(10), np.linspace(0.1, 0.9, 10)
    for metric in (metrics.auc, metrics.calibration_slope, metrics.calibration_intercept):
        assert np.isnan(metric(label, score))
    interval = with_interval(metrics.auc, label, score, seed=1, n_resamples=20)
    assert np.isnan([interval.estimate, interval.low, interval.high]).all()
