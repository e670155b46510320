"""Tree programs one after the other in flat arrays, for the kernel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.trees.program import Leaf, TreeProgram

Whole: TypeAlias = NDArray[np.int32]
Numbers: TypeAlias = NDArray[np.float64]


class Leaves(NamedTuple):
    """Leaves and their terms (`program.Term`); leaf i has terms ``begins[i]`` to ``begins[i + 1]``."""

    value: Numbers
    begins: Whole
    feature: Whole
    mask: Whole
    wanted: Whole
    ratio: Numbers


class Tables(NamedTuple):
    """Tables; table i has answers, features and leaves from ``x_begins[i]`` to ``x_begins[i + 1]``, and entries from ``at[i]``."""

    at: NDArray[np.int64]
    answer_begins: Whole
    answer: Whole
    feature_begins: Whole
    feature: Whole
    """The last feature of each table stands for the log-odds."""
    leaf_begins: Whole


class Trees(NamedTuple):
    """What each tree has: thing x from ``x_begins[tree]`` to ``x_begins[tree + 1]``."""

    split_begins: Whole
    both_begins: Whole
    both: Whole
    """Shape (n, 4): two answers and what each should be."""
    table_begins: Whole
    by_sets_begins: Whole
    integrated_begins: Whole


class Flat(NamedTuple):
    """A whole model."""

    trees: Trees
    tables: Tables
    tabled: Leaves
    by_sets: Leaves
    by_sets_at: NDArray[np.int64]
    """Where the numbers of each leaf by sets begin; they come after those of the tables."""
    integrated: Leaves
    most_answers: int
    """Of a tree, splits included."""
    most_terms: int
    """Of a leaf."""

    @property
    def n_numbers(self) -> int:
        """Kept for tables and sets together."""
        return int(self.by_sets_at[-1])


def flatten(programs: Sequence[TreeProgram], n_splits: Sequence[int], *, n_used: int) -> Flat:
    """Lay out the programs of all trees; `n_used` is the number of features, and so the place of the log-odds among them."""
    tables = [table for program in programs for table in program.tables]
    by_sets = [leaf for program in programs for leaf in program.by_sets]
    integrated = [leaf for program in programs for leaf in program.integrated]
    tabled = [leaf for table in tables for leaf in table.leaves]
    both = [pair for program in programs for pair in program.both]
    at = _places([2 ** len(table.answers) * (len(table.features) + 1) for table in tables])
    return Flat(
        Trees(
            _begins(n_splits),
            _begins([len(program.both) for program in programs]),
            np.array(both, dtype=np.int32).reshape(-1, 4),
            _begins([len(program.tables) for program in programs]),
            _begins([len(program.by_sets) for program in programs]),
            _begins([len(program.integrated) for program in programs]),
        ),
        Tables(
            at,
            *_ragged([table.answers for table in tables]),
            *_ragged([(*table.features, n_used) for table in tables]),
            _begins([len(table.leaves) for table in tables]),
        ),
        _leaves(tabled),
        _leaves(by_sets),
        at[-1] + _places([2 ** len(leaf.terms) for leaf in by_sets]),
        _leaves(integrated),
        max((n + len(program.both) for n, program in zip(n_splits, programs, strict=True)), default=0),
        max((len(leaf.terms) for leaf in (*tabled, *by_sets, *integrated)), default=0),
    )


def _leaves(leaves: Sequence[Leaf]) -> Leaves:
    terms = [term for leaf in leaves for term in leaf.terms]
    return Leaves(
        np.array([leaf.value for leaf in leaves], dtype=np.float64),
        _begins([len(leaf.terms) for leaf in leaves]),
        np.array([term.feature for term in terms], dtype=np.int32),
        np.array([term.mask for term in terms], dtype=np.int32),
        np.array([term.wanted for term in terms], dtype=np.int32),
        np.array([term.ratio for term in terms], dtype=np.float64),
    )


def _begins(lengths: Iterable[int]) -> Whole:
    return _places(lengths).astype(np.int32)


def _places(lengths: Iterable[int]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(list(lengths), dtype=np.int64)])


def _ragged(lists: Sequence[Sequence[int]]) -> tuple[Whole, Whole]:
    return _begins(map(len, lists)), np.array([value for values in lists for value in values], dtype=np.int32)
