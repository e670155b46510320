"""Loops compile whether or not there is a folder to keep the compiled code in."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from features.declarations.specs import AGGREGATIONS
from features.engine import sweep
from features.engine.compiled import compiled


def total(values: np.ndarray) -> float:
    added = 0.0
    for value in values:
        added += value
    return added


def test_without_a_folder_for_compiled_code_a_loop_is_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])
    with pytest.raises(RuntimeError, match="no locator available"):
        numba.njit(cache=True)(total)
    assert compiled(total)(np.array([0.5, 2.0])) == 2.5


def test_statistics_are_numbered_as_they_are_listed() -> None:
    """A number that the sweep does not know would give another statistic's answer."""
    named = {
        "days_since_first": sweep.SINCE_FIRST,
        "days_since_last": sweep.SINCE_LAST,
        "days_since_change": sweep.SINCE_CHANGE,
    }
    numbers = [named.get(name, getattr(sweep, name.upper(), None)) for name in AGGREGATIONS]
    assert numbers == list(range(sweep.SINCE_CHANGE + 1))
