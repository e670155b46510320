"""One stage and outcome: the whole ladder, measured forward in time, and the rung that earns its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.progress import Progress
from features.records import Mask
from models.resampling import Resamples, resample
from models.rungs.boosted import BoostedRung
from models.rungs.rung import FitSettings
from training.fitting.candidates import Candidate, Lesson, applicable_rungs, columns_of, fit_candidate
from training.fitting.selection import Selection, select_rung
from training.fitting.streaming import WholeLesson, choose_lessons
from training.fitting.tuning import Tuned, TuningPlan, tune_boosted
from training.splits.folds import Folds
from training.splits.temporal import Split
from training.table import TrainingTable

Vector = NDArray[np.float64]

MIN_CALIBRATION_ROWS = 50
"""People with the outcome, and without it, that a calibrator needs from the forward folds."""


@dataclass(frozen=True)
class FourRows:
    """Personal rungs measured four ways: protected columns in or out × all test rows (``all``) or people not seen in training (``unseen``).

    `with_protected` is None where the project declares no benchmark-only feature; it is reported, never registered.
    """

    without_protected: Mapping[str, Resamples]
    with_protected: Mapping[str, Resamples] | None


@dataclass(frozen=True)
class Experiment:
    """What one training found; arrays here hold one value per test row and leave memory as aggregates only."""

    table: TrainingTable
    split: Split
    folds: Folds
    candidates: Mapping[str, Candidate]
    resamples: Resamples
    selection: Selection
    benchmark: Mapping[str, Candidate]
    four_rows: FourRows
    whole: WholeLesson | None = None
    """All rows, where the boosted rung learnt from more than the table holds."""
    tuned: Tuned | None = None

    @property
    def chosen(self) -> Candidate:
        """The rung that serves if it is promoted."""
        return self.candidates[self.selection.chosen]

    @property
    def test_label(self) -> Vector:
        """Outcome of each test row."""
        return self.table.label[self.split.test]

    @property
    def test_person(self) -> NDArray[np.int32]:
        """Whose row each test row is."""
        return self.table.rows.group[self.split.test]


def run_experiment(
    table: TrainingTable,
    split: Split,
    settings: FitSettings,
    *,
    name: str,
    capacity_share: float,
    progress: Progress,
    n_resamples: int = 500,
    whole_split: Split | None = None,
    tuning: TuningPlan | None = None,
) -> Experiment:
    """Climb the whole ladder, always all of it, and choose a rung.

    The test rows are scored once per rung; nothing is tuned on them. Rungs above the prevalence that use benchmark-only columns are
    fitted a second time beside the ladder, for comparison with published figures that used them.

    Parameters
    ----------
    whole_split
        Split of all rows (`split_table`), where the table is a sample of them and the boosted rung learns from everybody.
    tuning
        How settings of the boosted rung are looked for; None leaves those of `settings`.
    """
    folds, whole = choose_lessons(table, split, whole_split, min_positives=MIN_CALIBRATION_ROWS)
    lesson = Lesson(table, split, folds, settings, whole)
    tuned = _tuned(lesson, tuning, progress)
    if tuned is not None:
        settings = replace(settings, boosted=tuned.boosted)
        lesson = replace(lesson, settings=settings)
    ladder = applicable_rungs(table, settings)
    with progress.step(f"{name}: fitting the ladder", total=len(ladder)) as step:
        candidates: dict[str, Candidate] = {}
        for rung in ladder:
            candidates[rung.name] = fit_candidate(rung, lesson, names=columns_of(rung, table, settings))
            step.advance()
    measure = _Measure(table, split, capacity_share, settings.seed, n_resamples)
    resamples = measure.all_rows({name: candidate.probability for name, candidate in candidates.items()})
    benchmark = _fit_benchmark(lesson)
    return Experiment(
        table=table,
        split=split,
        folds=folds,
        candidates=candidates,
        resamples=resamples,
        selection=select_rung(list(candidates), resamples),
        benchmark=benchmark,
        four_rows=_four_rows(measure, candidates, benchmark),
        whole=whole,
        tuned=tuned,
    )


def _tuned(lesson: Lesson, plan: TuningPlan | None, progress: Progress) -> Tuned | None:
    if plan is None or plan.declared.trials == 0:
        return None
    return tune_boosted(lesson, columns_of(BoostedRung, lesson.table, lesson.settings), plan, progress=progress)


@dataclass(frozen=True)
class _Measure:
    table: TrainingTable
    split: Split
    share: float
    seed: int
    n_resamples: int

    def all_rows(self, scores: Mapping[str, Vector]) -> Resamples:
        return self._on(scores, self.split.test)

    def unseen(self, scores: Mapping[str, Vector]) -> Resamples:
        return self._on(scores, self.split.unseen)

    def _on(self, scores: Mapping[str, Vector], rows: Mask) -> Resamples:
        within = rows[self.split.test]
        return resample(
            self.table.label[rows],
            {name: score[within] for name, score in scores.items()},
            groups=self.table.rows.group[rows],
            share=self.share,
            seed=self.seed,
            n_resamples=self.n_resamples,
        )


PERSONAL_RUNGS = ("logistic", "boosted")
"""Rungs that use everything known about a person; only these have benchmark variants and four rows."""


def _fit_benchmark(lesson: Lesson) -> dict[str, Candidate]:
    if not lesson.table.benchmark_only:
        return {}
    return {
        rung.name: fit_candidate(rung, lesson, names=columns_of(rung, lesson.table, lesson.settings, with_benchmark=True))
        for rung in applicable_rungs(lesson.table, lesson.settings)
        if rung.name in PERSONAL_RUNGS
    }


def _four_rows(measure: _Measure, candidates: Mapping[str, Candidate], benchmark: Mapping[str, Candidate]) -> FourRows:
    personal = {name: candidates[name].probability for name in PERSONAL_RUNGS if name in candidates}
    protected = {name: candidate.probability for name, candidate in benchmark.items()}
    return FourRows(_two_rows(measure, personal), _two_rows(measure, protected) if protected else None)


def _two_rows(measure: _Measure, scores: Mapping[str, Vector]) -> dict[str, Resamples]:
    rows = {"all": measure.all_rows(scores)}
    if measure.split.unseen.any():
        rows["unseen"] = measure.unseen(scores)
    return rows
