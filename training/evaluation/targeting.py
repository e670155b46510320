"""Section `targeting`: at the same number of visits, what do individual scores add over going to the places with the highest rates?

Wisconsin's early warning system ranked pupils well and helped little: visiting the schools with the lowest completion would have reached
the same pupils (Perdomo, Britton, Hardt and Abebe 2023, *Difficult Lessons on Social Prediction from Wisconsin Public Schools*). A
service that can find the same people without a score for each of them should. So every training compares whole places, practitioners'
rules, scores, and scores inside the highest places only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.errors import PurposeError
from models import metrics
from models.intervals import Interval
from models.resampling import Tops, resample_tops
from models.rungs.area import AreaRung
from models.rungs.rung import FitSettings
from training.evaluation.examined import Examined
from training.evaluation.rows import MeasuredRows, can_tell
from training.evaluation.told_capacity import VISITED, ToldCapacities, told_capacities, told_of, visited_shares
from training.groups import why_not_asked
from training.places import places_on

Vector = NDArray[np.float64]

N_RESAMPLES = 500
HIGHEST_PLACES = 2.0
"""Scores inside the highest places look at as many places as hold this many times the visits."""
PERSONAL = ("logistic", "boosted")
"""Rungs that score a person rather than a place or a list of rules."""
SCORES = "scores"
RULES = "rules"


@dataclass(frozen=True)
class Ways:
    """Ways of choosing whom to visit, and what each finds.

    Attributes
    ----------
    simpler
        Names of the ways that score no person, simplest first.
    rung
        Whose scores `scores` are.
    between
        Kind of place -> share of the outcome's variance that lies between places (intra-class correlation).
    not_asked
        Why a declared kind of place is not among them.
    told
        Shares at which what a way finds may be told beside all else that is told; None where nothing else is.
    """

    simpler: tuple[str, ...]
    rung: str
    tops: Tops
    n_rows: int
    n_with: int
    between: Mapping[str, float]
    not_asked: tuple[str, ...]
    told: ToldCapacities | None = None

    def recall(self, way: str, place: int) -> Interval | None:
        """Share of everybody with the outcome who is reached; None where it would tell of fewer than five people (R-09)."""
        return self.tops.recall(way, place) if self._can_tell(way, place) else None

    def gain(self, over: str, place: int) -> Interval | None:
        """How much larger a share the scores reach, on the same resampled people."""
        told = self._can_tell(SCORES, place) and self._can_tell(over, place)
        return self.tops.recall_gain(SCORES, place, over=over) if told else None

    def _can_tell(self, way: str, place: int) -> bool:
        found, visits = float(self.tops.found[way][place]) * self.n_rows, float(self.tops.shares[place]) * self.n_rows
        is_told = self.told is None or self.told.may_tell(way, float(self.tops.shares[place]))
        return is_told and can_tell(found, visits - found, self.n_with - found)


def targeting(examined: Examined) -> dict[str, Any]:
    """Compare ways of choosing whom to visit at half, once and twice the capacity."""
    ways = compare_ways(examined, visited=VISITED)
    return {
        "n_rows": ways.n_rows,
        "n_resamples": N_RESAMPLES,
        "scores_of": ways.rung,
        "simpler": list(ways.simpler),
        "variance_between_places": {kind: round(share, 4) for kind, share in ways.between.items()},
        "not_asked": list(ways.not_asked),
        "points": [_point(ways, place) for place in range(len(ways.tops.shares))],
        "finding": _finding(ways, VISITED.index(1.0)),
    }


def compare_ways(examined: Examined, *, visited: Sequence[float] = (1.0,)) -> Ways:
    """Measure every way of choosing on the test rows; rates of places were learnt on the training rows."""
    rows = MeasuredRows.of(examined)
    areas, between, not_asked = _places(examined, rows)
    rung = personal_rung(rows)
    scores = rows.probabilities[rung]
    shares = np.array([min(1.0, times * examined.capacity_share) for times in visited])
    rules = {RULES: rows.probabilities[RULES]} if RULES in rows.probabilities else {}
    inside = {f"{SCORES}_in_{kind}": within_highest(area, scores, share=float(shares.max())) for kind, area in areas.items()}
    ranked = {**areas, **rules, SCORES: scores, **inside}
    tops = resample_tops(rows.label, ranked, groups=rows.person, shares=shares, seed=rows.seed, n_resamples=N_RESAMPLES)
    told = _told(examined, rows, ranked, rung)
    return Ways((*areas, *rules), rung, tops, len(rows.label), int(rows.label.sum()), between, not_asked, told)


def _told(examined: Examined, rows: MeasuredRows, ranked: Mapping[str, Vector], rung: str) -> ToldCapacities:
    """Shares to tell: of a rung those of the whole report, of other ways those that stand together by themselves."""
    rungs = told_capacities(examined).shares
    known = {name: rungs[name] for name in ("area", RULES) if name in rungs and name in ranked} | {SCORES: rungs[rung]}
    others = {name: score for name, score in ranked.items() if name not in known}
    return ToldCapacities({**told_of(rows.label, others, shares=visited_shares(examined.capacity_share)).shares, **known})


def within_highest(area: Vector, scores: Vector, *, share: float) -> Vector:
    """Rank by score the people of the highest places alone; everybody else comes after them, all alike.

    The places taken are those with the highest rates that together hold twice the share of all people; a place counts whole.

    >>> within_highest(np.array([0.3, 0.3, 0.1, 0.1]), np.array([0.2, 0.4, 0.9, 0.8]), share=0.25).tolist()
    [0.2, 0.4, -1.0, -1.0]
    """
    room = min(len(area), max(1, round(HIGHEST_PLACES * share * len(area))))
    return np.asarray(np.where(area >= np.sort(area)[::-1][room - 1], scores, -1.0))


def personal_rung(rows: MeasuredRows) -> str:
    """Rung whose scores are compared: the chosen one, or the best ranking one that scores persons where a simpler rung was chosen."""
    if rows.chosen in PERSONAL:
        return rows.chosen
    return max(
        (name for name in rows.probabilities if name in PERSONAL), key=lambda name: metrics.auc(rows.label, rows.probabilities[name])
    )


def _places(examined: Examined, rows: MeasuredRows) -> tuple[dict[str, Vector], dict[str, float], tuple[str, ...]]:
    """Rate of each test row's place by kind of place, variance between places, and what could not be asked."""
    experiment, areas, between, not_asked = examined.experiment, dict[str, Vector](), dict[str, float](), list[str]()
    if "area" in experiment.candidates:
        areas["area"], rung = rows.probabilities["area"], experiment.candidates["area"].rung
        between |= {"area": intra_class(rung)} if isinstance(rung, AreaRung) else {}
    else:
        not_asked.append("area: nobody's municipality is known")
    for code in examined.project.screening.training.places:
        try:
            place = _place_of(examined, code)
        except PurposeError as error:
            not_asked.append(f"{code}: {why_not_asked(error, on=examined.data.known_by)}" if examined.data is not None else code)
            continue
        if place is None:
            not_asked.append(f"{code}: this experiment has no store to read it from")
            continue
        rung = _rates(examined, place)
        areas[code] = rung.log_odds(place[experiment.split.test][rows.within, None])
        between[code] = intra_class(rung)
    return areas, between, tuple(not_asked)


