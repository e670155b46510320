"""Where have records changed? Everybody together and each municipality by itself, with one chance of a false alarm for all that is asked.

A municipality whose register fell silent disappears among twenty others, and twenty municipalities asked one by one find something by
chance alone. So the questions form a tree. The report asks everybody together and the municipalities together; a step-up says which of
the two go on, a second one which municipalities do, and a third one which answers in each. Nothing is named below what was not named
above.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from monitoring.drift.changes import LEVEL, MATERIAL, Compared, Drift, Matrix, compare, judge
from monitoring.statistics.two_samples import Vector, adjust_p_values

FEWEST_PEOPLE = 20
"""Fewer people than this in a municipality answer nothing about drift there."""

FEWEST_OWN = 100
"""Earlier rows of a municipality that it is compared with; with fewer, it is compared with everybody's."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Some people's features and served probabilities; shapes (n_people, n_features) and (n_scores,).

    Parameters
    ----------
    contributions
        Sector -> what its features together add to each person's log-odds, shape (n_people,).
    """

    rows: Matrix
    scores: Vector
    contributions: Mapping[str, Vector] = field(default_factory=dict)


@dataclass(frozen=True)
class PlaceDrift:
    """What has changed in one municipality.

    Parameters
    ----------
    compared_with
        ``own``: its own earlier people. ``everybody``: it has too few of them, so that a difference may also be one that was always there.
        None: too few people now.
    drift
        None where there are too few people now.
    """

    place: str
    compared_with: Literal["own", "everybody"] | None
    drift: Drift | None

    @property
    def has_changed(self) -> bool:
        """Whether anything is named here."""
        return self.drift is not None and self.drift.has_changed


@dataclass(frozen=True)
class DriftReport:
    """Everything one report asked about drift.

    Parameters
    ----------
    level
        Greatest probability of naming anything anywhere when nothing has drifted.
    places
        By name; none where there is only one.
    """

    everybody: Drift
    places: tuple[PlaceDrift, ...]
    level: float

    @property
    def changed_places(self) -> tuple[PlaceDrift, ...]:
        """Municipalities in which something has changed since they were there before."""
        return tuple(one for one in self.places if one.has_changed and one.compared_with == "own")

    @property
    def differing_places(self) -> tuple[PlaceDrift, ...]:
        """Municipalities that differ from everybody before; whether they have changed can't be told."""
        return tuple(one for one in self.places if one.has_changed and one.compared_with == "everybody")


def measure_everywhere(
    reference: Sample,
    current: Sample,
    names: Sequence[str],
    *,
    sectors: Mapping[str, str],
    own_reference: Mapping[str, Sample],
    by_place: Mapping[str, Sample],
    level: float = LEVEL,
    material: float = MATERIAL,
    fewest_people: int = FEWEST_PEOPLE,
    fewest_own: int = FEWEST_OWN,
) -> DriftReport:
    """Ask everybody, and each municipality where there are several, whether features, missingness, scores and what adds up to them changed.

    Parameters
    ----------
    reference, current
        Everybody before and now.
    own_reference, by_place
        Municipality -> its people before, and now.
    level
        Greatest probability of naming anything in the whole report when nothing has drifted.

    Notes
    -----
    Benjamini & Bogomolov, JRSS B 76 (2014), with Simes' p-value for each branch: a branch goes on exactly where its own step-up names
    something, so that every municipality named has an answer named, unless that is too small to matter. Whether a municipality is asked
    hangs on how many people it has, never on what their records say.
    """
    everybody = _compare(reference, current, names, sectors)
    asked = {
        place: _compare_place(reference, own_reference.get(place), now, names, sectors, fewest_own)
        for place, now in sorted(by_place.items())
        if len(by_place) > 1 and min(len(now.rows), len(now.scores)) >= fewest_people
    }
    of_everybody, of_places = _levels([everybody.p_value, _simes_of(asked)], level) if asked else (level, 0.0)
    found = dict(zip(asked, _levels([compared.p_value for _, compared in asked.values()], of_places), strict=True))
    return DriftReport(
        everybody=judge(everybody, level=of_everybody, material=material),
        places=tuple(
            PlaceDrift(place, asked[place][0], judge(asked[place][1], level=found[place], material=material))
            if place in asked
            else PlaceDrift(place, None, None)
            for place in (sorted(by_place) if len(by_place) > 1 else ())
        ),
        level=level,
    )


def _compare_place(
    reference: Sample, own: Sample | None, now: Sample, names: Sequence[str], sectors: Mapping[str, str], fewest_own: int
) -> tuple[Literal["own", "everybody"], Compared]:
    has_own = own is not None and len(own.rows) >= fewest_own
    before = own if own is not None and has_own else reference
    return ("own" if has_own else "everybody"), _compare(before, now, names, sectors)


def _compare(before: Sample, now: Sample, names: Sequence[str], sectors: Mapping[str, str]) -> Compared:
    added = {
        sector: (before.contributions[sector], now.contributions[sector])
        for sector in before.contributions.keys() & now.contributions.keys()
    }
    return compare(before.rows, now.rows, names, sectors=sectors, scores=(before.scores, now.scores), contributions=added)


def _simes_of(asked: Mapping[str, tuple[str, Compared]]) -> float:
    return float(adjust_p_values(np.array([compared.p_value for _, compared in asked.values()])).min())


def _levels(p_values: Sequence[float], level: float) -> list[float]:
    """Give each branch the level at which it may go on: the step-up's share where it names the branch, 0 where it does not.

    >>> _levels([0.001, 0.6, 0.02, 0.9], 0.05)
    [0.025, 0.0, 0.025, 0.0]
    """
    named = adjust_p_values(np.array(p_values)) <= level
    return [level * float(named.mean()) if one else 0.0 for one in named]
