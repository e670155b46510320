"""Finished reviews made by hand, for tests of what the report tells of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from features.exchanged import FINISHED_REVIEWS
from monitoring.oversight.reviews import Oversight, measure_oversight
from tests.support.projects import NOW

MODEL = "tiny-not_completed-grade_10"
AS_OF = date(2026, 6, 15)


def finished_review(subject_id: str, **changes: Any) -> dict[str, Any]:
    """Make a review that leaned to concern, saw the proposal for twelve minutes and led to a conversation that is still to come."""
    row: dict[str, Any] = {
        "subject_id": subject_id,
        "case_id": subject_id,
        "model": MODEL,
        "stage": "grade_10",
        "as_of": AS_OF,
        "proposed_at": NOW,
        "own_view": "concern",
        "decided_at": NOW + timedelta(days=6),
        "decision": "wondering",
        "agreed_before": True,
        "agreed_after": True,
        "second_reader": False,
        "band": "worth_a_look",
        "municipality": "9901",
        "held_back": False,
        "days_to_opened": 2.0,
        "days_to_decided": 6.0,
        "minutes_seen": 12.0,
        "data_error": False,
        "informed": False,
        "consent": None,
        "readers_agree": None,
        "reviewer": "0",
        "quality_sample": False,
    }
    return {**row, **changes}


def no_need(subject_id: str, **changes: Any) -> dict[str, Any]:
    """Make a review that decided against the proposal."""
    return finished_review(subject_id, **{"decision": "no_need", "agreed_after": False, "informed": None, **changes})


def as_frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Put reviews into a table with every column."""
    return pd.DataFrame(rows, columns=FINISHED_REVIEWS.names)


def finished_reviews(subject_ids: Sequence[str]) -> pd.DataFrame:
    """Make reviews of these people, three in five of which follow the proposal, and all but two of which leaned to concern before."""
    views = {0: {"own_view": "no_concern", "agreed_before": False}, 3: {"own_view": "no_concern", "agreed_before": False}}
    made = (finished_review, finished_review, finished_review, no_need, no_need)
    return as_frame([made[n % 5](subject, **views.get(n, {})) for n, subject in enumerate(subject_ids)])


def oversight(n_reviews: int, n_agreed: int) -> Oversight:
    """Count so many reviews of so many proposals, of which so many agreed."""
    ids = [f"{n:032x}" for n in range(n_reviews)]
    reviews = as_frame([finished_review(subject) if n < n_agreed else no_need(subject) for n, subject in enumerate(ids)])
    return measure_oversight(ids, np.ones(n_reviews, dtype=bool), reviews, label=np.full(n_reviews, np.nan), groups={})
