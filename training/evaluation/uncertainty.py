"""Section `uncertainty`: do the intervals that a case page tells hold on later people, and how wide are they?

The intervals were learnt on predictions inside the training years. Here every cell of the table is held against the test rows that fall
into it: the rate that came should lie between its bounds, but for the noise of the test rows themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from models.reliability import log_odds
from models.uncertainty import RateTable, coarse_span, sureness
from training.evaluation.examined import Examined
from training.evaluation.rows import MeasuredRows, can_tell

Vector = NDArray[np.float64]


def uncertainty(examined: Examined) -> dict[str, Any]:
    """Hold the table of intervals against the test rows."""
    rows, table = MeasuredRows.of(examined), examined.rate_table
    if len(table.low) == 0:
        reason = "the forward predictions hold too few people with or without the outcome to say how sure a probability is"
        return {**rows.about(), "cells": [], "reason": reason}
    low, high = table.interval(log_odds(rows.probability))
    cells = [_cell(table, place, rows.label[mask]) for place, mask in enumerate(_members(table, rows.probability))]
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


def _cell(table: RateTable, place: int, label: Vector) -> dict[str, Any]:
    ones, span = float(label.sum()), coarse_span(float(table.low[place]), float(table.high[place]))
    told = len(label) > 0 and can_tell(ones, len(label) - ones)
    return {
        "low": float(table.low[place]),
        "high": float(table.high[place]),
        "told": f"{span.low} to {span.high} of 100",
        "sureness": sureness(span),
        "n_predictions": table.n_people[place],
        "n_test": len(label) if told else None,
        "observed_rate": ones / len(label) if told else None,
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
