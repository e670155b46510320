from __future__ import annotations

import warnings

import lightgbm
import numpy as np
import pytest

from features.errors import ModelError
from models.trees import explainer as module
from models.trees.explainer import TreeExplainer
from tests.support.trees import NAN, Leaf, Split, chain, exact_values, model_text

N_FEATURES = 8


def people(n: int, seed: int) -> np.ndarray:
    """Values with gaps, many of them zero or equal, and some far out."""
    random = np.random.default_rng(seed)
    matrix = np.round(random.normal(size=(n, N_FEATURES)), 1)
    matrix[random.random(matrix.shape) < 0.15] = np.nan
    matrix[:, 3] = random.integers(0, 3, n)
    matrix[:, 4] *= 1e6
    return matrix


def trained(seed: int = 1, *, rounds: int = 40, **parameters: object) -> lightgbm.Booster:
    matrix = people(1_500, seed)
    z = np.nan_to_num(matrix[:, 0]) - np.nan_to_num(matrix[:, 1]) * (matrix[:, 3] == 1)
    label = (z + np.random.default_rng(seed).normal(size=len(z)) > 0.5).astype(float)
    asked = {"objective": "binary", "num_leaves": 24, "min_data_in_leaf": 5, "num_threads": 1, "verbosity": -1, "seed": 1, **parameters}
    return lightgbm.train(asked, lightgbm.Dataset(matrix, label, params=asked), rounds)


@pytest.fixture(scope="module")
def booster() -> lightgbm.Booster:
    return trained()


@pytest.fixture(scope="module")
def built(booster: lightgbm.Booster) -> TreeExplainer:
    return TreeExplainer.build(booster.model_to_string())


def shap_values(booster: lightgbm.Booster, matrix: np.ndarray) -> tuple[np.ndarray, float]:
    import shap

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="LightGBM binary classifier with TreeExplainer", category=UserWarning)
        theirs = shap.TreeExplainer(booster)
        return np.asarray(theirs.shap_values(matrix)), float(np.ravel(theirs.expected_value)[-1])


@pytest.mark.requirement("R-19")
@pytest.mark.filterwarnings("ignore:The set_(bad|over|under) function:PendingDeprecationWarning")
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"use_missing": False},
        {"zero_as_missing": True},
        {"num_leaves": 2},
        {"num_leaves": 120, "min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 0.0},
        {"boosting": "dart", "bagging_fraction": 0.6, "bagging_freq": 1, "feature_fraction": 0.5},
        {"monotone_constraints": [1, -1, 0, 0, 0, 0, 0, 0], "max_bin": 1000},
    ],
    ids=str,
)
@pytest.mark.parametrize("most_numbers", [0, 64, 2**13])
def test_contributions_are_the_shap_packages_and_log_odds_lightgbms(parameters: dict[str, object], most_numbers: int) -> None:
    booster, matrix = trained(**parameters), people(300, seed=9)
    ours = TreeExplainer.build(booster.model_to_string(), most_numbers=most_numbers)
    theirs, base = shap_values(booster, matrix)
    explained = ours.explain(matrix)
    assert np.abs(explained.phi - theirs).max() < 1e-12
    assert ours.base == pytest.approx(base, abs=1e-12)
    assert np.array_equal(explained.log_odds, booster.predict(matrix, raw_score=True))


