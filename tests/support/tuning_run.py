"""Tune on a small table in a process of its own, saying every measured trial; for tests that kill it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.declarations.learning import Split as DeclaredSplit
from features.declarations.tuning import Tuning
from features.progress import Progress, Silent, Step
from models.rungs.boosted import BoostedRung
from models.rungs.rung import FitSettings
from tests.support.training_tables import planted_table
from training.fitting.candidates import Lesson, columns_of
from training.fitting.tuning import Tuned, TuningPlan, tune_boosted
from training.splits.folds import choose_folds
from training.splits.temporal import temporal_split

TRIALS = 14
"""More than are drawn at random, so that the sampler has learned from earlier ones."""


def lesson(*, seed: int = 3, strength: float = 1.0, **boosted: float) -> Lesson:
    table = planted_table(200, strength=strength)
    split = temporal_split(table.rows, DeclaredSplit(period="year"))
    folds = choose_folds(table.rows, table.label, split, min_positives=20)
    return Lesson(table, split, folds, FitSettings(seed=seed, boosted={"num_boost_round": 15, **boosted}))


def tune(
    folder: Path, one: Lesson, *, trials: int = TRIALS, code: str = "test", progress: Progress | None = None, **ranges: object
) -> Tuned:
    plan = TuningPlan(Tuning.model_validate({"trials": trials, **ranges}), folder, "tiny", code)
    return tune_boosted(one, columns_of(BoostedRung, one.table, one.settings), plan, progress=progress or Silent())


class _Saying:
    def advance(self, amount: float = 1) -> None:
        sys.stdout.write(f"{amount:.0f}\n")
        sys.stdout.flush()


class Spoken:
    """Progress as lines on standard output."""

    @contextmanager
    def step(self, description: str, *, total: float | None = None) -> Iterator[Step]:
        yield _Saying()


if __name__ == "__main__":
    tune(Path(sys.argv[1]), lesson(), progress=Spoken())
