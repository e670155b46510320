from __future__ import annotations

import lightgbm
import numpy as np
import pytest

from features.errors import ModelError
from models.trees.parse import MISSING_NAN, MISSING_NONE, MISSING_ZERO, parse_forest
from tests.support.trees import NAN, Leaf, Split, model_text

TREE = Split(1, 0.5, NAN, True, Leaf(-1.0, 30), Split(0, -1.0, NAN, False, Leaf(0.25, 20), Leaf(2.0, 10)))
TEXT = model_text([TREE, Leaf(0.5, 60)], n_features=3)


def trained(seed: int = 1, *, rounds: int = 6, columns: int = 4, **parameters: object) -> str:
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(400, columns))
    matrix[random.random(matrix.shape) < 0.2] = np.nan
    label = (np.nan_to_num(matrix[:, 0]) + random.normal(size=400) > 0).astype(float)
    asked = {"objective": "binary", "num_leaves": 7, "min_data_in_leaf": 5, "num_threads": 1, "verbosity": -1, **parameters}
    return str(lightgbm.train(asked, lightgbm.Dataset(matrix, label, params=asked), rounds).model_to_string())


def test_a_text_becomes_its_trees() -> None:
    forest = parse_forest(TEXT)
    tree, leaf = forest.trees
    assert forest.n_features == 3
    assert tree.feature.tolist() == [1, 0]
    assert tree.threshold.tolist() == [0.5, -1.0]
    assert tree.missing_goes_left.tolist() == [True, False]
    assert (tree.left.tolist(), tree.right.tolist()) == ([-1, -2], [1, -3])
    assert (tree.value.tolist(), tree.leaf_count.tolist(), tree.split_count.tolist()) == ([-1.0, 0.25, 2.0], [30, 20, 10], [60, 30])
    assert tree.mean == pytest.approx((-30 + 5 + 20) / 60)
    assert (leaf.n_splits, leaf.mean) == (0, 0.5)


@pytest.mark.parametrize(
    ("parameters", "missing"),
    [({}, MISSING_NAN), ({"use_missing": False}, MISSING_NONE), ({"zero_as_missing": True}, MISSING_ZERO)],
)
def test_lightgbms_own_text_says_how_missing_values_are_known(parameters: dict[str, object], missing: int) -> None:
    kinds = {kind for tree in parse_forest(trained(**parameters)).trees for kind in tree.missing.tolist()}
    assert missing in kinds
    assert kinds <= {missing, MISSING_NONE}


def test_a_column_named_like_a_field_is_not_mistaken_for_it() -> None:
    text = TEXT.replace("end of trees", "end of trees\n\nfeature_importances:\nleaf_value=3\nthreshold=2\n")
    assert parse_forest(text).trees[1].value.tolist() == [0.5]


@pytest.mark.parametrize(
    ("code", "part", "instead", "says"),
    [
        ("TID530", "tree\nversion", "version", "does not begin"),
        ("TID530", "threshold=0.5 -1.0", "", "tree 0 lacks threshold"),
        ("TID530", "threshold=0.5 -1.0", "threshold=0.5 high", "something else than numbers in threshold"),
        ("TID530", "threshold=0.5 -1.0", "threshold=0.5", "1 numbers in threshold, expected 2"),
        ("TID531", "decision_type=10 8", "decision_type=10 9", "not numeric"),
        ("TID531", "decision_type=10 8", "decision_type=10 12", "not numeric"),
        ("TID532", "is_linear=0", "is_linear=1", "linear"),
        ("TID533", "num_tree_per_iteration=1", "num_tree_per_iteration=3", "several outputs"),
        ("TID533", "num_class=1", "num_class=1\naverage_output", "averages"),
        ("TID534", "internal_count=60 30", "internal_count=60 31", "do not add up"),
        ("TID534", "leaf_count=30 20 10", "leaf_count=30 30 0", "do not add up"),
        ("TID535", "left_child=-1 -2", "left_child=-1 0", "do not make a tree"),
        ("TID535", "left_child=-1 -2", "left_child=-2 -2", "do not make a tree"),
        ("TID535", "split_feature=1 0", "split_feature=1 3", "out of range"),
        ("TID535", "threshold=0.5 -1.0", "threshold=0.5 nan", "out of range"),
        ("TID535", "leaf_value=-1.0 0.25", "leaf_value=-1.0 inf", "out of range"),
    ],
)
def test_what_is_not_covered_is_refused(code: str, part: str, instead: str, says: str) -> None:
    assert part in TEXT
    with pytest.raises(ModelError, match=says) as refused:
        parse_forest(TEXT.replace(part, instead, 1))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("code", "categories", "parameters"),
    [
        ("TID531", [1], {"min_data_per_group": 1, "cat_smooth": 0.1}),
        ("TID532", [], {"linear_tree": True}),
        ("TID533", [], {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.7}),
        ("TID533", [], {"objective": "multiclass", "num_class": 2}),
    ],
)
def test_models_that_lightgbm_really_makes_are_refused_by_what_they_are(
    code: str, categories: list[int], parameters: dict[str, object]
) -> None:
    random = np.random.default_rng(2)
    matrix = np.stack([random.normal(size=400), random.integers(0, 12, 400)], axis=1)
    label = (random.random(400) < 0.2 + 0.6 * (matrix[:, 1] % 3 == 0)).astype(float)
    asked = {"objective": "binary", "num_leaves": 7, "min_data_in_leaf": 5, "num_threads": 1, "verbosity": -1, **parameters}
    text = lightgbm.train(asked, lightgbm.Dataset(matrix, label, categorical_feature=categories, params=asked), 3).model_to_string()
    with pytest.raises(ModelError) as refused:
        parse_forest(text)
    assert refused.value.code == code
