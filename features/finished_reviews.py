"""Finished reviews, which the review service gives to monitoring and to nobody else.

A module of its own, so that import-linter can say who never sees it: whatever builds features, labels or models. What a reviewer decided is
no fact about what became of somebody, and a model that learnt from it would learn to agree with itself (R-37).
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from features.declarations.project import Project
from features.exchange import as_table, read_table, write_table
from features.exchanged import FINISHED_REVIEWS, reviews_path
from features.intake.linkage import translate_subjects


def read_finished_reviews(project: Project) -> pd.DataFrame:
    """Read the finished reviews; empty, with its columns, where there is none."""
    frame: pd.DataFrame = read_table(reviews_path(project), FINISHED_REVIEWS).to_pandas()
    return frame


def as_audit_subjects(project: Project, reviews: pd.DataFrame) -> pd.DataFrame:
    """Give finished reviews under the audit purpose's subject ids, without those of people who are not in that store.

    For the fairness job alone: its rows stay in its process, and aggregates leave (R-10).

    Raises
    ------
    DataError
        TID402 when there are reviews but nothing has been ingested.
    """
    if reviews.empty:
        return reviews
    subjects = reviews["subject_id"].drop_duplicates().tolist()
    found = translate_subjects(project, subjects, from_purpose="score", to_purpose="audit")
    to_audit = dict(zip(found["from_subject"], found["to_subject"], strict=True))
    translated = reviews.assign(subject_id=reviews["subject_id"].map(to_audit))
    kept: pd.DataFrame = translated[translated["subject_id"].notna()]
    return kept.reset_index(drop=True)


def write_finished_reviews(project: Project, table: pd.DataFrame | pa.Table) -> None:
    """Replace the table of finished reviews.

    Raises
    ------
    DataError
        TID408 when a column is missing, unknown or of the wrong type.
    """
    write_table(reviews_path(project), as_table(table, FINISHED_REVIEWS), FINISHED_REVIEWS)