@pytest.mark.parametrize("most_numbers", [0, 2**8, 2**13, 2**20])
def test_deep_leaves_with_many_features_stay_exact(most_numbers: int) -> None:
    n = 24
    tree = chain(np.random.default_rng(1).normal(size=n + 4).tolist(), [*range(n), 3, 7, 3])
    booster = lightgbm.Booster(model_str=model_text([tree], n_features=n))
    ours = TreeExplainer.build(booster.model_to_string(), most_numbers=most_numbers)
    matrix = np.random.default_rng(2).normal(1.0, 1.0, size=(200, n))
    explained, theirs = ours.explain(matrix), np.asarray(booster.predict(matrix, pred_contrib=True))
    exact = np.array([exact_values(tree, row) for row in matrix[:2]], dtype=np.float64)
    assert np.abs(explained.phi[:2] - exact).max() < 1e-15
    assert np.abs(explained.phi - theirs[:, :-1]).max() < 1e-9, "LightGBM's own way loses five digits at this depth, ours none"
    assert ours.base == pytest.approx(theirs[0, -1], abs=1e-12)
    assert np.array_equal(explained.log_odds, booster.predict(matrix, raw_score=True))


def test_no_bit_depends_on_threads_blocks_or_company(built: TreeExplainer, monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = people(2_000, seed=5)
    phi, log_odds = built.contributions(matrix), built.log_odds(matrix)
    monkeypatch.setattr(module, "BLOCK_BYTES", 1)
    for workers in (1, 3):
        assert np.array_equal(built.contributions(matrix, workers=workers), phi)
        assert np.array_equal(built.log_odds(matrix[::-1], workers=workers), log_odds[::-1])
    for row in (0, 7, 1_999):
        assert np.array_equal(built.contributions(matrix[row : row + 1])[0], phi[row])
        assert built.log_odds(matrix[row : row + 1])[0] == log_odds[row]


def test_building_again_gives_the_same_bits(booster: lightgbm.Booster, built: TreeExplainer) -> None:
    again = TreeExplainer.build(booster.model_to_string())
    assert np.array_equal(again.numbers, built.numbers)
    assert again.base == built.base


def test_single_precision_counts_as_the_doubles_it_stands_for(built: TreeExplainer) -> None:
    single = people(200, seed=6).astype(np.float32)
    assert np.array_equal(built.contributions(single), built.contributions(single.astype(np.float64)))
    assert np.array_equal(built.contributions(np.asfortranarray(single)), built.contributions(single))


def test_no_rows_give_no_reasons(built: TreeExplainer) -> None:
    explained = built.explain(np.empty((0, N_FEATURES)))
    assert (explained.phi.shape, explained.log_odds.shape) == ((0, N_FEATURES), (0,))


def test_features_that_no_split_asks_for_add_nothing() -> None:
    tree = Split(2, 0.5, NAN, True, Leaf(-1.0, 30), Leaf(2.0, 10))
    explainer = TreeExplainer.build(model_text([tree], n_features=5))
    assert explainer.contributions(np.ones((1, 5))).tolist() == [[0.0, 0.0, 2.25, 0.0, 0.0]]


def test_a_model_of_leaves_alone_is_its_base() -> None:
    explainer = TreeExplainer.build(model_text([Leaf(0.5, 60), Leaf(-0.25, 60)], n_features=2))
    explained = explainer.explain(np.ones((3, 2)))
    assert explainer.base == 0.25
    assert (explained.log_odds.tolist(), explained.phi.tolist()) == ([0.25] * 3, [[0.0, 0.0]] * 3)


def test_tables_keep_within_the_memory_given(booster: lightgbm.Booster, built: TreeExplainer) -> None:
    matrix, most = people(100, seed=7), built.table_bytes // 3
    small = TreeExplainer.build(booster.model_to_string(), most_bytes=most)
    none = TreeExplainer.build(booster.model_to_string(), most_bytes=0)
    assert most / 4 < small.table_bytes <= most
    assert none.table_bytes == 0
    for other in (small, none):
        assert np.abs(other.contributions(matrix) - built.contributions(matrix)).max() < 1e-12
        assert np.array_equal(other.log_odds(matrix), built.log_odds(matrix))


def test_other_columns_are_refused(built: TreeExplainer) -> None:
    with pytest.raises(ModelError, match="expected \\(rows, 8\\)") as refused:
        built.contributions(np.ones((2, 7)))
    assert refused.value.code == "TID536"
