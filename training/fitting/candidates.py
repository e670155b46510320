"""One rung, learnt as it will serve: forward in time, calibrated on what came later, then learnt again from everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from features.errors import ModelError
from features.records import Mask
from models import metrics
from models.calibration import Calibrator, IdentityCalibrator, PlattCalibrator
from models.rungs.boosted import BoostedRung
from models.rungs.ladder import LADDER, RungClass
from models.rungs.prevalence import PrevalenceRung
from models.rungs.rules import Rule
from models.rungs.rung import FitSettings, Rung
from training.fitting.streaming import WholeLesson
from training.splits.folds import Fold, Folds
from training.splits.temporal import Split
from training.table import TrainingTable

Vector = NDArray[np.float64]

TREE_COUNTS = (50, 100, 150, 200, 300, 400)
"""Numbers of trees tried on the forward folds where the project names none."""


@dataclass(frozen=True)
class Candidate:
    """A rung learnt on all training rows, with the calibrator that forward predictions gave it.

    Attributes
    ----------
    probability
        Calibrated probability of each test row, shape (n_test,), in the order of the table.
    calibration_note
        How the calibrator came to be, for the card.
    forward_log_odds
        Served log-odds of the rows that the folds predict, in the folds' order: what the calibrator was learnt on, and what says how sure
        a probability is.
    """

    rung: Rung
    calibrator: Calibrator
    probability: Vector
    calibration_note: str
    settings: FitSettings
    forward_log_odds: Vector

    @property
    def name(self) -> str:
        """The rung's stable name."""
        return type(self.rung).name


@dataclass(frozen=True)
class Lesson:
    """Everything that fitting a candidate depends on."""

    table: TrainingTable
    split: Split
    folds: Folds
    settings: FitSettings
    whole: WholeLesson | None = None
    """All rows, where the table is a sample of them and the boosted rung learns from everybody."""

    @cached_property
    def forward_label(self) -> Vector:
        """Outcomes of the rows that the folds predict, in the folds' order."""
        return np.concatenate([self.table.label[fold.predict] for fold in self.folds.folds])


def applicable_rungs(table: TrainingTable, settings: FitSettings) -> tuple[RungClass, ...]:
    """Return the rungs that this project's data and declarations allow, simplest first; it is always the whole ladder of them."""
    absent = {"area"} if table.area_feature is None else set()
    absent |= set() if settings.rules else {"rules"}
    return tuple(rung for rung in LADDER if rung.name not in absent)


def columns_of(rung: RungClass, table: TrainingTable, settings: FitSettings, *, with_benchmark: bool = False) -> tuple[str, ...]:
    """Columns that a rung of this kind is fitted on: its own for area and rules, the predictors for the rest."""
    if rung.name == "area":
        return (str(table.area_feature),)
    if rung.name == "rules":
        needed = {Rule.parse(name, text).feature for name, text in settings.rules.items()}
        return tuple(name for name in table.names if name in needed)
    benchmark = set(table.benchmark_only) if with_benchmark else set()
    return tuple(name for name in table.names if name in {*table.predictors} | benchmark)


def fit_candidate(rung: RungClass, lesson: Lesson, *, names: Sequence[str]) -> Candidate:
    """Learn one rung.

    Fit on the folds' earlier rows and predict their later ones; choose the number of trees there; calibrate there; then fit on all
    training rows and score the test rows with that calibrator.
    """
    columns = tuple(names)
    fitted = _fit_folds(rung, lesson, columns)
    settings = _with_trees(rung, lesson, columns, fitted)
    predictions = np.concatenate([_predict(rung_, lesson.table, columns, fold, settings) for rung_, fold in fitted])
    calibrator, note = fit_calibrator(rung, predictions, lesson)
    final = _fit(rung, lesson, columns, lesson.split.train, None if lesson.whole is None else lesson.whole.split.train, settings)
    z = final.log_odds(lesson.table.columns(columns, lesson.split.test))
    probability = np.asarray(expit(calibrator.log_odds(z)))
    return Candidate(final, calibrator, probability, note, settings, calibrator.log_odds(predictions))


def fit_calibrator(rung: RungClass, predictions: Vector, lesson: Lesson) -> tuple[Calibrator, str]:
    """Fit Platt's line on the folds' predictions.

    A rate needs none, and a rung whose ranking turns around between the periods gets none: its line would slope downwards. Both are said.
    """
    if rung is PrevalenceRung:
        return IdentityCalibrator(), "not calibrated: a rate already"
    try:
        calibrator = PlattCalibrator.fit(predictions, lesson.forward_label)
    except ModelError as error:
        if error.code != "TID506":
            raise
        return IdentityCalibrator(), f"not calibrated: {error.message}"
    periods = ", ".join(fold.period for fold in lesson.folds.folds)
    return calibrator, f"Platt's line on {len(predictions)} {lesson.folds.kind.value} predictions of {periods}"


