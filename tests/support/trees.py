"""Random small trees as LightGBM's text, and what they say by definition: plain Python, slow and plainly right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations

from hypothesis import strategies as st

NONE, ZERO, NAN = 0, 1, 2
"""How a split knows a missing value, as LightGBM's text numbers it."""
ABOUT_ZERO = 1.0000000180025095e-35
"""LightGBM's kZeroThreshold, a float written as a double."""
CUTS = [-2.0, -1.0, -ABOUT_ZERO, ABOUT_ZERO, 0.5, 1.0]
VALUES = [math.nan, 0.0, -0.0, 1e-36, -1e-36, ABOUT_ZERO, 2e-35, *CUTS, 0.9999999999999999, 1.0000000000000002, -3.0, 7.0]


@dataclass(frozen=True)
class Leaf:
    """A leaf and how many training rows ended there."""

    value: float
    count: int


@dataclass(frozen=True)
class Split:
    """A split; values up to `threshold` go left."""

    feature: int
    threshold: float
    missing: int
    missing_goes_left: bool
    left: Node
    right: Node

    @property
    def count(self) -> int:
        return self.left.count + self.right.count


Node = Leaf | Split
Path = dict[int, tuple[int, Fraction]]
"""Feature -> whether the row passes all its splits (1 or 0), and the share of training rows that do."""


def node_for(split: Split, value: float) -> Node:
    """Where LightGBM sends a value."""
    if math.isnan(value) and split.missing != NAN:
        value = 0.0
    about_zero = abs(value) <= ABOUT_ZERO
    is_missing = math.isnan(value) or (split.missing == ZERO and about_zero)
    if is_missing:
        return split.left if split.missing_goes_left else split.right
    return split.left if (0.0 if about_zero else value) <= split.threshold else split.right


def value_of(node: Node, row: Sequence[float], known: frozenset[int]) -> float:
    """Mean of the leaves that the known features leave open, as training rows weigh them: the game of path-dependent TreeSHAP."""
    if isinstance(node, Leaf):
        return node.value
    if node.feature in known:
        return value_of(node_for(node, row[node.feature]), row, known)
    return sum(side.count * value_of(side, row, known) for side in (node.left, node.right)) / node.count


def shapley_values(tree: Node, row: Sequence[float]) -> list[float]:
    """Shapley's formula over all coalitions, one feature after the other."""
    n = len(row)

    @cache
    def value(known: frozenset[int]) -> float:
        return value_of(tree, row, known)

    def gain(feature: int, others: frozenset[int]) -> float:
        weight = math.factorial(len(others)) * math.factorial(n - 1 - len(others)) / math.factorial(n)
        return weight * (value(others | {feature}) - value(others))

    return [math.fsum(gain(j, others) for others in _subsets(n, without=j)) for j in range(n)]


def exact_values(tree: Node, row: Sequence[float]) -> list[Fraction]:
    """The same in fractions, leaf by leaf, for trees with more features than coalitions can be counted."""
    phi = [Fraction(0)] * len(row)
    for value, path in _leaves(tree, row, {}):
        for feature, (passed, ratio) in path.items():
            others = [part for other, part in path.items() if other != feature]
            phi[feature] += Fraction(value) * (passed - ratio) * _weighed(others)
    return phi


def _weighed(others: Sequence[tuple[int, Fraction]]) -> Fraction:
    """Shapley's weights of all coalitions of the others, grouped by their size: coefficients of a product of lines."""
    by_size = [Fraction(1)]
    for passed, ratio in others:
        with_it, without = [Fraction(0), *(passed * part for part in by_size)], [*(ratio * part for part in by_size), Fraction(0)]
        by_size = [one + other for one, other in zip(with_it, without, strict=True)]
    n = len(others)
    weights = (Fraction(math.factorial(k) * math.factorial(n - k), math.factorial(n + 1)) for k in range(n + 1))
    return sum((weight * part for weight, part in zip(weights, by_size, strict=True)), Fraction(0))


