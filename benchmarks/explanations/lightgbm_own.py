"""LightGBM's own contributions, ``pred_contrib``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import lightgbm
import numpy as np

from benchmarks.contender import Work
from benchmarks.explanations.ready import Rows, explaining, model_file, read_rows


@contextmanager
def explain(work: str, out: str, rows: int, threads: int) -> Iterator[Work]:
    """Load the trees, then explain all rows."""
    booster = lightgbm.Booster(model_file=model_file(work))

    def contributions(matrix: Rows) -> Rows:
        return np.asarray(booster.predict(matrix, pred_contrib=True, num_threads=threads))[:, :-1]

    yield explaining(contributions, read_rows(work, rows), out)
