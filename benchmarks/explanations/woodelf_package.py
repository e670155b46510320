"""woodelf-explainer, path-dependent, in an environment of its own. What it prepares from the model it prepares at every call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import lightgbm
import numpy as np
import pandas as pd
from woodelf import WoodelfExplainer

from benchmarks.contender import Work
from benchmarks.explanations.ready import Rows, explaining, model_file, read_rows


@contextmanager
def explain(work: str, out: str, rows: int) -> Iterator[Work]:
    """Load the trees, then explain all rows."""
    explainer = WoodelfExplainer(lightgbm.Booster(model_file=model_file(work)))

    def contributions(matrix: Rows) -> Rows:
        return np.asarray(explainer.shap_values(pd.DataFrame(matrix), verbose=False), dtype=np.float64)

    yield explaining(contributions, read_rows(work, rows), out)
