"""The shap package's ``TreeExplainer``, path-dependent as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import lightgbm
import numpy as np
import shap

from benchmarks.contender import Work
from benchmarks.explanations.ready import explaining, model_file, read_rows


@contextmanager
def explain(work: str, out: str, rows: int) -> Iterator[Work]:
    """Load the trees and build the explainer, then explain all rows."""
    explainer = shap.TreeExplainer(lightgbm.Booster(model_file=model_file(work)))
    yield explaining(lambda matrix: np.asarray(explainer.shap_values(matrix)), read_rows(work, rows), out)
