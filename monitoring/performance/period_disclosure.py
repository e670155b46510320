"""What of the screenings of one model may be told side by side: nothing from which a few people's outcomes follow (R-09).

A screening tells how many of those proposed, of all and of those over the threshold have the outcome. At a threshold everybody knows, a
net benefit gives two numbers of people, since people are whole. Most people are in several screenings, so that the difference of two
numbers is about those who are in one of them only. Every number is therefore a sum of the same cells: the kinds of people in one
screening, then those of each two of which somebody is in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.small_cells import SMALLEST_CELL
from features.suppression import Count, withheld_counts
from monitoring.fairness.disclosure import PIECES
from monitoring.fairness.groups import CELLS, METRICS

OUTCOMES = 3
"""With the outcome, without it, not known yet."""

ABSENT = 4
"""Group, in a screening, of people who are in another one only; the others are proposed or not, times over the threshold or not."""

Kinds = frozenset[int]
"""A kind is a group and an outcome: ``group * OUTCOMES + outcome``."""

Key = tuple[str, ...]

_OUTCOME_OF = dict(zip(CELLS, (0, 1, 0, 1, 2, 2), strict=True))
_IS_PROPOSED = dict(zip(CELLS, (True, True, False, False, True, False), strict=True))
SIDES = ("below", "above")


def _kinds(cells: Sequence[str], sides: Sequence[str] = SIDES) -> Kinds:
    return frozenset((2 * _IS_PROPOSED[cell] + SIDES.index(side)) * OUTCOMES + _OUTCOME_OF[cell] for cell in cells for side in sides)


OF_PROPOSALS: Mapping[str, Kinds] = {name: _kinds(cells) for name, cells in PIECES.items()}
"""Numbers that the report's tables of proposals tell too."""

OF_THE_THRESHOLD: Mapping[str, Kinds] = {
    side + suffix: _kinds(cells, (side,))
    for side in SIDES
    for suffix, cells in (("", CELLS), (" with", PIECES["with"]), (" without", PIECES["without"]))
}
OF_EVERY_REPORT = ("people", "proposed", "left")
"""Numbers that an earlier screening's own report told when it was made: withholding them here would protect nothing."""

ALL_PIECES: Mapping[str, Kinds] = {**OF_PROPOSALS, **OF_THE_THRESHOLD}

NEEDED: Mapping[str, frozenset[str]] = {
    "ppv": frozenset({"true_proposed", "false_proposed"}),
    "base_rate": frozenset({"with", "without"}),
    "tpr": frozenset({"true_proposed", "missed"}),
    "calibration": frozenset({"with", "without"}),
    "calibration_slope": frozenset({"with", "without"}),
    "calibration_intercept": frozenset({"with", "without"}),
    "auc": frozenset({"with", "without"}),
    "net_benefit": frozenset({"above with", "above without"}),
}
"""Figure -> numbers that a reader learns from it."""

_WORTH = {"people": 0, "matured": 0, "with": 0, "without": 0, "proposed": -1, "left": -1, "true_proposed": -1, "false_proposed": -1}
"""What is given up last; the rest of the proposals' numbers goes before these, and those of the net benefit before all."""


@dataclass(frozen=True, eq=False)
class PeriodRows:
    """People of one screening: subject ids, outcome (NaN where not known), proposed, and over the threshold.

    `above` is None where how many are over the threshold is not told, or the threshold is not known any more.
    """

    subject: NDArray[np.str_]
    label: NDArray[np.float64]
    proposed: NDArray[np.bool_]
    above: NDArray[np.bool_] | None

    @property
    def kind(self) -> NDArray[np.int64]:
        """Kind of each person, shape (n_people,)."""
        outcome = np.where(np.isnan(self.label), 2, np.where(self.label == 1, 0, 1))
        side = np.zeros(len(outcome), dtype=np.int64) if self.above is None else self.above.astype(np.int64)
        return np.asarray((2 * self.proposed.astype(np.int64) + side) * OUTCOMES + outcome, dtype=np.int64)

    @property
    def any_matured(self) -> bool:
        """Whether anybody's outcome is known."""
        return bool((~np.isnan(self.label)).any())


