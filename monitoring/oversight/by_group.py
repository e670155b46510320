"""Reviews by group: how many of each came how far, each step's share with its interval, and the differences between groups.

Decisions of one reviewer are alike. Where enough reviewers stand behind a share its limits are of what other reviewers like them would
decide; of fewer they are of what these would decide of other people, and of them alone.

Nothing here is ready to leave: `monitoring.oversight.disclosure.publish_reviews` withholds small numbers from what this module counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitoring.fairness.groups import TOO_SMALL, Gap, Grouping, Rate, group_people
from monitoring.fairness.intersections import pairs_met, says
from monitoring.oversight.paths import NO_REVIEWER, NOBODY, Reviewed
from monitoring.oversight.steps import AGREEMENT, DECIDED, N_CELLS, OUTCOMES, Cells, Step, steps_by_group
from monitoring.statistics.clusters import Clustered, clustered, widened_proportion, widening
from monitoring.statistics.intervals import Interval, difference, proportion


@dataclass(frozen=True)
class Share(Rate):
    """A share of reviews.

    Parameters
    ----------
    widening
        How many people weigh as one in its limits; None where they are of these reviewers alone, or withheld.
    """

    widening: float | None = None


@dataclass(frozen=True)
class ShareGap(Gap):
    """A difference of two shares of reviews; `widening` as in `Share`."""

    widening: float | None = None


NO_SHARE_GAP = ShareGap(None, None, None)


@dataclass(frozen=True, eq=False)
class Row:
    """The reviews of one group's people; `group` is None for everybody.

    Parameters
    ----------
    cells
        People by path and outcome, shape (N_CELLS,); None once published.
    by_reviewer
        Those decided on by reviewer, path and outcome, shape (n_reviewers, N_CELLS); None once published.
    n_decided
        Decided reviews; None where withheld.
    shares
        Step -> its share.
    differences
        Step -> the group's share less that of the reference; empty for the reference and for everybody.
    """

    group: str | None
    cells: NDArray[np.int64] | None
    by_reviewer: NDArray[np.int64] | None
    n_decided: int | None
    shares: Mapping[str, Share]
    differences: Mapping[str, ShareGap]


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
    counted = _Counted(kind, reviewed.reviewer)
    steps = steps_by_group(has_outcomes)
    return ReviewTables(
        everybody=_row(None, *counted.of(np.ones(len(kind), dtype=bool)), (*steps, *AGREEMENT.values())),
        by_group=tuple(_table(counted, grouping, steps) for grouping in audited),
        by_mark=tuple(_table(counted, grouping, _STEPS_BY_MARK.get(grouping.attributes[0], ())) for grouping in marked),
        known_pairs=known_pairs,
    )


_STEPS_BY_MARK: Mapping[str, tuple[Step, ...]] = dict.fromkeys(("sight", "band"), tuple(AGREEMENT.values()))
"""What is told by a mark; of the others only how many reviews bear it."""


@dataclass(frozen=True, eq=False)
class _Counted:
    """Everybody's kind and reviewer, shape (n_people,)."""

    kind: NDArray[np.int64]
    reviewer: NDArray[np.int64]

    def of(self, people: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Count some people by kind, and by reviewer and kind."""
        decided = people & (self.reviewer != NO_REVIEWER)
        shape = (int(self.reviewer.max(initial=NO_REVIEWER)) + 1, N_CELLS)
        by_reviewer = np.bincount(self.reviewer[decided] * N_CELLS + self.kind[decided], minlength=shape[0] * shape[1])
        return np.bincount(self.kind[people], minlength=N_CELLS).astype(np.int64), by_reviewer.reshape(shape).astype(np.int64)


def _table(counted: _Counted, grouping: Grouping, steps: tuple[Step, ...]) -> ReviewTable:
    rows = [_row(name, *counted.of(grouping.codes == code), steps) for code, name in enumerate(grouping.names)]
    sizes = [int(_cells(row).sum()) if row.group != NOBODY else -1 for row in rows]
    reference = rows[int(np.argmax(sizes))] if rows else None
    compared = tuple(row if row is reference else replace(row, differences=_differences(row, reference, steps)) for row in rows)
    return ReviewTable(grouping.attributes[0], steps, None if reference is None else reference.group, compared)


def _row(group: str | None, cells: NDArray[np.int64], by_reviewer: NDArray[np.int64], steps: Sequence[Step]) -> Row:
    row = Row(group, cells, by_reviewer, int(cells[sorted(DECIDED)].sum()), {}, {})
    return replace(row, shares={step.name: measure_share(sides_of(row, step.yes, step.both)) for step in steps})


def _cells(row: Row) -> NDArray[np.int64]:
    if row.cells is None:
        raise ValueError("these tables were published already: expected the full counts")
    return row.cells


def sides_of(row: Row, yes: Cells, both: Cells) -> Clustered:
    """Count a row's people, all and by reviewer; a row with full counts."""
    cells = _cells(row)
    by_reviewer = np.zeros((0, N_CELLS), dtype=np.int64) if row.by_reviewer is None else row.by_reviewer
    chosen, everybody = sorted(yes), sorted(both)
    return clustered(
        by_reviewer[:, chosen].sum(axis=1),
        by_reviewer[:, everybody].sum(axis=1),
        n_yes=cells[chosen].sum(),
        n_of=cells[everybody].sum(),
    )


def measure_share(counts: Clustered) -> Share:
    """Give a share with limits of other reviewers like these, or of these alone where they are too few."""
    k, n, widen = int(counts.n_yes), int(counts.n_of), _known(widening(counts))
    point, low, high = (_known(value) for value in _limits(k, n, widen))
    return Share(k, n, point, low, high, "measured" if n >= TOO_SMALL else "too small", widen)


def _limits(k: int, n: int, widen: float | None) -> Interval:
    return proportion(k, n) if widen is None else widened_proportion(k, n, widen)


def _known(value: float | NDArray[np.float64]) -> float | None:
    return None if np.isnan(value) else float(value)


def _differences(row: Row, reference: Row | None, steps: Sequence[Step]) -> dict[str, ShareGap]:
    if reference is None:
        return {}
    return {step.name: compare(sides_of(row, step.yes, step.both), sides_of(reference, step.yes, step.both)) for step in steps}


def compare(counts: Clustered, others: Clustered) -> ShareGap:
    """Subtract one share from another of other people, with the interval of the difference; neutral value 0.

    Both may be of the same reviewers: what is alike in how they judge both is no part of the difference, and what is not alike is.
    """
    if not counts.n_of or not others.n_of:
        return NO_SHARE_GAP
    widen = _known(widening(counts, others))
    gap = difference(*(_limits(int(side.n_yes), int(side.n_of), widen) for side in (counts, others)))
    point, low, high = (float(value) for value in gap)
    return ShareGap(point, low, high, widen)