def intra_class(rung: AreaRung) -> float:
    """Share of the outcome's variance that lies between places: 1 / (1 + s) of a beta-binomial of strength s."""
    return 1.0 / (1.0 + rung.strength)


def _place_of(examined: Examined, code: str) -> Vector | None:
    if examined.data is None:
        return None
    table = examined.experiment.table
    return places_on(examined.project, code, subject_ids=table.subject_id, as_of=table.rows.as_of, on=examined.data.known_by)


def _rates(examined: Examined, place: Vector) -> AreaRung:
    table, train = examined.experiment.table, examined.experiment.split.train
    settings = FitSettings(seed=examined.seed, area_feature="place")
    return AreaRung.fit(place[train, None], table.label[train], feature_names=("place",), settings=settings)


def _point(ways: Ways, place: int) -> dict[str, Any]:
    names = tuple(ways.tops.found)
    return {
        "share_visited": float(ways.tops.shares[place]),
        "reached": {name: _json(ways.recall(name, place)) for name in names},
        "scores_reach_more_than": {name: _json(ways.gain(name, place)) for name in names if name != SCORES},
    }


def not_clearly_beaten(ways: Ways, place: int) -> tuple[str, ...]:
    """Name the simpler ways that scores do not clearly beat, simplest first."""
    gains = {name: ways.gain(name, place) for name in ways.simpler}
    return tuple(name for name, gain in gains.items() if gain is None or not gain.low > 0)


def _finding(ways: Ways, place: int) -> str:
    """Say in one or two sentences what individual scores add."""
    share, level = f"{ways.tops.shares[place]:.0%}", not_clearly_beaten(ways, place)
    if level:
        return f"At {share} visited, scores of {ways.rung} do not clearly reach more people than {', '.join(level)}: use the simpler way."
    reached = {name: found for name in (*ways.simpler, SCORES) if (found := ways.recall(name, place)) is not None}
    told = ", ".join(f"{name} {found.estimate:.0%} ({found.low:.0%} to {found.high:.0%})" for name, found in reached.items())
    return f"At {share} visited, of all people with the outcome are reached by: {told}. Scores clearly reach more."


def _json(interval: Interval | None) -> dict[str, float | None] | None:
    return None if interval is None else interval.to_json()
