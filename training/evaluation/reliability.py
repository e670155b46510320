"""Section `reliability`: what was said against what came, from the least probable people to the most; the picture is drawn from it.

Tenths of the people in which fewer than five have, or have not, the outcome are joined with their neighbours rather than left out: where
an outcome is rare those are the tenths at the low end, and a curve without them would say nothing of most people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from features.small_cells import SMALLEST_CELL
from models.intervals import Interval
from training.evaluation.examined import Examined
from training.evaluation.rows import MeasuredRows
from training.evaluation.told_capacity import GROUPS, told_capacities

Vector = NDArray[np.float64]

BINS = GROUPS
"""As many groups as there are at most."""


@dataclass(frozen=True)
class ReliabilityBin:
    """People with similar probabilities: what was said on average and what came, with Jeffreys' 95 % interval."""

    n_people: int
    mean_probability: float
    observed_rate: Interval


def reliability(examined: Examined) -> dict[str, Any]:
    """Cut the test rows by probability and say of each group what was said and what came."""
    rows = MeasuredRows.of(examined)
    bins = reliability_bins(rows.label, rows.probability, cuts=told_capacities(examined).cuts.get(rows.chosen, ()))
    return {
        **rows.about(),
        "n_bins_asked": BINS,
        "reason": "" if bins else f"fewer than {SMALLEST_CELL} people with or without the outcome",
        "bins": [
            {"n_people": one.n_people, "mean_probability": one.mean_probability, "observed_rate": one.observed_rate.to_json()}
            for one in bins
        ],
    }


def reliability_bins(
    label: Vector, probability: Vector, *, n_bins: int = BINS, cuts: Sequence[int] | None = None
) -> tuple[ReliabilityBin, ...]:
    """Cut rows into equally large groups by probability, and join neighbours until each has five of either outcome (R-09).

    People with the same probability are in one group: cut apart, one thing said would have several rates that came by the order of rows
    alone. `cuts` are the numbers of the most probable people at which to cut instead, so that no one to four people lie between a cut
    and a capacity that is told. Everybody is in a group; none where all rows together have fewer than five of an outcome.

    >>> bins = reliability_bins(np.tile([0.0, 1.0], 20), np.repeat([0.25, 0.75], 20), n_bins=2)
    >>> [(one.n_people, one.mean_probability, one.observed_rate.estimate) for one in bins]
    [(20, 0.25, 0.5), (20, 0.75, 0.5)]
    """
    order = np.argsort(probability, kind="stable")
    joined: list[NDArray[np.intp]] = []
    waiting = order[:0]
    for part in _parts(order, probability, n_bins) if cuts is None else np.split(order, sorted(len(order) - cut for cut in cuts)):
        waiting = np.concatenate([waiting, part])
        if _is_enough(label[waiting]):
            joined.append(waiting)
            waiting = order[:0]
    if joined:
        joined[-1] = np.concatenate([joined[-1], waiting])
    return tuple(_bin(label[part], probability[part]) for part in joined)


def _parts(order: NDArray[np.intp], probability: Vector, n_bins: int) -> list[NDArray[np.intp]]:
    """Cut rows in order of probability into about equal parts, each cut moved up to where the probability changes."""
    ends = np.cumsum([len(part) for part in np.array_split(order, n_bins)])[:-1]
    ordered = probability[order]
    cuts = [int(np.searchsorted(ordered, ordered[end - 1], side="right")) for end in ends if end]
    return [part for part in np.split(order, sorted(set(cuts))) if len(part)]


def _is_enough(label: Vector) -> bool:
    return min(int(label.sum()), int((1 - label).sum())) >= SMALLEST_CELL


def _bin(label: Vector, probability: Vector) -> ReliabilityBin:
    ones, zeros = float(label.sum()), float((1 - label).sum())
    low, high = beta.ppf([0.025, 0.975], ones + 0.5, zeros + 0.5)
    return ReliabilityBin(len(label), float(probability.mean()), Interval(float(label.mean()), float(low), float(high)))
