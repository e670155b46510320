"""Ours: a loaded bundle, from a wider table's row to band and reasons, as a screening does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.answering.one_row import one_at_a_time, read_rows
from benchmarks.contender import Work
from models.bundle import load_bundle
from models.reasons import build_reasons


@contextmanager
def answer(work: str, out: str) -> Iterator[Work]:
    """Score and explain every row alone."""
    bundle, rows = load_bundle(Path(work) / "bundle"), read_rows(work)

    def one(row: int) -> float:
        matrix = bundle.matrix_from(bundle.feature_names, rows[row : row + 1])
        scores, why = bundle.score(matrix), bundle.explain(matrix)
        build_reasons(bundle.catalogue, why.names, why.phi[0], matrix[0], bundle.reference)
        return float(scores.probability[0])

    yield one_at_a_time(one, n_rows=len(rows), out=out)