def choose_tree_count(fitted: Sequence[tuple[Rung, Fold]], table: TrainingTable, columns: tuple[str, ...]) -> tuple[int, float]:
    """Number of trees with the highest mean AUC over the forward folds, the smallest of equals, and that AUC.

    Notes
    -----
    AUC rather than log loss: base rates differ between periods, and the calibrator corrects that anyway.
    """
    areas = np.mean([_areas(rung, table, columns, fold) for rung, fold in fitted if isinstance(rung, BoostedRung)], axis=0)
    best = int(np.argmax(areas))
    return TREE_COUNTS[best], float(areas[best])


def forward_auc(lesson: Lesson, columns: tuple[str, ...]) -> tuple[int, float]:
    """Number of trees that suits the boosted rung of these settings best on the forward folds, and its mean AUC there."""
    fitted = _fit_folds(BoostedRung, lesson, columns)
    declared = lesson.settings.boosted.get("num_boost_round")
    if declared is None:
        return choose_tree_count(fitted, lesson.table, columns)
    areas = [
        metrics.auc(lesson.table.label[fold.predict], rung.log_odds(lesson.table.columns(columns, fold.predict))) for rung, fold in fitted
    ]
    return int(declared), float(np.mean(areas))


def forward_scores(lesson: Lesson, columns: tuple[str, ...]) -> list[Vector]:
    """Log-odds that the boosted rung of these settings gives the rows each fold predicts; the settings name the number of trees."""
    return [rung.log_odds(lesson.table.columns(columns, fold.predict)) for rung, fold in _fit_folds(BoostedRung, lesson, columns)]


def _fit_folds(rung: RungClass, lesson: Lesson, columns: tuple[str, ...]) -> list[tuple[Rung, Fold]]:
    """Fit once for each distinct set of earlier rows: overlapping periods are predicted from the same ones."""
    settings = _search_settings(rung, lesson.settings)
    all_folds = lesson.folds.folds if lesson.whole is None else lesson.whole.folds.folds
    fitted: dict[bytes, Rung] = {}
    for fold, all_rows in zip(lesson.folds.folds, all_folds, strict=True):
        key = all_rows.fit.tobytes()
        if key not in fitted:
            fitted[key] = _fit(rung, lesson, columns, fold.fit, all_rows.fit, settings)
    return [(fitted[all_rows.fit.tobytes()], fold) for fold, all_rows in zip(lesson.folds.folds, all_folds, strict=True)]


def _search_settings(rung: RungClass, settings: FitSettings) -> FitSettings:
    if rung is not BoostedRung or "num_boost_round" in settings.boosted:
        return settings
    return replace(settings, boosted={**settings.boosted, "num_boost_round": max(TREE_COUNTS)})


def _with_trees(rung: RungClass, lesson: Lesson, columns: tuple[str, ...], fitted: list[tuple[Rung, Fold]]) -> FitSettings:
    if rung is not BoostedRung or "num_boost_round" in lesson.settings.boosted:
        return lesson.settings
    count, _ = choose_tree_count(fitted, lesson.table, columns)
    return replace(lesson.settings, boosted={**lesson.settings.boosted, "num_boost_round": count})


def _predict(rung: Rung, table: TrainingTable, columns: tuple[str, ...], fold: Fold, settings: FitSettings) -> Vector:
    trees = settings.boosted.get("num_boost_round")
    used = _cut(rung, int(trees)) if isinstance(rung, BoostedRung) and trees is not None else rung
    return used.log_odds(table.columns(columns, fold.predict))


def _areas(rung: BoostedRung, table: TrainingTable, columns: tuple[str, ...], fold: Fold) -> list[float]:
    """AUC with each number of trees."""
    staged = rung.staged_log_odds(table.columns(columns, fold.predict), TREE_COUNTS)
    return [metrics.auc(table.label[fold.predict], z) for z in staged]


def _cut(rung: BoostedRung, count: int) -> BoostedRung:
    """Return the same model with its first trees only."""
    return replace(rung, model_text=rung.booster.model_to_string(num_iteration=count))


def _fit(rung: RungClass, lesson: Lesson, columns: tuple[str, ...], mask: Mask, all_rows: Mask | None, settings: FitSettings) -> Rung:
    """Fit on rows in memory; the boosted rung on the same part of all rows, where those teach."""
    table, whole = lesson.table, lesson.whole
    if whole is not None and all_rows is not None and rung is BoostedRung:
        blocks, label = whole.table.blocks(columns, all_rows), whole.table.label[all_rows]
        return BoostedRung.fit_blocks(blocks, label, feature_names=columns, settings=settings)
    return rung.fit(table.columns(columns, mask), table.label[mask], feature_names=columns, settings=settings)
