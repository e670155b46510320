"""Score a whole cohort block by block, and make sure that every score's reasons add up before anybody is proposed.

A block is one part of a feature table. Who scores it, a thread of this machine or an executor of a cluster, has no say in what comes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from features.engine.spark import SparkCluster
from features.engine.table import FeatureTable, TableBlocks
from features.errors import ModelError
from features.progress import Progress
from features.threads import in_turn
from models.bundle import Bundle, Scores, load_bundle
from models.rungs.rung import Matrix, Vector

ROWS_AT_ONCE = 4096
"""Rows explained at a time: their contributions are the largest thing in memory, and none of them is kept."""


@dataclass(frozen=True)
class ScoringWork:
    """What scoring any block takes; sent whole to whoever scores some of them."""

    bundle_folder: Path
    bundle_hash: str
    blocks: TableBlocks

    def score(self, number: int) -> Vector:
        """Served log-odds of one block's rows, shape (n_rows,).

        Raises
        ------
        ModelError
            TID509 when the reasons of some row do not add up to its score; what `load_bundle` refuses.
        """
        return explained_log_odds(_loaded(self.bundle_folder, self.bundle_hash), self.blocks.read(number))


class Scorer(Protocol):
    """Who scores the blocks."""

    def score(self, work: ScoringWork, progress: Progress) -> Iterator[Vector]:
        """Score every block and yield its served log-odds, in the order of the table."""


@dataclass(frozen=True)
class LocalScorer:
    """Threads of this process; each holds one block."""

    workers: int = 1

    def score(self, work: ScoringWork, progress: Progress) -> Iterator[Vector]:
        """Score every block and yield its served log-odds, in the order of the table."""
        numbers = range(len(work.blocks.sizes))
        with progress.step("Scoring", total=len(numbers)) as step:
            for log_odds in in_turn(work.score, numbers, workers=self.workers):
                yield log_odds
                step.advance()


@dataclass(frozen=True)
class SparkScorer:
    """Executors of a cluster, which read table and bundle from the project folder that all of them reach."""

    cluster: SparkCluster

    def score(self, work: ScoringWork, progress: Progress) -> Iterator[Vector]:
        """Score every block and yield its served log-odds, in the order of the table.

        Raises
        ------
        DataError, ModelError
            What an executor was refused; TID439 when the job failed otherwise.
        """
        with progress.step("Scoring on Spark"):
            yield from self.cluster.map_numbers(work.score, len(work.blocks.sizes))


def score_table(bundle: Bundle, folder: Path, table: FeatureTable, scorer: Scorer, progress: Progress) -> Scores:
    """Score every row of a table with a saved bundle, in the order of the table.

    Raises
    ------
    ModelError
        TID505 when the table lacks a column, TID509 when reasons do not add up: then nobody is scored.
    """
    bundle.check_columns(table.names)
    work = ScoringWork(folder, bundle.hash, table.blocks(bundle.feature_names))
    found = list(scorer.score(work, progress))
    return bundle.scores_of(np.concatenate(found) if found else np.empty(0))


def explained_log_odds(bundle: Bundle, matrix: Matrix) -> Vector:
    """Score rows by way of their explanation, which refuses to be built where it does not add up to the score."""
    starts = range(0, len(matrix), ROWS_AT_ONCE)
    found: Sequence[Vector] = [bundle.explain(matrix[start : start + ROWS_AT_ONCE]).log_odds for start in starts]
    return np.concatenate(found) if found else np.empty(0)


@lru_cache(maxsize=4)
def _loaded(folder: Path, bundle_hash: str) -> Bundle:
    """Load a bundle once in a process, however many blocks it scores."""
    bundle = load_bundle(folder)
    if bundle.hash != bundle_hash:
        raise ModelError("TID503", f"{folder} was changed while it scored. Restore the bundle, or promote again.")
    return bundle
