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

from features.declarations.learning import Bands
from features.small_cells import SMALLEST_CELL
from models.intervals import Interval, percentile_interval
from training.evaluation.examined import Examined
from training.evaluation.rows import MeasuredRows

Vector = NDArray[np.float64]

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 15))
"""0.05 to 0.70: from nineteen approached in vain for one found, to less than one."""
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
        Whether a figure rests on no group of one to four people (R-09), shape (n_names, n_thresholds).
    """

    names: tuple[str, ...]
    thresholds: tuple[float, ...]
    estimates: Vector
    draws: Vector
    can_tell: NDArray[np.bool_]

    def at(self, name: str, place: int) -> Interval | None:
        """Net benefit at one threshold; None where it may not be told."""
        row = self.names.index(name)
        if not self.can_tell[row, place]:
            return None
        return percentile_interval(float(self.estimates[row, place]), self.draws[:, row, place])

    def gain(self, name: str, over: str | None, place: int) -> Interval | None:
        """Difference to another way of choosing, None for approaching nobody, on the same resampled people."""
        if over is None:
            return self.at(name, place)
        row, other = self.names.index(name), self.names.index(over)
        if not (self.can_tell[row, place] and self.can_tell[other, place]):
            return None
        estimate = float(self.estimates[row, place] - self.estimates[other, place])
        return percentile_interval(estimate, self.draws[:, row, place] - self.draws[:, other, place])


def decision_curve(examined: Examined) -> dict[str, Any]:
    """Measure net benefit over a range of thresholds, and how much the chosen rung adds over every simpler way."""
    rows = MeasuredRows.of(examined)
    found = net_benefits(rows, thresholds_with(examined.project.screening.bands))
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


def thresholds_with(bands: Bands) -> tuple[float, ...]:
    """Give the range of thresholds together with the project's own two cut-offs."""
    return tuple(sorted({*THRESHOLDS, bands.worth_a_look, bands.should_be_assessed}))


def net_benefits(rows: MeasuredRows, thresholds: Sequence[float], *, n_resamples: int = N_RESAMPLES) -> NetBenefits:
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
        can_tell=_can_tell(rows.label, shown),
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
        "is_useful": all(gain is not None and gain.low > 0 for gain in gains.values()),
    }


def _can_tell(label: Vector, shown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether neither the people found nor those approached in vain are one to four."""
    ones = (shown * label[:, None, None]).sum(axis=0)
    zeros = shown.sum(axis=0) - ones
    return np.asarray(~(((ones > 0) & (ones < SMALLEST_CELL)) | ((zeros > 0) & (zeros < SMALLEST_CELL))))


def _json(interval: Interval | None) -> Mapping[str, float | None] | None:
    return None if interval is None else interval.to_json()