def _leaves(node: Node, row: Sequence[float], path: Mapping[int, tuple[int, Fraction]]) -> Iterator[tuple[float, Path]]:
    if isinstance(node, Leaf):
        yield node.value, dict(path)
        return
    taken = node_for(node, row[node.feature])
    for side in (node.left, node.right):
        passed, ratio = path.get(node.feature, (1, Fraction(1)))
        step = (passed * (side is taken), ratio * Fraction(side.count, node.count))
        yield from _leaves(side, row, {**path, node.feature: step})


def _subsets(n: int, *, without: int) -> Iterator[frozenset[int]]:
    others = [j for j in range(n) if j != without]
    for size in range(n):
        yield from map(frozenset, combinations(others, size))


@st.composite
def trees(draw: st.DrawFn, *, n_features: int, most_splits: int = 7) -> Node:
    """Trees of any shape: features repeat on a path, missing values are known in each way, counts are uneven."""
    return _grow(draw, n_features, draw(st.integers(0, most_splits)))


def _grow(draw: st.DrawFn, n_features: int, n_splits: int) -> Node:
    if n_splits == 0:
        return Leaf(draw(st.floats(-3, 3).map(lambda value: round(value, 3))), draw(st.integers(1, 30)))
    n_left = draw(st.integers(0, n_splits - 1))
    return Split(
        draw(st.integers(0, n_features - 1)),
        draw(st.sampled_from(CUTS)),
        draw(st.sampled_from((NONE, ZERO, NAN))),
        draw(st.booleans()),
        _grow(draw, n_features, n_left),
        _grow(draw, n_features, n_splits - 1 - n_left),
    )


def chain(values: Sequence[float], features: Sequence[int], *, count: int = 5) -> Node:
    """A tree that is one long path: its splits at 0 go on to the right, so its deepest leaves ask every feature."""
    node: Node = Leaf(values[-1], count)
    for feature, value in zip(reversed(features), reversed(values[:-1]), strict=True):
        node = Split(feature, 0.0, NAN, True, Leaf(value, count), node)
    return node


def model_text(forest: Sequence[Node], *, n_features: int) -> str:
    """Write trees as LightGBM does."""
    names = " ".join(f"f{j}" for j in range(n_features))
    head = [
        "tree",
        "version=v4",
        "num_class=1",
        "num_tree_per_iteration=1",
        "label_index=0",
        f"max_feature_idx={n_features - 1}",
        "objective=binary sigmoid:1",
        f"feature_names={names}",
        f"feature_infos={' '.join(['[-1:1]'] * n_features)}",
        "",
    ]
    blocks = [line for number, tree in enumerate(forest) for line in _block(number, tree)]
    return "\n".join([*head, *blocks, "end of trees", "", "parameters:", "end of parameters", ""])


def _block(number: int, tree: Node) -> list[str]:
    splits, leaves = _numbered(tree)
    fields: dict[str, Sequence[float | int]] = {
        "num_leaves": [len(leaves)],
        "num_cat": [0],
        "split_feature": [split.feature for split in splits],
        "split_gain": [1] * len(splits),
        "threshold": [split.threshold for split in splits],
        "decision_type": [split.missing << 2 | split.missing_goes_left << 1 for split in splits],
        "left_child": [_place(split.left, splits, leaves) for split in splits],
        "right_child": [_place(split.right, splits, leaves) for split in splits],
        "leaf_value": [leaf.value for leaf in leaves],
        "leaf_weight": [leaf.count for leaf in leaves],
        "leaf_count": [leaf.count for leaf in leaves],
        "internal_value": [0] * len(splits),
        "internal_weight": [split.count for split in splits],
        "internal_count": [split.count for split in splits],
        "is_linear": [0],
        "shrinkage": [1],
    }
    return [f"Tree={number}", *(f"{name}={' '.join(map(repr, values))}" for name, values in fields.items()), "", ""]


def _numbered(tree: Node) -> tuple[list[Split], list[Leaf]]:
    splits, leaves, waiting = [], [], [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Leaf):
            leaves.append(node)
        else:
            splits.append(node)
            waiting += [node.right, node.left]
    return splits, leaves


def _place(child: Node, splits: Sequence[Split], leaves: Sequence[Leaf]) -> int:
    if isinstance(child, Leaf):
        return ~next(place for place, leaf in enumerate(leaves) if leaf is child)
    return next(place for place, split in enumerate(splits) if split is child)
