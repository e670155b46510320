"""Which capacities of a ranking may be told, so that no figure at one, nor a difference between two, is about one to four people (R-09).

A share of a cohort, the precision there and the number tested give how many were found, missed and approached in vain. What a larger share
takes in beside a smaller one is a number of people too, so a reader of two may subtract. The ladder, its comparisons, the card, the plan,
targeting and the figures therefore ask one list of each ranking, made here once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.records import Mask
from models.resampling import found_in_tops
from training.evaluation.examined import Examined
from training.evaluation.rows import MeasuredRows, can_tell

Vector = NDArray[np.float64]

CARD_SHARES = (0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.40, 0.50)
"""Shares of a cohort that the card and its figure tell."""
PLAN_SHARES = tuple(round(0.01 * step, 2) for step in (*range(1, 31), *range(35, 95, 5)))
"""Shares that the plan tells: every hundredth up to a third, where services work, and coarser from there."""
MORE_CAPACITY = 1.1
VISITED = (0.5, 1.0, 2.0)
"""Multiples of the capacity at which ways of choosing are compared."""
WITHHELD_AT_CAPACITY = "withheld: with the number of people tested it would give the number of a few of them away (R-09)"
WITHHELD_FIGURES = (
    "Precision and recall at capacity are withheld for {names}: together with the number of people tested they would give the number of "
    "one to four people found, missed or proposed in vain (R-09). The rung was chosen by them all the same; with more people tested they "
    "can be told."
)
WITHHELD: Mapping[str, str | None] = {"estimate": None, "low": None, "high": None, "withheld": WITHHELD_AT_CAPACITY}
"""In place of a figure with its interval."""
_DIGITS = 9
_AT_CAPACITY = ("precision_at_capacity", "recall_at_capacity")


@dataclass(frozen=True)
class ToldCapacities:
    """Shares of a cohort at which what a ranking finds may be told: name of the ranking -> shares."""

    shares: Mapping[str, frozenset[float]]

    def may_tell(self, name: str, share: float) -> bool:
        """Whether precision and recall of this ranking may be told at this share."""
        return round(share, _DIGITS) in self.shares[name]


def told_capacities(examined: Examined) -> ToldCapacities:
    """Say for every rung which capacities may be told; measured once, since whoever tells one has to know of all."""
    kept = examined.measured_once
    if "told_capacities" not in kept:
        rows = MeasuredRows.of(examined)
        kept["told_capacities"] = told_of(rows.label, rows.probabilities, shares=wanted_shares(examined.capacity_share))
    found: ToldCapacities = kept["told_capacities"]
    return found


def told_rungs(examined: Examined) -> frozenset[str]:
    """Rungs whose precision and recall at the declared capacity may be told."""
    told, experiment = told_capacities(examined), examined.experiment
    label = experiment.test_label
    return frozenset(
        name
        for name, figures in experiment.resamples.estimates.items()
        if told.may_tell(name, examined.capacity_share)
        # Where sections measure a sample of the rows, the ladder still measures all of them.
        and (
            _ranks_nobody(experiment.candidates[name].probability)
            or can_tell_top(figures, share=examined.capacity_share, n_rows=len(label), n_with=float(label.sum()))
        )
    )


def wanted_shares(capacity_share: float) -> tuple[float, ...]:
    """Shares that are told somewhere, those first that should be told if any are: the declared capacity before all."""
    more = (min(1.0, MORE_CAPACITY * share) for share in PLAN_SHARES)
    wanted = (capacity_share, *CARD_SHARES, *visited_shares(capacity_share), *PLAN_SHARES, *more)
    return tuple(dict.fromkeys(round(share, _DIGITS) for share in wanted))


def visited_shares(capacity_share: float) -> tuple[float, ...]:
    """Shares at which ways of choosing are compared, the declared capacity first."""
    return (capacity_share, *(min(1.0, times * capacity_share) for times in VISITED if times != 1.0))


def told_of(label: Vector, scores: Mapping[str, Vector], *, shares: Sequence[float]) -> ToldCapacities:
    """Choose for each ranking the shares to tell, the first of them first.

    Parameters
    ----------
    label
        Outcome 0/1, shape (n_rows,); how many rows there are, and how many with the outcome, is taken to be known.
    scores
        Name -> score, higher first, shape (n_rows,).
    shares
        In the order in which they are wanted.

    Examples
    --------
    Ten of the first twenty have the outcome. At a tenth that is told; a share that takes in two more people is not told then:

    >>> label = np.r_[np.tile([1.0, 0.0], 10), np.ones(10), np.zeros(170)]
    >>> sorted(told_of(label, {"line": np.arange(200.0)[::-1]}, shares=(0.1, 0.11, 0.5)).shares["line"])
    [0.1, 0.5]
    """
    n_with = float(label.sum())
    wanted = np.array(shares)
    told = {}
    for name, score in scores.items():
        if _ranks_nobody(score):
            told[name] = frozenset(round(float(share), _DIGITS) for share in wanted)
            continue
        found = found_in_tops(label, score, shares=wanted)
        mask = _chosen(found, wanted * len(label) - found, n_with=n_with, n_without=len(label) - n_with)
        told[name] = frozenset(round(float(share), _DIGITS) for share in wanted[mask])
    return ToldCapacities(told)


def can_tell_top(figures: Mapping[str, float], *, share: float, n_rows: int, n_with: float) -> bool:
    """Whether figures at a capacity may be told by themselves: nobody found, approached in vain, missed or rightly left is one of a few."""
    visits = share * n_rows
    found = figures["precision_at_capacity"] * visits
    return can_tell(found, visits - found, n_with - found, n_rows - n_with - visits + found)


def at_capacity(metric: str) -> bool:
    """Whether a metric of the ranking says how many are found at the capacity."""
    return metric in _AT_CAPACITY


def _ranks_nobody(score: Vector) -> bool:
    """Whether everybody has the same score: what a top is expected to hold then follows from the prevalence, and is about no one."""
    return bool(np.ptp(score) == 0.0)


def _chosen(found: Vector, in_vain: Vector, *, n_with: float, n_without: float) -> Mask:
    """Take each share in turn unless it, or the step to one already taken, is about one to four people."""
    taken: list[int] = []
    visits = found + in_vain
    for place in range(len(found)):
        steps = [(abs(found[place] - found[other]), abs(in_vain[place] - in_vain[other])) for other in _next_to(visits, place, taken)]
        counts = (found[place], in_vain[place], n_with - found[place], n_without - in_vain[place])
        if can_tell(*counts, *(step for pair in steps for step in pair)):
            taken.append(place)
    return np.isin(np.arange(len(found)), taken)


def _next_to(visits: Vector, place: int, taken: Collection[int]) -> list[int]:
    """Those already taken that lie next below and next above: what lies beyond them is a sum of steps that may be told."""
    below = [other for other in taken if visits[other] <= visits[place]]
    above = [other for other in taken if visits[other] >= visits[place]]
    return [
        *([max(below, key=lambda other: visits[other])] if below else []),
        *([min(above, key=lambda other: visits[other])] if above else []),
    ]