def withheld_pieces(periods: Sequence[PeriodRows], *, current: int, everybody: Mapping[str, Any] | None) -> list[frozenset[str]]:
    """Name for each screening the numbers of `ALL_PIECES` that may not follow from what is told of it.

    Parameters
    ----------
    periods
        Screenings of one model, oldest first.
    current
        Place of the one that the report is about: what its tables tell is told, and what they withhold is withheld here.
    everybody
        That screening's row of everybody as it is published; None where the report has no tables.

    Returns
    -------
    list of frozenset
        Beside names of numbers: ``"few unknown"`` where a few of those proposed or of the others are not known yet, ``"apart"`` where those
        proposed and those over the threshold are the same people but for a few.

    Notes
    -----
    Each screening is decided alone, then each two that share people and have outcomes; what one of them withholds is withheld in all.
    Withholding more only widens what is possible, so that one round is enough. What only follows from three screenings is not looked
    for, nor what follows from an earlier writing of a report, before more outcomes were known.
    """
    told = None if everybody is None else _told(everybody)
    hidden: set[Key] = set()
    for place, period in enumerate(periods):
        own = told if place == current else None
        hidden |= {(str(place), name) for name in OF_PROPOSALS if own is not None and name not in own}
        hidden |= withheld_counts([*_shown(place, period, hidden, own), *_small_kinds(place, period)])
    for pair in combinations(range(len(periods)), 2):
        if all(periods[place].any_matured for place in pair):
            hidden |= _withheld_of_two(periods, pair, hidden, {current: told} if told is not None else {})
    return [frozenset(name for key, name in hidden if key == str(place)) | _remarks(period) for place, period in enumerate(periods)]


def _told(row: Mapping[str, Any]) -> frozenset[str]:
    """Read which numbers a published row of proposals tells."""
    of_cells = {cells: name for name, cells in PIECES.items()}
    found = {"people"} if row["n_people"] is not None else set()
    found |= {"matured"} if row["n_matured"] is not None else set()
    for name, rate in row["rates"].items():
        if rate["numerator"] is not None:
            found |= {of_cells[METRICS[name].numerator], of_cells[METRICS[name].complement]}
    return frozenset(found)


def _remarks(period: PeriodRows) -> frozenset[str]:
    """Name what stands in the way of sums of probabilities: the difference of two of them may not be of a few people."""
    unknown = np.isnan(period.label)
    found = set()
    if period.any_matured and any(_is_few((unknown & (period.proposed == side)).sum()) for side in (True, False)):
        found.add("few unknown")
    if period.above is None:
        return frozenset(found | set(OF_THE_THRESHOLD))
    if any(_is_few(((period.proposed == a) & (period.above == b)).sum()) for a in (True, False) for b in (True, False)):
        found.add("apart")
    return frozenset(found)


def _is_few(n: int) -> bool:
    return 0 < n < SMALLEST_CELL


def _pieces_of(period: PeriodRows) -> dict[str, Kinds]:
    """Give the numbers that can be told of a screening: before anything has matured nobody tells outcomes apart."""
    pieces = OF_PROPOSALS if period.above is None else ALL_PIECES
    return {name: kinds for name, kinds in pieces.items() if period.any_matured or name in ("people", "proposed", "left", *SIDES)}


def _shown(
    place: int, period: PeriodRows, hidden: set[Key], told: frozenset[str] | None, joint: _Joint | None = None, side: int = 0
) -> Iterator[Count]:
    """List a screening's numbers as sums of cells; of those over the threshold the report's bands tell how many there are."""
    cells = _Joint.of_one(period) if joint is None else joint
    for name, kinds in _pieces_of(period).items():
        of = cells.of(kinds, side)
        value = cells.count(of)
        is_shown = (str(place), name) not in hidden
        is_fixed = is_shown and value >= SMALLEST_CELL and (name in SIDES or (name in OF_EVERY_REPORT if told is None else name in told))
        if of and (is_shown or _is_few(value)):
            # Of two screenings the newer one is of more use.
            worth = 2 * _WORTH.get(name, -3 if name in OF_THE_THRESHOLD else -2) + side
            yield Count((str(place), name), of, value, is_fixed=is_fixed, is_shown=is_shown, worth=worth)


