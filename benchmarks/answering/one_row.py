"""The rows that every contender is asked for, one after the other, and the clock on each."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.contender import Work

Rows = NDArray[np.float64]


def read_rows(work: str) -> Rows:
    """Read the rows, shape (n_rows, 60), NaN where missing."""
    return np.asarray(np.load(Path(work) / "rows.npy", allow_pickle=False), dtype=np.float64)


def one_at_a_time(answer: Callable[[int], float], *, n_rows: int, out: str) -> Work:
    """Give the work of answering for each row alone; the first is answered once before, since a service is warm when somebody asks.

    Parameters
    ----------
    answer
        From a row's number to the probability it is given, reasons worked out on the way.
    out
        Where the probabilities go, for comparing contenders.
    """
    answer(0)

    def work() -> list[float]:
        seconds, probabilities = [], []
        for row in range(n_rows):
            started = time.perf_counter()
            probabilities.append(answer(row))
            seconds.append(time.perf_counter() - started)
        np.save(out, np.array(probabilities))
        return seconds

    return work
