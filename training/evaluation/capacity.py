"""Section `capacity_plan`: with so many reviews, how many people are found, missed, and approached in vain, and what would find more?

A service can hire or it can ask for a better model (Perdomo 2023, *The Relative Value of Prediction in Algorithmic Decision Making*). So at
every capacity the section says what ten per cent more reviews would find, beside what the next rung of the ladder finds. Both are
measured, and on a few hundred people both are uncertain; a smooth model of the ranking says the same with less noise, and adds what an
AUC higher by 0.01 would find.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from models.intervals import Interval, percentile_interval
from models.resampling import Tops, resample_tops
from training.evaluation.examined import Examined
from training.evaluation.rows import MeasuredRows
from training.evaluation.told_capacity import MORE_CAPACITY, PLAN_SHARES, ToldCapacities, told_capacities

Vector = NDArray[np.float64]

SHARES = PLAN_SHARES
BETTER_AUC = 0.01
N_RESAMPLES = 500


def capacity_plan(examined: Examined) -> dict[str, Any]:
    """Measure what every capacity finds, and what more capacity or a better ranking would add."""
    rows = MeasuredRows.of(examined)
    better = next_rung(rows)
    ranked = {name: rows.probabilities[name] for name in (rows.chosen, better) if name is not None}
    shares = np.concatenate([SHARES, MORE_CAPACITY * np.array(SHARES)])
    tops = resample_tops(rows.label, ranked, groups=rows.person, shares=shares, seed=rows.seed, n_resamples=N_RESAMPLES)
    auc = examined.experiment.resamples
    smooth = {
        way: _smooth_gains(auc.estimates[rows.chosen]["auc"], auc.draws[rows.chosen]["auc"], gain) for way, gain in _gains(tops).items()
    }
    return {
        **rows.about(),
        "n_resamples": N_RESAMPLES,
        "rung": rows.chosen,
        "capacity_share": examined.capacity_share,
        "people_a_year": people_a_year(examined),
        "prevalence": percentile_interval(tops.prevalence, tops.prevalence_draws).to_json(),
        "more_capacity_is": MORE_CAPACITY,
        "better_ranking_is": BETTER_AUC,
        "next_rung": better,
        "points": [
            _point(rows.chosen, tops, place, better, {way: gains[place] for way, gains in smooth.items()}, told_capacities(examined))
            for place in range(len(SHARES))
        ],
    }


def next_rung(rows: MeasuredRows) -> str | None:
    """Rung above the chosen one on the ladder; None on top of it."""
    names = tuple(rows.probabilities)
    above = names[names.index(rows.chosen) + 1 :]
    return above[0] if above else None


def people_a_year(examined: Examined) -> int:
    """Test rows by the calendar years of their as-of dates: how many people a service screens in a year."""
    as_of = examined.experiment.table.rows.as_of[examined.experiment.split.test]
    years = np.unique(as_of.astype("datetime64[D]").astype("datetime64[Y]"))
    return round(len(as_of) / len(years))


def binormal_recall(auc: float, prevalence: float, shares: Vector) -> Vector:
    """Recall at shares of a score whose values are normal with and without the outcome, equally spread, with this AUC.

    Notes
    -----
    The means lie d = √2 Φ⁻¹(AUC) apart. A cut c shows π Φ(d − c) + (1 − π) Φ(−c) of all people and finds Φ(d − c) of those with the outcome
    (Hanley 1988 on the binormal model; the table of domain.md 1.10 is made the same way).

    Examples
    --------
    >>> binormal_recall(0.8, 0.08, np.array([0.05, 0.10])).round(2).tolist()
    [0.25, 0.4]
    """
    cut = np.linspace(-9.0, 9.0, 3_601)[::-1]
    apart = np.sqrt(2.0) * ndtri(np.clip(auc, 1e-6, 1 - 1e-6))
    shown = prevalence * ndtr(apart - cut) + (1 - prevalence) * ndtr(-cut)
    return np.asarray(np.interp(shares, shown, ndtr(apart - cut)))


def _gains(tops: Tops) -> dict[str, Callable[[float], Vector]]:
    """Gain in recall at every share by the binormal model, from an AUC."""
    shares, prevalence = np.array(SHARES), tops.prevalence

    def more_capacity(auc: float) -> Vector:
        return binormal_recall(auc, prevalence, np.minimum(1.0, MORE_CAPACITY * shares)) - binormal_recall(auc, prevalence, shares)

    def better_ranking(auc: float) -> Vector:
        return binormal_recall(auc + BETTER_AUC, prevalence, shares) - binormal_recall(auc, prevalence, shares)

    return {"more_capacity_smooth": more_capacity, "better_ranking_smooth": better_ranking}


def _smooth_gains(auc: float, draws: Vector, gain: Callable[[float], Vector]) -> list[Interval]:
    """Gain at every share with the interval that the AUC's own draws give it."""
    known = draws[np.isfinite(draws)]
    if len(known) == 0 or not np.isfinite(auc):
        return [Interval(float("nan"), float("nan"), float("nan"))] * len(SHARES)
    # Gains change slowly with the AUC: straight lines between forty starts are exact to the fourth decimal.
    starts = np.linspace(known.min(), known.max(), 40)
    table, estimate = np.stack([gain(start) for start in starts]), gain(auc)
    return [percentile_interval(float(estimate[i]), np.interp(draws, starts, table[:, i])) for i in range(len(SHARES))]


def _point(name: str, tops: Tops, place: int, better: str | None, smooth: Mapping[str, Interval], told: ToldCapacities) -> dict[str, Any]:
    more, share = place + len(SHARES), SHARES[place]
    is_told = told.may_tell(name, share)
    # Ten per cent more reviews are few people on a small test: where they found one to four, only the smooth figure is told.
    more_told = is_told and told.may_tell(name, min(1.0, MORE_CAPACITY * share))
    rung_told = is_told and better is not None and told.may_tell(better, share)
    gains = {
        "more_capacity": tops.recall_gain(name, more, over=name, over_place=place) if more_told else None,
        "next_rung": tops.recall_gain(better, place, over=name) if better is not None and rung_told else None,
        **smooth,
    }
    return {
        "share": share,
        "precision": tops.precision(name, place).to_json() if is_told else None,
        "recall": tops.recall(name, place).to_json() if is_told else None,
        "recall_gain": {way: None if gain is None else gain.to_json() for way, gain in gains.items()},
    }
