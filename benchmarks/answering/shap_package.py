"""A notebook's way: the booster's own prediction and ``shap.TreeExplainer``. Contributions only: no words, bands or checks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lightgbm
import shap
from scipy.special import expit

from benchmarks.answering.one_row import one_at_a_time, read_rows
from benchmarks.contender import Work


@contextmanager
def answer(work: str, out: str) -> Iterator[Work]:
    """Predict and explain every row alone."""
    booster = lightgbm.Booster(model_file=str(Path(work) / "bundle" / "rung" / "model.txt"))
    explainer, rows = shap.TreeExplainer(booster), read_rows(work)

    def one(row: int) -> float:
        explainer.shap_values(rows[row : row + 1])
        return float(expit(booster.predict(rows[row : row + 1], raw_score=True)[0]))

    yield one_at_a_time(one, n_rows=len(rows), out=out)
