"""Section `decision_curve`: is it better to use the model than to approach everybody, nobody, or those whom simpler targeting names?

Net benefit counts people found and charges those approached in vain at the odds of a threshold. A threshold of 0.2 says that one found is
worth four approached in vain; which threshold a service stands for is its own to say, so a range of them is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.intervals import Interval, percentile_interval
from training.evaluation.examined import Examined
from training.evaluation.rows import MeasuredRows
from training.evaluation.told_capacity import ToldCapacities, told_capacities, wanted_thresholds

Vector = NDArray[np.float64]

N_RESAMPLES = 500
TREAT_ALL = "everybody"


@dataclass(frozen=True)
class NetBenefits:
    """Net benefit of every way of choosing at every threshold, on the rows and on resampled people.

    Attributes
    ----------
    names
        Rungs, and ``everybody``; approaching nobody is 0 everywhere.
    estimates, draws
        Shapes (n_names, n_thresholds) and (n_draws, n_names, n_thresholds).
    can_tell
        Whether a figure, beside all else that is told of the ranking, gives no number of one to four people away (R-09), shape
        (n_names, n_thresholds).
    """

    names: tuple[str, ...]
    thresholds: tuple[float, ...]
    estimates: Vector
    draws: Vector
    can_tell: NDArray[np.bool_]

    def at(self, name: str, place: int) -> Interval | None:
        """Net benefit at one threshold; None where it may not be told."""
        return self.gain(name, None, place)

    def gain(self, name: str, over: str | None, place: int) -> Interval | None:
        """Difference to another way of choosing, None for approaching nobody, on the same resampled people; None: not to be told."""
        return self._gain(name, over, place) if all(self.can_tell[self._row(way), place] for way in (name, over) if way) else None

    def is_clear_gain(self, name: str, over: str | None, place: int) -> bool:
        """Whether the gain's 95 % interval lies above 0; that may be told of any gain."""
        return self._gain(name, over, place).low > 0

    def _gain(self, name: str, over: str | None, place: int) -> Interval:
        estimate, draws = self.estimates[self._row(name), place], self.draws[:, self._row(name), place]
        if over is None:
            return percentile_interval(float(estimate), draws)
        return percentile_interval(float(estimate - self.estimates[self._row(over), place]), draws - self.draws[:, self._row(over), place])

    def _row(self, name: str) -> int:
        return self.names.index(name)


def decision_curve(examined: Examined) -> dict[str, Any]:
    """Measure net benefit over a range of thresholds, and how much the chosen rung adds over every simpler way."""
    rows = MeasuredRows.of(examined)
    thresholds = sorted(wanted_thresholds(examined.project.screening.bands))
    found = net_benefits(rows, thresholds, told=told_capacities(examined))
    simpler = (*_simpler(rows), TREAT_ALL)
    points = [_point(found, place, rows.chosen, simpler) for place in range(len(found.thresholds))]
    return {
        **rows.about(),
        "n_resamples": N_RESAMPLES,
        "chosen": rows.chosen,
        "points": points,
        "useful_thresholds": [point["threshold"] for point in points if point["is_useful"]],
        "finding": finding([point["threshold"] for point in points if point["is_useful"]], rows.chosen),
    }


def net_benefits(rows: MeasuredRows, thresholds: Sequence[float], *, told: ToldCapacities, n_resamples: int = N_RESAMPLES) -> NetBenefits:
    """Measure every rung, and approaching everybody, at every threshold.

    Notes
    -----
    Vickers and Elkin 2006: TP/n − FP/n · t/(1 − t), as `models.metrics.net_benefit`; all draws come from one matrix product.
    """
    names = (*rows.probabilities, TREAT_ALL)
    scores = [*rows.probabilities.values(), np.ones(len(rows.label))]
    odds = np.array(thresholds) / (1 - np.array(thresholds))
    shown = np.stack([np.stack([score >= threshold for threshold in thresholds], axis=1) for score in scores], axis=1)
    worth = np.where(shown, rows.label[:, None, None] - (1 - rows.label[:, None, None]) * odds, 0.0)
    flat = worth.reshape(len(rows.label), -1)
    draws = np.concatenate([(block @ flat) / block.sum(axis=1, keepdims=True) for block in rows.weights(n_resamples)])
    return NetBenefits(
        names=names,
        thresholds=tuple(thresholds),
        estimates=worth.mean(axis=0),
        draws=draws.reshape(-1, len(names), len(thresholds)),
        can_tell=np.array([[name == TREAT_ALL or one in told.thresholds[name] for one in thresholds] for name in names]),
    )


def finding(useful: Sequence[float], chosen: str) -> str:
    """Say in one sentence where the chosen rung is worth using."""
    if not useful:
        return f"At no threshold looked at does {chosen} clearly do better than every simpler way and than approaching everybody or nobody."
    where = ", ".join(f"{threshold:.2f}" for threshold in useful)
    return (
        f"{chosen} does better than every simpler way, and than approaching everybody or nobody, at {where}: paired 95 % intervals above 0."
    )


def _simpler(rows: MeasuredRows) -> tuple[str, ...]:
    """Rungs below the chosen one."""
    names = tuple(rows.probabilities)
    return names[: names.index(rows.chosen)]


def _point(found: NetBenefits, place: int, chosen: str, simpler: Sequence[str]) -> dict[str, Any]:
    gains = {name: found.gain(chosen, name, place) for name in simpler} | {"nobody": found.gain(chosen, None, place)}
    return {
        "threshold": found.thresholds[place],
        "net_benefit": {name: _json(found.at(name, place)) for name in found.names},
        "gain_over": {name: _json(gain) for name, gain in gains.items()},
        "is_useful": all(found.is_clear_gain(chosen, over, place) for over in (*simpler, None)),
    }


def _json(interval: Interval | None) -> Mapping[str, float | None] | None:
    return None if interval is None else interval.to_json()
