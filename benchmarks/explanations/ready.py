"""What every contender that is not ours does: load, get ready before the clock starts, explain the first so many rows, write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.contender import Work

Rows: TypeAlias = NDArray[np.float64]


def read_rows(work: str, rows: int) -> Rows:
    """Read the first rows to explain, shape (rows, 60)."""
    return np.asarray(np.load(Path(work) / "rows.npy", allow_pickle=False)[:rows])


def model_file(work: str) -> str:
    """Where LightGBM's text lies."""
    return str(Path(work) / "bundle" / "rung" / "model.txt")


def explaining(explain: Callable[[Rows], Rows], rows: Rows, out: str) -> Work:
    """Give the work of explaining all rows; what came out is written, shape (rows, 60)."""

    def work() -> int:
        contributions = explain(rows)
        np.save(out, contributions)
        return len(contributions)

    return work
