"""Makes the work of the scoring benchmark, in a process that bears MLflow, so that none of the contenders does before its time."""

from __future__ import annotations

import warnings
from pathlib import Path

from benchmarks.answering.scoring_work import write_scoring_work

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from benchmarks.answering.mlflow_shap import save_mlflow_model


def make(work: str, trees: int, rows: int) -> int:
    """Write project, histories and MLflow model."""
    folder = Path(work).resolve()
    write_scoring_work(folder, trees=trees, rows=rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        save_mlflow_model(folder)
    return rows
