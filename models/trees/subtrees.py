"""Which subtrees of a tree are tabled whole.

What a subtree adds to a row's reasons depends on a few yes-or-no answers only: for each feature on the path down to it, whether the row
passes all of that feature's splits there, and each split inside. With b of them there are 2^b patterns of answers, and one table of
2^b × features says it all. A large subtree names each of its features once instead of once a leaf, so it is quicker; its table is larger.
A leaf with many features keeps one number for each set of features that a row passes, of which the others follow; one with still more
keeps nothing and is integrated for each row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from models.trees.parse import Forest, Tree

TABLED = (0.5, 0.5, 1.0)
"""What a row costs a table, measured: the table itself, an answer, a feature."""
BY_SETS = (1.0, 0.7, 1.4)
"""What it costs a leaf by sets: the leaf, an answer, a feature."""
INTEGRATED = (4.0, 1.5)
"""What it costs a leaf that is integrated: the leaf, and each of its features times half as many points."""
NUMBER_BYTES = 8
WHOLE, SETS, INTEGRAL, APART = "whole", "sets", "integral", "apart"


class Way(NamedTuple):
    """A way to take what is below a node, comparable by what it costs a row."""

    cost: float
    kind: str
    n_numbers: int


@dataclass(frozen=True)
class Cut:
    """The subtrees that a tree falls into, each named by its top: a split, or leaf ``~top``."""

    tabled: tuple[int, ...]
    """A number for each pattern of answers and feature."""
    by_sets: tuple[int, ...]
    """Leaves with one number for each set of features that a row may pass."""
    integrated: tuple[int, ...]
    """Leaves with so many features that nothing is kept of them."""
    n_numbers: int
    """Kept for the whole tree."""


def cut_forest(forest: Forest, *, most_numbers: int, most_bytes: int) -> tuple[Cut, ...]:
    """Cut every tree, with the largest tables that fit into the memory given.

    Parameters
    ----------
    most_numbers
        Numbers that are kept for one subtree at most.
    most_bytes
        Memory for all of them; where even the smallest do not fit, every leaf is integrated.
    """
    while True:
        cuts = tuple(cut_tree(tree, most_numbers=most_numbers) for tree in forest.trees)
        if sum(cut.n_numbers for cut in cuts) * NUMBER_BYTES <= most_bytes:
            return cuts
        most_numbers //= 2


def cut_tree(tree: Tree, *, most_numbers: int) -> Cut:
    """Cut one tree so that a row costs least."""
    on_path, inside = features_on_path(tree), _inside(tree)
    ways: dict[int, Way] = {}
    for node in reversed(list(on_path)):
        n_features = (on_path[node] | inside[node][0]).bit_count()
        whole = _whole(on_path[node].bit_count() + inside[node][1], n_features)
        if node < 0:
            open_ways = [whole, _by_sets(n_features), _integrated(n_features)]
        else:
            open_ways = [whole, Way(ways[int(tree.left[node])].cost + ways[int(tree.right[node])].cost, APART, 0)]
        ways[node] = min(way for way in open_ways if way.n_numbers <= most_numbers)
    kept = {way: tuple(top for top in _tops(tree, ways) if ways[top].kind == way) for way in (WHOLE, SETS, INTEGRAL)}
    return Cut(kept[WHOLE], kept[SETS], kept[INTEGRAL], sum(ways[top].n_numbers for tops in kept.values() for top in tops))


def features_on_path(tree: Tree) -> dict[int, int]:
    """Features that are asked for on the way to each node, as a set of bits; parents come before children."""
    found = {tree.root: 0}
    for split in range(tree.n_splits):
        here = found[split] | 1 << int(tree.feature[split])
        found[int(tree.left[split])] = found[int(tree.right[split])] = here
    return found


def _inside(tree: Tree) -> dict[int, tuple[int, int]]:
    """Features that are asked for at or below each node, and how many splits ask."""
    found = {~leaf: (0, 0) for leaf in range(len(tree.value))}
    for split in reversed(range(tree.n_splits)):
        left, right = found[int(tree.left[split])], found[int(tree.right[split])]
        found[split] = (left[0] | right[0] | 1 << int(tree.feature[split]), left[1] + right[1] + 1)
    return found


def _tops(tree: Tree, ways: Mapping[int, Way]) -> Iterator[int]:
    waiting = [tree.root]
    while waiting:
        node = waiting.pop()
        if ways[node].kind == APART:
            waiting += [int(tree.right[node]), int(tree.left[node])]
        else:
            yield node


def _whole(n_answers: int, n_features: int) -> Way:
    table, answer, feature = TABLED
    return Way(table + answer * n_answers + feature * (n_features + 1), WHOLE, 2**n_answers * (n_features + 1))


def _by_sets(n_features: int) -> Way:
    leaf, answer, feature = BY_SETS
    return Way(leaf + (answer + feature) * n_features, SETS, 2**n_features)


def _integrated(n_features: int) -> Way:
    leaf, step = INTEGRATED
    return Way(leaf + step * n_features * ((n_features + 1) // 2), INTEGRAL, 0)
