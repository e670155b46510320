"""Score and explain as many people as live between 0 and 24 in Norway: 1.6 million rows on two threads.

Rows lie on disk in parts, as a feature table does. What is kept of each row is its served log-odds and its three strongest reasons.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.contender import Work
from benchmarks.explanations.work import EXAMPLE_MODEL, LARGE_MODEL, ModelSize, planted_rows, write_bundle
from benchmarks.frame import BenchRow, Contender, compare, write_rows
from features.threads import in_turn
from models.bundle import load_bundle

ROWS_OF_PART = 2**15
WORKERS = 2
KEPT = 3


@dataclass(frozen=True)
class Kept:
    """What is kept of some rows: log-odds, and features and contributions of the strongest reasons, shape (n_rows, 3)."""

    log_odds: np.ndarray
    feature: np.ndarray
    contribution: np.ndarray


def explain_nation(work: Path, *, rows: int, folder: Path) -> list[BenchRow]:
    """Run both models over a nation and write ``explain-national.json``."""
    found: list[BenchRow] = []
    for name, size in (("the example project's model", EXAMPLE_MODEL), ("a large model", LARGE_MODEL)):
        shutil.rmtree(work, ignore_errors=True)
        write_nation(work, size, rows=rows)
        contender = Contender(f"{name}: {size}", "benchmarks.explanations.national:score_and_explain", {"work": str(work)})
        found += compare("explain, a nation", [contender], rows, runs=1)
    write_rows("explain-national", found, folder=folder)
    return found


def write_nation(work: Path, size: ModelSize, *, rows: int) -> None:
    """Write a bundle and parts of rows, float32 as in a feature table."""
    write_bundle(work, size, threads=1)
    (work / "parts").mkdir()
    random = np.random.default_rng(rows)
    for part, begin in enumerate(range(0, rows, ROWS_OF_PART)):
        matrix, _ = planted_rows(min(ROWS_OF_PART, rows - begin), size.features, random)
        np.save(work / "parts" / f"{part:05}.npy", matrix.astype(np.float32))


@contextmanager
def score_and_explain(work: str) -> Iterator[Work]:
    """Load the bundle, build its tables, read every part, score and explain it, keep what is kept: all of it is timed."""
    parts = sorted((Path(work) / "parts").iterdir())

    def all_parts() -> int:
        bundle = load_bundle(Path(work) / "bundle")

        def one(part: Path) -> Kept:
            explained = bundle.explain(np.load(part, allow_pickle=False))
            strongest = np.argpartition(-np.abs(explained.phi), KEPT, axis=1)[:, :KEPT]
            return Kept(explained.log_odds, strongest, np.take_along_axis(explained.phi, strongest, axis=1))

        return _write(Path(work) / "explained.npz", list(in_turn(one, parts, workers=WORKERS)))

    yield all_parts


def _write(out: Path, kept: Sequence[Kept]) -> int:
    log_odds = np.concatenate([part.log_odds for part in kept])
    feature = np.concatenate([part.feature for part in kept])
    np.savez(out, log_odds=log_odds, feature=feature, contribution=np.concatenate([part.contribution for part in kept]))
    return len(log_odds)
