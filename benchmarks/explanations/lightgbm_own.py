"""LightGBM's own contributions, ``pred_contrib``."""

from __future__ import annotations

from pathlib import Path

import lightgbm
import numpy as np


def explain(work: str, out: str, threads: int) -> int:
    """Load the trees, explain all rows, write the contributions; how many rows there were."""
    rows = np.load(Path(work) / "rows.npy", allow_pickle=False)
    booster = lightgbm.Booster(model_file=str(Path(work) / "bundle" / "rung" / "model.txt"))
    contributions = np.asarray(booster.predict(rows, pred_contrib=True, num_threads=threads))[:, :-1]
    np.save(out, contributions)
    return len(contributions)
