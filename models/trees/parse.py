"""From LightGBM's text of a model to its trees, refusing what the explanation does not cover.

Every refusal is one of a model, never of a person: it says which tree of the text, and what stands there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from features.errors import ModelError

Numbers: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.int32]

MISSING_NONE, MISSING_ZERO, MISSING_NAN = 0, 1, 2
"""How a split knows a missing value: not at all (NaN counts as 0), by being about 0 (or NaN), by being NaN."""
_CATEGORICAL: Final = 1
_DEFAULT_LEFT: Final = 2
_KNOWN_MISSING: Final = frozenset((MISSING_NONE, MISSING_ZERO, MISSING_NAN))


@dataclass(frozen=True, eq=False)
class Tree:
    """One tree, its splits numbered from 0 (the root) and its leaves from 0; splits have shape (n_leaves - 1,), leaves (n_leaves,)."""

    feature: Whole
    threshold: Numbers
    """A value goes left when it is at most this."""
    missing: Whole
    """How a missing value is known: MISSING_NONE, MISSING_ZERO or MISSING_NAN."""
    missing_goes_left: NDArray[np.bool_]
    left: Whole
    """Child where a split sends its left: a split, or leaf ``~child`` where negative."""
    right: Whole
    value: Numbers
    """What each leaf adds to the log-odds."""
    split_count: Whole
    """Training rows that reached each split."""
    leaf_count: Whole

    @property
    def n_splits(self) -> int:
        """How many splits; a tree without any is one leaf."""
        return len(self.feature)

    @property
    def root(self) -> int:
        """The first split, or the only leaf."""
        return 0 if self.n_splits else ~0

    def count(self, node: int) -> int:
        """Training rows below a node."""
        return int(self.split_count[node] if node >= 0 else self.leaf_count[~node])

    @property
    def mean(self) -> float:
        """Mean of the leaves as training rows weigh them: what the tree says of somebody of whom nothing is known."""
        if self.n_splits == 0:
            return float(self.value[0])
        return float((self.leaf_count / self.split_count[0] * self.value).sum())


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees whose leaves add up to the log-odds."""

    n_features: int
    """Columns of every matrix, whether a tree asks for them or not."""
    trees: tuple[Tree, ...]


def parse_forest(text: str) -> Forest:
    """Read the trees of a LightGBM model that adds up numeric splits.

    Raises
    ------
    ModelError
        TID530 when the text is not LightGBM's or lacks something, TID531 for a split that is not numeric, TID532 for linear trees,
        TID533 for several outputs or averaged trees, TID534 when training rows do not add up along a tree, TID535 when splits and leaves do
        not make a tree.

    Notes
    -----
    Decisions are LightGBM's ``Tree::NumericalDecision``, weights its ``Tree::data_count``.
    """
    head, *blocks = text.partition("\nend of trees")[0].split("\nTree=")
    about = _fields(head)
    if not head.startswith("tree\n"):
        raise ModelError("TID530", "the text is not a LightGBM model: it does not begin with `tree`. Restore the bundle, or train again.")
    if int(_field(about, "num_tree_per_iteration", "the model")) != 1:
        raise ModelError("TID533", "the model has several outputs, expected one. Train it for one outcome.")
    if "average_output" in head.splitlines():
        raise ModelError("TID533", "the model averages its trees, expected boosted ones that add up. Train it with boosting = gbdt.")
    n_features = int(_field(about, "max_feature_idx", "the model")) + 1
    return Forest(n_features, tuple(_tree(number, _fields(block), n_features) for number, block in enumerate(blocks)))


def _tree(number: int, fields: Mapping[str, str], n_features: int) -> Tree:
    where = f"tree {number}"
    n_leaves = int(_field(fields, "num_leaves", where))
    if int(fields.get("is_linear", "0")):
        raise ModelError("TID532", f"{where} has linear models in its leaves, expected one number each. Train without linear_tree.")
    value = _array(fields, "leaf_value", where, n_leaves, np.float64)
    if n_leaves == 1:
        none, no_number = np.empty(0, dtype=np.int32), np.empty(0)
        return Tree(none, no_number, none, none.astype(np.bool_), none, none, value, none, none)
    kind = _array(fields, "decision_type", where, n_leaves - 1, np.int32)
    if (kind & _CATEGORICAL).any() or not _KNOWN_MISSING.issuperset((kind >> 2).tolist()):
        raise ModelError("TID531", f"{where} has a split that is not numeric. Encode categories before training.")
    splits = {name: _array(fields, name, where, n_leaves - 1, np.int32) for name in ("split_feature", "left_child", "right_child")}
    tree = Tree(
        feature=splits["split_feature"],
        threshold=_array(fields, "threshold", where, n_leaves - 1, np.float64),
        missing=kind >> 2,
        missing_goes_left=(kind & _DEFAULT_LEFT) > 0,
        left=splits["left_child"],
        right=splits["right_child"],
        value=value,
        split_count=_array(fields, "internal_count", where, n_leaves - 1, np.int32),
        leaf_count=_array(fields, "leaf_count", where, n_leaves, np.int32),
    )
    _check_shape(tree, where, n_features)
    _check_counts(tree, where)
    return tree


def _check_shape(tree: Tree, where: str, n_features: int) -> None:
    """Every split but the root and every leaf is the child of one split, which comes before it."""
    children = np.concatenate([tree.left, tree.right])
    expected = np.concatenate([np.arange(1, tree.n_splits), ~np.arange(tree.n_splits + 1)])
    parents = np.tile(np.arange(tree.n_splits), 2)
    if not np.array_equal(np.sort(children), np.sort(expected)) or not (parents < children)[children >= 0].all():
        raise ModelError("TID535", f"the splits and leaves of {where} do not make a tree. Restore the bundle, or train again.")
    if tree.feature.min() < 0 or tree.feature.max() >= n_features or not np.isfinite(tree.value).all() or np.isnan(tree.threshold).any():
        raise ModelError("TID535", f"{where} has a column, threshold or leaf out of range. Restore the bundle, or train again.")


def _check_counts(tree: Tree, where: str) -> None:
    below = np.array([tree.count(left) + tree.count(right) for left, right in zip(tree.left, tree.right, strict=True)])
    if (below != tree.split_count).any() or tree.leaf_count.min() < 1:
        raise ModelError(
            "TID534",
            f"the training rows of {where} do not add up from leaf to root, or a leaf has none: they weigh its reasons. Train again.",
        )


def _fields(block: str) -> dict[str, str]:
    return dict(_named(block))


def _named(block: str) -> Iterator[tuple[str, str]]:
    for line in block.splitlines():
        name, equals, value = line.partition("=")
        if equals and name.isidentifier():
            yield name, value


def _field(fields: Mapping[str, str], name: str, where: str) -> str:
    if name not in fields:
        raise ModelError("TID530", f"{where} lacks {name} in LightGBM's text. Restore the bundle, or train again.")
    return fields[name]


def _array(fields: Mapping[str, str], name: str, where: str, length: int, dtype: DTypeLike) -> NDArray[Any]:
    try:
        numbers = np.array(_field(fields, name, where).split(), dtype=dtype)
    except ValueError as error:
        raise ModelError("TID530", f"{where} has something else than numbers in {name}. Restore the bundle, or train again.") from error
    if len(numbers) != length:
        raise ModelError("TID530", f"{where} has {len(numbers)} numbers in {name}, expected {length}. Restore the bundle, or train again.")
    return numbers
