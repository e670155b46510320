"""Section `lead_time`: how well people with the outcome are found, by how long before it the score was made.

A model that names people a month before they quit is of less use than one that names fewer of them a year ahead; one figure over all of
them does not say which it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.small_cells import SMALLEST_CELL, withheld_cells
from models.intervals import Interval, percentile_interval, with_exact_edge
from models.resampling import resample
from training.evaluation.examined import Examined
from training.evaluation.people_needed import people_needed
from training.evaluation.rows import MeasuredRows

Vector = NDArray[np.float64]

CUTS = (3, 12, 24, 36)
"""Months before the outcome at which one span ends and the next begins."""
DAYS_PER_MONTH = 365.2425 / 12
ENOUGH = 20
"""People with the outcome that a span needs for figures: with fewer an interval says little and a figure may be about someone."""
TOO_FEW = f"fewer than {ENOUGH} people with the outcome"
GIVES_AWAY = "the figures would give the number of a few people away"
N_RESAMPLES = 200


@dataclass(frozen=True)
class Span:
    """Rows whose outcome came about so long after the score, months from `first` up to `last`, itself not among them."""

    first: int
    last: int | None
    rows: NDArray[np.bool_]

    @property
    def n(self) -> int:
        """People with the outcome in it."""
        return int(self.rows.sum())

    @property
    def words(self) -> str:
        """The span as a heading.

        >>> Span(36, None, np.zeros(0, dtype=np.bool_)).words, Span(3, 12, np.zeros(0, dtype=np.bool_)).words
        ('36 months or more', '3 to 12 months')
        """
        return f"{self.first} months or more" if self.last is None else f"{self.first} to {self.last} months"


def lead_time(examined: Examined) -> dict[str, Any]:
    """Measure recall at capacity and AUC for each span of time between score and outcome.

    Recall is the share of a span's people who are among those that the capacity allows, out of all people tested; AUC is of a span's
    people against everybody without the outcome. Spans with one to four people are joined with their neighbour (R-09).
    """
    table, split = examined.experiment.table, examined.experiment.split
    if table.outcome_on is None:
        return {"spans": [], "reason": "the table does not say when outcomes came about"}
    rows = MeasuredRows.of(examined)
    test = np.flatnonzero(split.test)[rows.within]
    months = (table.outcome_on[test] - table.rows.as_of[test]) / DAYS_PER_MONTH
    spans = spans_of(months, rows.label)
    reviewed = reviewed_shares(rows.probability, share=examined.capacity_share)
    return {
        **rows.about(),
        "chosen": rows.chosen,
        "capacity_share": examined.capacity_share,
        "enough": ENOUGH,
        "spans": [
            _measured(span, rows, reviewed, examined.capacity_share, is_told=told)
            for span, told in zip(spans, told_spans(spans, reviewed), strict=True)
        ],
    }


def spans_of(months: Vector, label: Vector, *, cuts: Sequence[int] = CUTS) -> tuple[Span, ...]:
    """Divide people with the outcome by months until it; a small span is joined with the next that is not empty.

    >>> months = np.array([1.0, 5, 5, 5, 5, 5, 40, 40, 40, 40, 40, 40])
    >>> [(span.words, int(span.rows.sum())) for span in spans_of(months, np.ones(12))]
    [('0 to 12 months', 6), ('36 months or more', 6)]
    """
    span_of = np.searchsorted(np.array(cuts), months, side="right")
    ends = zip((0, *cuts), (*cuts, None), strict=True)
    spans = [Span(first, last, (label == 1) & (span_of == number)) for number, (first, last) in enumerate(ends)]
    spans = [span for span in spans if span.rows.any()]
    while len(spans) > 1 and any(span.n < SMALLEST_CELL for span in spans):
        small = next(place for place, span in enumerate(spans) if span.n < SMALLEST_CELL)
        place = min(small, len(spans) - 2)
        spans[place : place + 2] = [Span(spans[place].first, spans[place + 1].last, spans[place].rows | spans[place + 1].rows)]
    return tuple(span for span in spans if span.n >= SMALLEST_CELL)


def reviewed_shares(probability: Vector, *, share: float) -> Vector:
    """Give each row's chance of being among those that the capacity allows: 1 above the cut, 0 below, the places left shared by equals.

    >>> reviewed_shares(np.array([0.9, 0.5, 0.5, 0.1]), share=0.5).tolist()
    [1.0, 0.5, 0.5, 0.0]
    """
    room = share * len(probability)
    _, place, n_of_score = np.unique(-probability, return_inverse=True, return_counts=True)
    before = np.cumsum(n_of_score) - n_of_score
    return np.asarray(np.clip((room - before) / n_of_score, 0.0, 1.0)[place])


def told_spans(spans: Sequence[Span], reviewed: Vector) -> list[bool]:
    """Say of which spans figures may be told: a recall gives the numbers found and missed, whose totals the capacity plan tells (R-09)."""
    n = np.array([span.n for span in spans], dtype=np.int64)
    found = np.array([round(float(reviewed[span.rows].sum())) for span in spans], dtype=np.int64)
    hidden = n < ENOUGH
    while True:
        more = withheld_cells(n - found, already=withheld_cells(found, already=hidden))
        if (more == hidden).all():
            return [not hide for hide in hidden.tolist()]
        hidden = more


def _measured(span: Span, rows: MeasuredRows, reviewed: Vector, share: float, *, is_told: bool) -> dict[str, Any]:
    about = {"span": span.words, "months": [span.first, span.last], "n": span.n, "too_few": not is_told}
    if not is_told:
        needed = people_needed([span.n], enough=ENOUGH, n_tested=len(rows.label))
        why = {"reason": TOO_FEW if span.n < ENOUGH else GIVES_AWAY, "n_tested_needed": needed}
        return about | why | {"recall_at_capacity": None, "auc": None}
    return about | {"recall_at_capacity": _recall(span, rows, reviewed).to_json(), "auc": _auc(span, rows, share).to_json()}


def _recall(span: Span, rows: MeasuredRows, reviewed: Vector) -> Interval:
    """Mean chance of being reviewed, on resampled people; the cut stays where all tested people put it."""
    weights = np.concatenate(list(rows.weights(N_RESAMPLES, span.rows)))
    with np.errstate(invalid="ignore"):
        draws = (weights @ reviewed[span.rows]) / weights.sum(axis=1)
    interval = percentile_interval(float(reviewed[span.rows].mean()), draws)
    return with_exact_edge(interval, n_people=len(np.unique(rows.person[span.rows])))


def _auc(span: Span, rows: MeasuredRows, share: float) -> Interval:
    compared = span.rows | (rows.label == 0)
    measure = partial(resample, groups=rows.person[compared], share=share, seed=rows.seed, n_resamples=N_RESAMPLES)
    return measure(rows.label[compared], {"score": rows.probability[compared]}).interval("score", "auc")
