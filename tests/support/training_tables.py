"""A small training table in memory, with a planted truth."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from training.gathering import content_hash
from training.splits.periods import LabelledRows
from training.table import TrainingTable

NAMES = (
    "edu_absence_days.sum@365d",
    "edu_grade_mean.last@ever",
    "nav_low_income_hh.last@ever",
    "aud_protected.last@ever",
    "edu_municipality.last@ever",
)
"""Predictors as the tiny project declares them, a benchmark-only column, and the area."""
PREDICTORS = NAMES[:3]
YEARS = (2013, 2014, 2015, 2016)


def planted_table(n_per_year: int = 400, *, seed: int = 3, strength: float = 1.0) -> TrainingTable:
    """People of four years, labels known eight months later; absence and low marks raise the risk, `strength` says how much."""
    random = np.random.default_rng(seed)
    n = n_per_year * len(YEARS)
    absence, marks, noise = random.gamma(1.5, 8.0, n), random.normal(42, 8, n), random.normal(0, 1, n)
    protected, area = random.integers(0, 2, n), random.choice([9901.0, 9902.0], n)
    z = -1.7 + strength * (0.07 * (absence - 12) - 0.12 * (marks - 42)) + 1.5 * protected
    label = (random.random(n) < expit(z)).astype(np.float64)
    matrix = np.column_stack([absence, marks, noise, protected, area]).astype(np.float32)
    matrix[random.random(n) < 0.05, 1] = np.nan
    as_of = np.repeat([np.datetime64(f"{year}-10-01", "D").astype(np.int32) for year in YEARS], n_per_year).astype(np.int32)
    rows = LabelledRows(
        as_of, (as_of + 250).astype(np.int32), np.arange(n, dtype=np.int32) // 2, np.repeat([str(year) for year in YEARS], n_per_year)
    )
    return TrainingTable(
        names=NAMES,
        matrix=matrix,
        label=label,
        rows=rows,
        subject_id=np.array([f"{person:032x}" for person in range(n)]),
        predictors=PREDICTORS,
        benchmark_only=("aud_protected.last@ever",),
        area_feature="edu_municipality.last@ever",
        pending=np.empty(0, dtype=np.str_),
        n_without_outcome=0,
        data_hash=content_hash(NAMES, matrix, label, rows),
    )
