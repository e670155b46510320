"""Reviews by group: how many of each came how far, each step's share with its exact interval, and the differences between groups.

Nothing here is ready to leave: `monitoring.oversight.disclosure.publish_reviews` withholds small numbers from what this module counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitoring.fairness.disclosure import NO_GAP
from monitoring.fairness.groups import TOO_SMALL, Gap, Grouping, Rate, group_people
from monitoring.fairness.intersections import pairs_met, says
from monitoring.oversight.paths import NOBODY, Reviewed
from monitoring.oversight.steps import AGREEMENT, DECIDED, N_CELLS, OUTCOMES, Cells, Step, steps_by_group
from monitoring.statistics.intervals import Interval, difference, proportion


@dataclass(frozen=True, eq=False)
class Row:
    """The reviews of one group's people; `group` is None for everybody.

    Parameters
    ----------
    cells
        People by path and outcome, shape (N_CELLS,); None once published.
    n_decided
        Decided reviews; None where withheld.
    shares
        Step -> its share.
    differences
        Step -> the group's share less that of the reference; empty for the reference and for everybody.
    """

    group: str | None
    cells: NDArray[np.int64] | None
    n_decided: int | None
    shares: Mapping[str, Rate]
    differences: Mapping[str, Gap]


@dataclass(frozen=True, eq=False)
class ReviewTable:
    """Every group of one attribute of people, or of one mark of their reviews."""

    attribute: str
    steps: tuple[Step, ...]
    reference: str | None
    rows: tuple[Row, ...]


@dataclass(frozen=True, eq=False)
class ReviewTables:
    """Full counts of the reviews of one screening.

    Parameters
    ----------
    everybody
        Everybody screened.
    by_group, by_mark
        One table for each audit attribute, and for each mark of the reviews.
    known_pairs
        Two attributes of which one says the other -> the pairs of values that occur; their tables are read together.
    """

    everybody: Row
    by_group: tuple[ReviewTable, ...]
    by_mark: tuple[ReviewTable, ...]
    known_pairs: Mapping[tuple[str, str], frozenset[tuple[str, str]]]


def measure_reviews(reviewed: Reviewed, label: ArrayLike, groups: Mapping[str, Sequence[str | None]]) -> ReviewTables:
    """Count how far each group came, step by step.

    Parameters
    ----------
    reviewed
        Everybody screened.
    label
        1 where the outcome came true, 0 where it did not, NaN where it has not matured; shape (n_people,).
    groups
        Attribute -> group of each person screened.
    """
    label = np.asarray(label, dtype=float)
    outcome = np.where(np.isnan(label), 2, np.where(label == 1, 0, 1))
    kind = reviewed.path * len(OUTCOMES) + outcome
    has_outcomes = bool((outcome < 2).any())
    audited = [group_people(values, attribute=name) for name, values in groups.items()]
    marked = [group_people(values, attribute=name) for name, values in reviewed.marks.items()]
    known_pairs = {
        (a.attributes[0], b.attributes[0]): pairs_met(a, b)
        for side in (audited, marked)
        for a, b in combinations(side, 2)
        if says(a, b) or says(b, a)
    }
    everybody = _row(None, _count(kind), (*steps_by_group(has_outcomes), *AGREEMENT.values()))
    return ReviewTables(
        everybody=everybody,
        by_group=tuple(_table(kind, grouping, steps_by_group(has_outcomes)) for grouping in audited),
        by_mark=tuple(_table(kind, grouping, _STEPS_BY_MARK.get(grouping.attributes[0], ())) for grouping in marked),
        known_pairs=known_pairs,
    )


_STEPS_BY_MARK: Mapping[str, tuple[Step, ...]] = dict.fromkeys(("sight", "band"), tuple(AGREEMENT.values()))
"""What is told by a mark; of the others only how many reviews bear it."""


def _count(kind: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.bincount(kind, minlength=N_CELLS).astype(np.int64)


def _table(kind: NDArray[np.int64], grouping: Grouping, steps: tuple[Step, ...]) -> ReviewTable:
    counted = [_count(kind[grouping.codes == code]) for code in range(len(grouping.names))]
    rows = [_row(name, cells, steps) for name, cells in zip(grouping.names, counted, strict=True)]
    sizes = [int(cells.sum()) if name != NOBODY else -1 for name, cells in zip(grouping.names, counted, strict=True)]
    reference = rows[int(np.argmax(sizes))] if rows else None
    compared = tuple(row if row is reference else replace(row, differences=_differences(row, reference)) for row in rows)
    return ReviewTable(grouping.attributes[0], steps, None if reference is None else reference.group, compared)


def _row(group: str | None, cells: NDArray[np.int64], steps: Sequence[Step]) -> Row:
    shares = {step.name: _share(_sum(cells, step.yes), _sum(cells, step.both)) for step in steps}
    return Row(group, cells, _sum(cells, DECIDED), shares, {})


def _sum(cells: NDArray[np.int64], chosen: Cells) -> int:
    return int(cells[sorted(chosen)].sum())


def _share(k: int, n: int) -> Rate:
    point, low, high = (None if np.isnan(value) else float(value) for value in proportion(k, n))
    return Rate(k, n, point, low, high, "measured" if n >= TOO_SMALL else "too small")


def _differences(row: Row, reference: Row | None) -> dict[str, Gap]:
    if reference is None:
        return {}
    return {name: compare(share, reference.shares[name]) for name, share in row.shares.items()}


def compare(share: Rate, other: Rate) -> Gap:
    """Subtract one share from another of other people, with the interval of the difference; neutral value 0."""
    if share.numerator is None or other.numerator is None or not share.denominator or not other.denominator:
        return NO_GAP
    gap = difference(_interval(share), _interval(other))
    return Gap(*(float(value) for value in gap))


def _interval(share: Rate) -> Interval:
    return Interval(*(np.asarray(value, dtype=float) for value in (share.point, share.low, share.high)))
