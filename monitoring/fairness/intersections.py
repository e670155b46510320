"""Fairness where two attributes meet: girls who immigrated may be treated otherwise than girls, and than those who immigrated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitoring.fairness.groups import FairnessTable, Grouping, group_people, measure_groups

MOST_GROUPS = 150
"""Most groups that two attributes may make together."""


@dataclass(frozen=True)
class Measured:
    """Full counts by each attribute, and by each two of them.

    Parameters
    ----------
    single
        One table for each attribute, in the order given.
    crossed
        One table for each two attributes that tell different things.
    not_crossed
        Pairs of which one attribute says the other, as a municipality says its centrality, with the pairs of values that occur. Crossing
        them would repeat a table.
    too_many
        Pairs whose values make more than `MOST_GROUPS` groups: nearly all of them would be too small.
    """

    single: tuple[FairnessTable, ...]
    crossed: tuple[FairnessTable, ...]
    not_crossed: Mapping[tuple[str, str], frozenset[tuple[str, str]]]
    too_many: tuple[tuple[str, str], ...]

    @property
    def tables(self) -> tuple[FairnessTable, ...]:
        """All tables, single ones first."""
        return (*self.single, *self.crossed)


def measure_attributes(
    label: ArrayLike, proposed: ArrayLike, probability: ArrayLike, groups: Mapping[str, Sequence[str | None]]
) -> Measured:
    """Count every rate by each attribute and by each two of them crossed.

    Parameters
    ----------
    label, proposed, probability
        As `monitoring.fairness.groups.measure_fairness` takes them, shape (n_people,).
    groups
        Attribute -> group of each person.

    Notes
    -----
    Every combination of values has its row, also where nobody has it: which rows there are says nothing about anyone, and a
    combination that is too small says so.

    Examples
    --------
    >>> groups = {"sex": ["girl", "girl", "boy", "boy"], "born": ["here", "abroad", "here", "here"]}
    >>> crossed = measure_attributes([1, 0, 0, 1], [1, 0, 0, 1], [0.8, 0.1, 0.2, 0.7], groups).crossed[0]
    >>> crossed.attribute, [(row.group, row.n_people) for row in crossed.groups]
    ('sex × born', [('boy × abroad', 0), ('boy × here', 2), ('girl × abroad', 1), ('girl × here', 1)])
    """
    single = [group_people(values, attribute=name) for name, values in groups.items()]
    pairs = list(combinations(single, 2))
    repeating = [(a, b) for a, b in pairs if says(a, b) or says(b, a)]
    too_many = [(a, b) for a, b in pairs if (a, b) not in repeating and len(a.members) * len(b.members) > MOST_GROUPS]
    crossed = [pair for pair in pairs if pair not in repeating and pair not in too_many]
    return Measured(
        single=tuple(measure_groups(label, proposed, probability, grouping) for grouping in single),
        crossed=tuple(measure_groups(label, proposed, probability, cross(*pair)) for pair in crossed),
        not_crossed={(a.attributes[0], b.attributes[0]): pairs_met(a, b) for a, b in repeating},
        too_many=tuple((a.attributes[0], b.attributes[0]) for a, b in too_many),
    )


def cross(a: Grouping, b: Grouping) -> Grouping:
    """Put people into groups by two attributes at once, every combination of values being a group."""
    members = tuple((*left, *right) for left in a.members for right in b.members)
    return Grouping((*a.attributes, *b.attributes), members, a.codes * len(b.members) + b.codes)


def says(a: Grouping, b: Grouping) -> bool:
    """Whether who knows the first attribute of a person also knows the second.

    >>> place, rural = group_people(["x", "y", "y"], attribute="place"), group_people(["no", "yes", "yes"], attribute="rural")
    >>> says(place, rural), says(group_people(["one", "one", "two"], attribute="sex"), rural)
    (True, False)
    """
    return bool((_met(a, b).sum(axis=1) <= 1).all())


def pairs_met(a: Grouping, b: Grouping) -> frozenset[tuple[str, str]]:
    """Give the pairs of values that occur."""
    return frozenset((a.members[i][0], b.members[j][0]) for i, j in np.argwhere(_met(a, b)))


def _met(a: Grouping, b: Grouping) -> NDArray[np.bool_]:
    met = np.zeros((len(a.members), len(b.members)), dtype=bool)
    met[a.codes, b.codes] = True
    return met
