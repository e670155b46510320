"""Evidently's drift preset over the same features; it computes what its plots need as well."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.watching.work import NAMES, draw_features

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from evidently import Report
    from evidently.presets import DataDriftPreset


def drift(n_people: int) -> int:
    """DataDriftPreset with Evidently's defaults."""
    Report([DataDriftPreset()]).run(_frame(draw_features(n_people, seed=1)), _frame(draw_features(n_people))).dict()
    return n_people


def _frame(rows: np.ndarray[Any, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(NAMES))
