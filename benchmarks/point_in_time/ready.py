"""Ours once its compiled code is loaded: what a process pays once is not counted for anybody, as imports are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.point_in_time import ours
from benchmarks.point_in_time.work import DATES, INDICATORS, SPECS, all_rows
from features.engine.build import build_features
from features.engine.kernel import Rows, feature_matrix
from features.records import Records


@contextmanager
def from_raw(**arguments: str | int) -> Iterator[Callable[[], int]]:
    """Lay the records out by person and build: what the peers do, in full."""
    _compute_nothing()
    yield partial(ours.from_raw, **arguments)  # type: ignore[arg-type]  # named as there


@contextmanager
def from_store(**arguments: str | int) -> Iterator[Callable[[], int]]:
    """Build from a store: what the product does each time after intake."""
    _compute_nothing()
    yield partial(ours.from_store, **arguments)  # type: ignore[arg-type]  # named as there


@contextmanager
def own_dates_from_store(work: str, out: str, n_persons: int, workers: int) -> Iterator[Callable[[], int]]:
    """Build for dates that are each person's own."""
    _compute_nothing()

    def build() -> int:
        store = ours.open_laid_out(Path(work), n_persons)
        return build_features(store, own_rows(n_persons), SPECS, Path(out), levels={}, workers=workers).n_rows

    yield build


def own_rows(n_persons: int) -> pd.DataFrame:
    """Every person on ten dates that nobody else has, as the engine takes them."""
    rows = all_rows(n_persons)
    return rows.assign(as_of=own_dates(n_persons))


def own_dates(n_persons: int) -> list[date]:
    """Ten dates for each person, in order of the rows.

    >>> own_dates(2)[:1] + own_dates(2)[10:11]
    [datetime.date(2015, 6, 15), datetime.date(2015, 6, 16)]
    """
    return [day + timedelta(days=person % 365) for person in range(n_persons) for day in DATES]


def _compute_nothing() -> None:
    one = Rows(np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.int32))
    feature_matrix(Records.empty(), one, SPECS, indicators=INDICATORS, levels={})
