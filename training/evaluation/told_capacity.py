"""Which capacities of a ranking may be told, so that no figure at one, nor a difference between two, is about one to four people (R-09).

A share of a cohort, the precision there and the number tested give how many were found, missed and approached in vain. What a larger share
takes in beside a smaller one is a number of people too, so a reader of two may subtract. The ladder, its comparisons, the card, the plan,
targeting and the figures therefore ask one list of each ranking, made here once. A net benefit, of a threshold everybody knows, gives both
numbers too, since people are whole; those at or above a threshold are one more top of the ranking.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from features.declarations.learning import Bands
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
THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 15))
"""Probabilities at which net benefit is told, 0.05 to 0.70: from nineteen approached in vain for one found, to less than one."""
GROUPS = 10
"""Groups that people are cut into by probability, to say of each what came."""
_ALTERNATIVES = 100
_DIGITS = 9
_AT_CAPACITY = ("precision_at_capacity", "recall_at_capacity")


@dataclass(frozen=True)
class ToldCapacities:
    """Shares of a cohort at which what a ranking finds may be told: name of the ranking -> shares."""

    shares: Mapping[str, frozenset[float]]
    cuts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Numbers of people at the top at which a ranking may be cut into groups that are told of."""
    thresholds: Mapping[str, frozenset[float]] = field(default_factory=dict)
    """Probabilities from which on a ranking's people may be told of together."""

    def may_tell(self, name: str, share: float) -> bool:
        """Whether precision and recall of this ranking may be told at this share."""
        return round(share, _DIGITS) in self.shares[name]


def told_capacities(examined: Examined) -> ToldCapacities:
    """Say for every rung which capacities may be told; measured once, since whoever tells one has to know of all."""
    kept = examined.measured_once
    if "told_capacities" not in kept:
        rows, (shares, more) = MeasuredRows.of(examined), wanted_shares(examined.capacity_share)
        cuts = {rows.chosen: cuts_near_tenths(rows.probability, n_groups=GROUPS)}
        thresholds = wanted_thresholds(examined.project.screening.bands)
        kept["told_capacities"] = told_of(rows.label, rows.probabilities, shares=shares, more=more, cuts=cuts, thresholds=thresholds)
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


def wanted_shares(capacity_share: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Shares that the ladder, card and targeting tell, the declared capacity before all, and those that the plan tells beside them."""
    more = (min(1.0, MORE_CAPACITY * share) for share in PLAN_SHARES)
    return (
        tuple(dict.fromkeys(round(share, _DIGITS) for share in (capacity_share, *CARD_SHARES, *visited_shares(capacity_share)))),
        tuple(dict.fromkeys(round(share, _DIGITS) for share in (*PLAN_SHARES, *more))),
    )


def wanted_thresholds(bands: Bands) -> tuple[float, ...]:
    """Probabilities at which net benefit is asked, the project's own two cut-offs before the range."""
    return tuple(dict.fromkeys((bands.worth_a_look, bands.should_be_assessed, *THRESHOLDS)))


def visited_shares(capacity_share: float) -> tuple[float, ...]:
    """Shares at which ways of choosing are compared, the declared capacity first."""
    return (capacity_share, *(min(1.0, times * capacity_share) for times in VISITED if times != 1.0))


def told_of(
    label: Vector,
    scores: Mapping[str, Vector],
    *,
    shares: Sequence[float],
    more: Sequence[float] = (),
    cuts: Mapping[str, Sequence[Sequence[int]]] | None = None,
    thresholds: Sequence[float] = (),
) -> ToldCapacities:
    """Choose for each ranking the shares to tell, the first of them first.

    Parameters
    ----------
    label
        Outcome 0/1, shape (n_rows,); how many rows there are, and how many with the outcome, is taken to be known.
    scores
        Name -> score, higher first, shape (n_rows,).
    shares, more
        In the order in which they are wanted; cuts come between the two, and then thresholds.
    cuts
        Name -> numbers of people at the top at which a ranking is cut into groups, alternatives of one cut together: one of them is taken.
    thresholds
        Scores from which on people are told of together.

    Examples
    --------
    Ten of the first twenty have the outcome. At a tenth that is told; a share that takes in two more people is not told then:

    >>> label = np.r_[np.tile([1.0, 0.0], 10), np.ones(10), np.zeros(170)]
    >>> sorted(told_of(label, {"line": np.arange(200.0)[::-1]}, shares=(0.1, 0.11, 0.5)).shares["line"])
    [0.1, 0.5]
    """
    told: dict[str, frozenset[float]] = {}
    taken_cuts: dict[str, tuple[int, ...]] = {}
    taken_thresholds: dict[str, frozenset[float]] = {}
    for name, score in scores.items():
        if _ranks_nobody(score):
            told[name], taken_thresholds[name] = frozenset(round(share, _DIGITS) for share in (*shares, *more)), frozenset(thresholds)
            continue
        cut = [] if cuts is None else [[n / len(label) for n in alternatives] for alternatives in cuts.get(name, ())]
        above = {threshold: float(np.mean(score >= threshold)) for threshold in thresholds}
        taken = _Taken(label, score, (*shares, *(share for alternatives in cut for share in alternatives), *above.values(), *more))
        kept = [share for share in shares if taken.take(share)]
        at = [next((share for share in alternatives if taken.take(share)), None) for alternatives in cut]
        taken_thresholds[name] = frozenset(threshold for threshold, share in above.items() if share in (0.0, 1.0) or taken.take(share))
        kept += [share for share in more if taken.take(share)]
        told[name] = frozenset(round(share, _DIGITS) for share in kept)
        taken_cuts[name] = tuple(round(share * len(label)) for share in at if share is not None)
    return ToldCapacities(told, taken_cuts, taken_thresholds)


def cuts_near_tenths(score: Vector, *, n_groups: int) -> list[list[int]]:
    """List for each cut into equal groups the numbers of people at the top where the score changes, the nearest to an equal cut first.

    >>> cuts_near_tenths(np.array([0.9, 0.9, 0.5, 0.4, 0.4, 0.1]), n_groups=2)
    [[3, 2]]
    """
    n = len(score)
    ordered = np.sort(score)[::-1]
    changes = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    found = []
    for number in range(1, n_groups):
        ideal = n * number / n_groups
        near = changes[np.abs(changes - ideal) < n / (2 * n_groups)]
        near = near[np.argsort(np.abs(near - ideal), kind="stable")]
        found.append(near[:: max(1, len(near) // _ALTERNATIVES)].tolist())
    return found


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


class _Taken:
    """Tops of one ranking that are told; another is taken unless it, or the step to one already taken, is about one to four people."""

    def __init__(self, label: Vector, score: Vector, shares: Sequence[float]) -> None:
        self._n, self._n_with = len(label), float(label.sum())
        self._found = dict(zip(shares, found_in_tops(label, score, shares=np.array(shares)).tolist(), strict=True))
        self._tops: list[tuple[float, float]] = []

    def take(self, share: float) -> bool:
        """Take this share in if that tells of no one to four people; say whether."""
        visits, found = share * self._n, self._found[share]
        counts = [found, visits - found, self._n_with - found, self._n - self._n_with - visits + found]
        # What lies beyond the next ones is a sum of steps that may be told.
        for other_visits, other_found in self._next_to(visits):
            step = abs(found - other_found)
            counts += [step, abs(visits - other_visits) - step]
        if can_tell(*counts):
            insort(self._tops, (visits, found))
            return True
        return False

    def _next_to(self, visits: float) -> list[tuple[float, float]]:
        place = bisect_left(self._tops, (visits, 0.0))
        return self._tops[max(0, place - 1) : place + 1]