def _small_kinds(place: int, period: PeriodRows) -> Iterator[Count]:
    """List the few of each kind: those proposed below the threshold are what two figures differ by."""
    cells = _Joint.of_one(period)
    for number, (kind, _) in enumerate(cells.kinds.tolist()):
        if period.any_matured and _is_few(int(cells.people[number])):
            yield Count((str(place), f"kind {kind}"), (number,), int(cells.people[number]), is_shown=False)


@dataclass(frozen=True, eq=False)
class _Joint:
    """The cells of one or two screenings: every outcome of each pair of groups that somebody is in, with how many people there are."""

    kinds: NDArray[np.int64]
    """Kind in the first and in the second screening, shape (n_cells, 2)."""
    people: NDArray[np.int64]

    @classmethod
    def of_one(cls, period: PeriodRows) -> _Joint:
        kind = period.kind
        return cls._of(np.column_stack([kind, kind]), linked=True)

    @classmethod
    def of_two(cls, a: PeriodRows, b: PeriodRows) -> _Joint:
        subjects = np.union1d(a.subject, b.subject)
        kinds = np.full((len(subjects), 2), ABSENT * OUTCOMES, dtype=np.int64)
        for side, period in enumerate((a, b)):
            kinds[np.searchsorted(subjects, period.subject), side] = period.kind
        return cls._of(kinds, linked=False)

    @classmethod
    def _of(cls, kinds: NDArray[np.int64], *, linked: bool) -> _Joint:
        found, counted = np.unique(kinds, axis=0, return_counts=True)
        number = {(int(a), int(b)): int(n) for (a, b), n in zip(found, counted, strict=True)}
        groups = sorted({(a // OUTCOMES, b // OUTCOMES) for a, b in number})
        cells = sorted({cell for a, b in groups for cell in _outcomes_of(a, b, linked=linked)} | number.keys())
        return cls(np.array(cells, dtype=np.int64), np.array([number.get(cell, 0) for cell in cells], dtype=np.int64))

    def of(self, kinds: Kinds, side: int) -> tuple[int, ...]:
        """Number the cells that a number of one side adds up."""
        return tuple(np.flatnonzero(np.isin(self.kinds[:, side], sorted(kinds))).tolist())

    def count(self, cells: Sequence[int]) -> int:
        return int(self.people[list(cells)].sum())


def _outcomes_of(a: int, b: int, *, linked: bool) -> Iterator[tuple[int, int]]:
    """List the kinds of people of two groups: whose outcome is known twice has the same twice, as far as a reader can tell."""
    for i in range(OUTCOMES) if a != ABSENT else (0,):
        for j in range(OUTCOMES) if b != ABSENT else (0,):
            if i == j or (not linked and (ABSENT in (a, b) or OUTCOMES - 1 in (i, j))):
                yield a * OUTCOMES + i, b * OUTCOMES + j


def _withheld_of_two(
    periods: Sequence[PeriodRows], pair: tuple[int, int], hidden: set[Key], told: Mapping[int, frozenset[str]]
) -> set[Key]:
    """Protect those who are in one of two screenings, or proposed in one of them, from a reader who subtracts."""
    joint = _Joint.of_two(*(periods[place] for place in pair))
    if not (joint.kinds[joint.people > 0] < ABSENT * OUTCOMES).all(axis=1).any():
        return set()
    own = [count for side, place in enumerate(pair) for count in _shown(place, periods[place], hidden, told.get(place), joint, side)]
    return set(withheld_counts([*own, *_apart(joint)]))


def _apart(joint: _Joint) -> Iterator[Count]:
    """List the few who tell two screenings apart: with an outcome, or proposed with one, in one of them and not in the other."""
    absent = frozenset({ABSENT * OUTCOMES})
    others = {
        "with": absent,
        "without": absent,
        "true_proposed": absent | OF_PROPOSALS["left"],
        "false_proposed": absent | OF_PROPOSALS["left"],
    }
    for side in (0, 1):
        for name, there in others.items():
            cells = tuple(sorted(set(joint.of(OF_PROPOSALS[name], side)) & set(joint.of(there, 1 - side))))
            value = joint.count(cells)
            if _is_few(value):
                yield Count((f"apart {side}", name), cells, value, is_shown=False)
