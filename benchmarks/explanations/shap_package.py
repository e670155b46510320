"""The shap package's ``TreeExplainer``, path-dependent as it comes."""

from __future__ import annotations

from pathlib import Path

import lightgbm
import numpy as np
import shap


def explain(work: str, out: str) -> int:
    """Load the trees, explain all rows, write the contributions; how many rows there were."""
    rows = np.load(Path(work) / "rows.npy", allow_pickle=False)
    booster = lightgbm.Booster(model_file=str(Path(work) / "bundle" / "rung" / "model.txt"))
    contributions = np.asarray(shap.TreeExplainer(booster).shap_values(rows))
    np.save(out, contributions)
    return len(contributions)
