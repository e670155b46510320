"""A tree as the kernel takes it: answers, the tables that they index, and the leaves that have none.

Each row answers every split (does it go left?). Where a path asks for one feature more than once, one more answer says whether the row
passes all of these splits. The pattern of a table is made of some of these answers, its lowest bit first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from models.trees.parse import Tree
from models.trees.subtrees import Cut

Expected: TypeAlias = tuple[int, int]
"""An answer's place in its tree, and what it should be: 1 or 0. A split's answer has the split's own number."""
Path: TypeAlias = list[Expected]


class Term(NamedTuple):
    """One feature of a leaf. The row passes its splits where the pattern's bits under `mask` are `wanted`."""

    feature: int
    """Place among the features of the table; of a leaf without a table, among those that the model uses."""
    mask: int
    """Of a leaf without a table: the answer's place."""
    wanted: int
    ratio: float
    """Share of the training rows that pass these splits."""


@dataclass(frozen=True)
class Leaf:
    """A leaf's value and its features."""

    value: float
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Table:
    """A subtree that is tabled: what its pattern is made of, and what it adds to."""

    answers: tuple[int, ...]
    features: tuple[int, ...]
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True)
class TreeProgram:
    """All that the kernel does for one tree, once the splits are answered."""

    both: tuple[tuple[int, int, int, int], ...]
    """Further answers, 1 where both of two answers are as expected."""
    tables: tuple[Table, ...]
    by_sets: tuple[Leaf, ...]
    integrated: tuple[Leaf, ...]


def tree_program(tree: Tree, cut: Cut, place_of: Mapping[int, int]) -> TreeProgram:
    """Write down one tree; `place_of` says where each feature stands among those that the model uses."""
    answers, steps = _Answers(tree.n_splits), _Steps(tree)
    tables = tuple(_table(tree, top, steps, answers, place_of) for top in cut.tabled)
    by_sets = tuple(_leaf(tree, leaf, steps, answers, place_of) for leaf in cut.by_sets)
    integrated = tuple(_leaf(tree, leaf, steps, answers, place_of) for leaf in cut.integrated)
    return TreeProgram(tuple(answers.both), tables, by_sets, integrated)


@dataclass
class _Answers:
    """The answers of a tree, numbered as they are asked for."""

    n_splits: int
    both: list[tuple[int, int, int, int]] = field(default_factory=list)
    _known: dict[tuple[int, int, int, int], int] = field(default_factory=dict)

    def to_all(self, path: Sequence[Expected]) -> Expected:
        """Answer whether all splits of a path are as expected."""
        here = path[0]
        for step in path[1:]:
            pair = (*here, *step)
            if pair not in self._known:
                self._known[pair] = self.n_splits + len(self.both)
                self.both.append(pair)
            here = (self._known[pair], 1)
        return here


class _Steps:
    """From a node up to the root."""

    def __init__(self, tree: Tree) -> None:
        sides = ((tree.left.tolist(), 1), (tree.right.tolist(), 0))
        self._above = {child: (split, side) for children, side in sides for split, child in enumerate(children)}
        self._tree = tree
        self._ratio = {child: tree.count(child) / tree.count(split) for child, (split, _) in self._above.items()}

    def down_to(self, node: int, *, below: int | None = None) -> Path:
        """Splits on the way to a node and the sides to take, from the root or from a node above it."""
        steps = []
        while node != below and node in self._above:
            step = self._above[node]
            steps.append(step)
            node = step[0]
        return steps[::-1]

    def ratio(self, path: Path) -> float:
        """Product of the shares of training rows that take these steps."""
        share = 1.0
        for split, side in path:
            share *= self._ratio[int(self._tree.left[split] if side else self._tree.right[split])]
        return share


def _by_feature(tree: Tree, path: Path) -> dict[int, Path]:
    found: dict[int, Path] = {}
    for step in path:
        found.setdefault(int(tree.feature[step[0]]), []).append(step)
    return found


def _leaf(tree: Tree, leaf: int, steps: _Steps, answers: _Answers, place_of: Mapping[int, int]) -> Leaf:
    own = _by_feature(tree, steps.down_to(leaf))
    terms = (Term(place_of[feature], *answers.to_all(path), steps.ratio(path)) for feature, path in own.items())
    return Leaf(float(tree.value[~leaf]), tuple(terms))


def _table(tree: Tree, top: int, steps: _Steps, answers: _Answers, place_of: Mapping[int, int]) -> Table:
    """Bits of the pattern are the features on the path down to the top, then the splits inside."""
    above = _by_feature(tree, steps.down_to(top))
    leaves, splits = _below(tree, top)
    passed = {feature: answers.to_all(path) for feature, path in above.items()}
    bit_of_split = {split: len(passed) + place for place, split in enumerate(splits)}
    features = dict.fromkeys([*above, *(int(tree.feature[split]) for split in splits)])
    column = {feature: place for place, feature in enumerate(features)}
    wanted_above = {feature: (1 << bit, wanted << bit) for bit, (feature, (_, wanted)) in enumerate(passed.items())}

    def term(feature: int, inside: Path) -> Term:
        mask, wanted = wanted_above.get(feature, (0, 0))
        for split, side in inside:
            mask, wanted = mask | 1 << bit_of_split[split], wanted | side << bit_of_split[split]
        return Term(column[feature], mask, wanted, steps.ratio(above.get(feature, []) + inside))

    def explained(leaf: int) -> Leaf:
        inside = _by_feature(tree, steps.down_to(leaf, below=top))
        own = dict.fromkeys([*above, *inside])
        return Leaf(float(tree.value[~leaf]), tuple(term(feature, inside.get(feature, [])) for feature in own))

    return Table(
        (*(answer for answer, _ in passed.values()), *splits),
        tuple(place_of[feature] for feature in features),
        tuple(explained(leaf) for leaf in leaves),
    )


def _below(tree: Tree, top: int) -> tuple[list[int], list[int]]:
    leaves, splits, waiting = [], [], [top]
    while waiting:
        node = waiting.pop()
        if node < 0:
            leaves.append(node)
        else:
            splits.append(node)
            waiting += [int(tree.right[node]), int(tree.left[node])]
    return leaves, splits
