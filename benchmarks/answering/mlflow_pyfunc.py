"""The same bundle through MLflow's ``pyfunc.predict``: its schema checks and DataFrames around our score and reasons."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from benchmarks.answering.one_row import one_at_a_time, read_rows
from benchmarks.contender import Work

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import mlflow

    from models.packaging import log_pyfunc


def log(work: str) -> int:
    """Log the bundle to an MLflow store of its own, ``mlflow.db`` and ``mlartifacts``."""
    folder = Path(work).resolve()
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    mlflow.set_experiment(experiment_id=mlflow.create_experiment("bench", artifact_location=(folder / "mlartifacts").as_uri()))
    with mlflow.start_run():
        log_pyfunc(folder / "bundle")
    return 1


@contextmanager
def answer(work: str, out: str) -> Iterator[Work]:
    """Score and explain every row alone, each a DataFrame of one row that was made before the clock."""
    (described,) = (Path(work) / "mlartifacts").rglob("MLmodel")
    model, rows = mlflow.pyfunc.load_model(str(described.parent)), read_rows(work)
    names = model.metadata.get_input_schema().input_names()
    frames = [pd.DataFrame(row[None, :], columns=names) for row in rows]

    def one(row: int) -> float:
        return float(model.predict(frames[row])["score"].iloc[0])

    yield one_at_a_time(one, n_rows=len(rows), out=out)
