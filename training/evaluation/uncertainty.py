"""Section `uncertainty`: do the intervals that a case page tells hold on later people, and how wide are they?

The intervals were learnt on predictions inside the training years. Here every cell of the table is held against the test rows that fall
into it: the rate that came should lie between its bounds, but for the noise of the test rows themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from features.small_cells import withheld_cells
from models.reliability import log_odds
from models.uncertainty import RateTable, coarse_span, sureness
from training.evaluation.examined import Examined
from training.evaluation.rows import MeasuredRows

Vector = NDArray[np.float64]


def uncertainty(examined: Examined) -> dict[str, Any]:
    """Hold the table of intervals against the test rows."""
    rows, table = MeasuredRows.of(examined), examined.rate_table
    if len(table.low) == 0:
        reason = "the forward predictions hold too few people with or without the outcome to say how sure a probability is"
        return {**rows.about(), "cells": [], "reason": reason}
    low, high = table.interval(log_odds(rows.probability))
    members = _members(table, rows.probability)
    withheld = _withheld(np.array([[rows.label[mask].sum(), (1 - rows.label[mask]).sum()] for mask in members], dtype=np.int64))
    cells = [_cell(table, place, rows.label[mask], is_told=not withheld[place]) for place, mask in enumerate(members)]
    return {
        **rows.about(),
        "reason": "",
        "n_predictions": sum(table.n_people),
        "mean_width": float((high - low).mean()),
        "mean_told_width": float(np.mean([coarse_span(a, b).width for a, b in zip(low, high, strict=True)])) / 100,
        "served_inside": float(((rows.probability >= low) & (rows.probability <= high)).mean()),
        **_coverage(table, rows),
        "cells": cells,
    }


def _members(table: RateTable, probability: Vector) -> list[NDArray[np.bool_]]:
    """Test rows of each cell."""
    cell = np.searchsorted(table.edges, log_odds(probability), side="right")
    return [cell == place for place in range(len(table.low))]


def _withheld(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Cells whose test people may not be told, of counts with and without the outcome, shape (n_cells, 2): few, or found by subtraction."""
    hidden = np.zeros(len(counts), dtype=np.bool_)
    while True:
        more = withheld_cells(counts[:, 1], already=withheld_cells(counts[:, 0], already=hidden))
        if (more == hidden).all():
            return np.asarray(hidden | (counts.sum(axis=1) == 0))
        hidden = more


def _cell(table: RateTable, place: int, label: Vector, *, is_told: bool) -> dict[str, Any]:
    span = coarse_span(float(table.low[place]), float(table.high[place]))
    return {
        "low": float(table.low[place]),
        "high": float(table.high[place]),
        "told": f"{span.low} to {span.high} of 100",
        "sureness": sureness(span),
        "n_predictions": table.n_people[place],
        "n_test": len(label) if is_told else None,
        "observed_rate": float(label.mean()) if is_told else None,
    }


def _coverage(table: RateTable, rows: MeasuredRows) -> dict[str, float]:
    """Share of test rows in cells whose observed rate lies between the bounds: as learnt, as told, and given the noise of the test rows.

    The last one asks whether the interval and the observed rate's own 95 % one (Jeffreys') have anything in common.
    """
    held = {"observed_inside": 0.0, "observed_inside_told": 0.0, "consistent": 0.0}
    for place, mask in enumerate(_members(table, rows.probability)):
        n, ones = int(mask.sum()), float(rows.label[mask].sum())
        if n == 0:
            continue
        low, high, rate = float(table.low[place]), float(table.high[place]), ones / n
        span = coarse_span(low, high)
        noise_low, noise_high = beta.ppf([0.025, 0.975], ones + 0.5, n - ones + 0.5)
        held["observed_inside"] += n * (low <= rate <= high)
        held["observed_inside_told"] += n * (span.low <= 100 * rate <= span.high)
        held["consistent"] += n * (noise_low <= high and noise_high >= low)
    return {name: count / len(rows.label) for name, count in held.items()}
