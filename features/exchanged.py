"""The tables of persons that lie outside the store: their columns, and where they are.

The service writes restrictions and finished reviews, a screening writes what it said about everybody; intake clears people out of them.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from features.declarations.project import Project
from features.exchange import added_later, write_table

RESTRICTIONS = pa.schema(
    [
        pa.field("subject_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("valid_from", pa.date32(), nullable=False),
        pa.field("valid_to", pa.date32()),
        pa.field("recorded_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("recorded_by_role", pa.string(), nullable=False),
    ]
)
"""`subject_id` is of the score purpose; without `valid_to` it holds until withdrawn; both ends of the period count."""

FINISHED_REVIEWS = pa.schema(
    [
        pa.field("subject_id", pa.string(), nullable=False),
        pa.field("case_id", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        pa.field("as_of", pa.date32(), nullable=False),
        pa.field("proposed_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("own_view", pa.string()),
        pa.field("decided_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("decision", pa.string(), nullable=False),
        pa.field("agreed_before", pa.bool_()),
        pa.field("agreed_after", pa.bool_()),
        pa.field("second_reader", pa.bool_(), nullable=False),
        added_later("band", pa.string()),
        added_later("municipality", pa.string()),
        added_later("held_back", pa.bool_()),
        added_later("days_to_opened", pa.float64()),
        added_later("days_to_decided", pa.float64()),
        added_later("minutes_seen", pa.float64()),
        added_later("data_error", pa.bool_()),
        added_later("informed", pa.bool_()),
        added_later("consent", pa.bool_()),
        added_later("readers_agree", pa.bool_()),
        added_later("reviewer", pa.string()),
        added_later("quality_sample", pa.bool_()),
    ]
)
"""One row for each decision, and for each case that time ended without one; never of a protected address (R-08). Null is not known.

`own_view` is the coded view before the score was shown, never the reviewer's text. `band` is the one that was shown. Of a case of study
mode `held_back` is true: it was decided without having been shown the proposal. Days count from the proposal, or from when the case was
proposed again; `minutes_seen` from the first sight of the proposal to the decision. `data_error`: the review ended with an error in the
information. `informed` and `consent` are told of conversations only; no answer to a consent is null. `readers_agree`: both inclined to
the same before they saw the proposal. `reviewer` is a number that is one person's within this writing of the table and of none other.
"""

SCORED = pa.schema(
    [
        pa.field("screening_id", pa.string(), nullable=False),
        pa.field("subject_id", pa.string(), nullable=False),
        pa.field("project", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("model_version", pa.string(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("as_of", pa.date32(), nullable=False),
        pa.field("log_odds", pa.float64(), nullable=False),
        pa.field("probability", pa.float64(), nullable=False),
        pa.field("band", pa.string(), nullable=False),
        pa.field("proposed", pa.bool_(), nullable=False),
        pa.field("municipality", pa.string()),
        pa.field("synthetic", pa.bool_(), nullable=False),
    ]
)
"""`subject_id` is of the *audit* purpose: these rows can't be joined with cases or with the score store."""


def restrictions_path(project: Project) -> Path:
    """Where the review service writes who is left out."""
    return project.var / "exchange" / "restrictions.parquet"


def reviews_path(project: Project) -> Path:
    """Where the review service writes finished reviews."""
    return project.var / "exchange" / "finished_reviews.parquet"


def scored_folder(project: Project) -> Path:
    """Folder with a file for each screening."""
    return project.var / "scored"


def begin_restrictions(project: Project) -> None:
    """Write an empty list where there is none yet: from then on a list that is gone is seen to be gone."""
    if not restrictions_path(project).is_file():
        write_table(restrictions_path(project), RESTRICTIONS.empty_table(), RESTRICTIONS)
