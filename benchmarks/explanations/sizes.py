"""How much good a larger model does, and what its reasons cost: trees by leaves on the synthetic Norwegians, whose truth is known.

Each size is learnt as `tidlig train` learns: forward in time, calibrated on later years, tested on still later ones. A model of fewer trees
is the beginning of one with more.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks.frame import SHORTEST
from features.command_line import print_table
from features.declarations.project import Project, load_project
from features.intake.load import ingest
from features.keys import create_keys, read_keys
from features.progress import Silent
from features.synth.generate import Settings
from features.synth.project_data import write_population
from models import metrics
from models.calibration import PlattCalibrator
from models.intervals import Interval, with_interval
from models.rungs.boosted import BoostedRung
from models.rungs.boosting import DEFAULTS
from models.trees.explainer import TreeExplainer
from models.trees.parse import Forest, parse_forest
from training.fitting.candidates import Lesson, columns_of
from training.fitting.experiment import MIN_CALIBRATION_ROWS
from training.fitting.streaming import choose_lessons
from training.gathering import build_stage_data, build_table
from training.splits.periods import periods_present
from training.splits.temporal import temporal_split
from training.train import fit_settings

Vector = NDArray[np.float64]

EXAMPLE = Path(__file__).parents[2] / "examples" / "norway"
STAGES = ("grade_8", "grade_10")
OUTCOME = "ikke_fullfort_vgo"
TODAY = date(2026, 11, 1)
TEST_YEARS = 3
"""More than training tests: the intervals of one year are too wide to choose by."""
LEAVES = (4, 7, 15, 31, 63)
TREES = (50, 100, 200, 400)
USUAL = (int(DEFAULTS["num_boost_round"]), int(DEFAULTS["num_leaves"]))
ROWS_TIMED = 20_000
"""Rows explained for the time of a row, test rows over and over."""


@dataclass(frozen=True)
class SizeRow:
    """A model of one size. Gain is its net benefit less that of our defaults, on the same people."""

    stage: str
    trees: int
    leaves: int
    auc: float
    net_benefit_per_1000: str
    gain_per_1000: str
    cpu_us_per_row: float
    build_cpu_seconds: float
    table_mb: float


def compare_sizes(work: Path, *, people: int, folder: Path) -> list[SizeRow]:
    """Make the people, learn every size, print the table and write ``explain-sizes.json``."""
    shutil.rmtree(work, ignore_errors=True)
    project = make_project(work / "norway", people=people)
    rows = [row for stage in STAGES for row in sizes_of(build_lesson(project, stage), project, stage)]
    shown = [asdict(row) for row in rows]
    print_table(f"bench-explain, model size, {people:,} synthetic people", list(shown[0]), [list(row.values()) for row in shown])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "explain-sizes.json").write_text(json.dumps(shown, indent=1) + "\n", encoding="utf-8")
    return rows


def make_project(root: Path, *, people: int) -> Project:
    """Invent the people and load them."""
    shutil.copytree(EXAMPLE, root)
    project = load_project(root)
    write_population(project, Settings(people, TODAY), 1)
    environ = {**os.environ, "TIDLIG_KEYS_DIR": str(root.parent / "keys")}
    create_keys(project, environ=environ, token_bytes=secrets.token_bytes)
    keys = read_keys(project, environ=environ)
    ingest(project, keys=keys, environ=environ, now=datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC), progress=Silent(), workers=2)
    return project


def build_lesson(project: Project, stage: str) -> Lesson:
    """Put together what the stage's models learn from."""
    data = build_stage_data(project, project.stages[stage], known_by=TODAY, workers=2, progress=Silent())
    table, _ = build_table(data, OUTCOME)
    newest = temporal_split(table.rows, project.screening.split, pending=table.pending).test_periods[-1]
    matured = [period for period in periods_present(table.rows.period) if period <= newest]
    declared = project.screening.split.model_copy(update={"test": tuple(matured[-TEST_YEARS:])})
    split = temporal_split(table.rows, declared, pending=table.pending)
    folds, _ = choose_lessons(table, split, None, min_positives=MIN_CALIBRATION_ROWS)
    return Lesson(table, split, folds, fit_settings(project, table, workers=2))


def sizes_of(lesson: Lesson, project: Project, stage: str) -> Iterator[SizeRow]:
    """Yield a row for each size of one stage."""
    learnt = {leaves: _learn(lesson, leaves) for leaves in LEAVES}
    usual = learnt[USUAL[1]].probability[TREES.index(USUAL[0])]
    benefit = partial(metrics.net_benefit, threshold=project.screening.bands.worth_a_look)
    matrix = learnt[LEAVES[0]].test
    label, groups = lesson.table.label[lesson.split.test], lesson.table.rows.group[lesson.split.test]
    timed = np.resize(matrix, (ROWS_TIMED, matrix.shape[1]))

    def gain(label: Vector, both: Vector, weight: Vector | None) -> float:
        return benefit(label, both[:, 0], weight) - benefit(label, both[:, 1], weight)

    for leaves, grown in learnt.items():
        for number, trees in enumerate(TREES):
            probability = grown.probability[number]
            found = with_interval(benefit, label, probability, groups=groups, seed=1, n_resamples=300)
            more = with_interval(gain, label, np.stack([probability, usual], axis=1), groups=groups, seed=1, n_resamples=300)
            spent = _spent(Forest(grown.forest.n_features, grown.forest.trees[:trees]), timed)
            yield SizeRow(stage, trees, leaves, round(metrics.auc(label, probability), 4), _in_thousand(found), _in_thousand(more), *spent)


@dataclass(frozen=True)
class _Learnt:
    forest: Forest
    test: NDArray[np.float32]
    probability: NDArray[np.float64]
    """Calibrated probability of each test row at each number of trees, shape (n_sizes, n_test)."""


def _learn(lesson: Lesson, leaves: int) -> _Learnt:
    settings = replace(lesson.settings, boosted={"num_leaves": leaves, "num_boost_round": max(TREES)})
    columns = columns_of(BoostedRung, lesson.table, settings)

    def fit(rows: NDArray[np.bool_]) -> BoostedRung:
        return BoostedRung.fit(lesson.table.columns(columns, rows), lesson.table.label[rows], feature_names=columns, settings=settings)

    forward = [fit(fold.fit).staged_log_odds(lesson.table.columns(columns, fold.predict), TREES) for fold in lesson.folds.folds]
    predicted = np.concatenate(forward, axis=1)
    final, test = fit(lesson.split.train), lesson.table.columns(columns, lesson.split.test)
    lines = [PlattCalibrator.fit(z, lesson.forward_label) for z in predicted]
    staged = final.staged_log_odds(test, TREES)
    return _Learnt(parse_forest(final.model_text), test, np.stack([expit(line.log_odds(z)) for line, z in zip(lines, staged, strict=True)]))


def _spent(forest: Forest, matrix: NDArray[np.float32]) -> tuple[float, float, float]:
    """CPU microseconds to explain a row, CPU seconds to build the tables, and their megabytes."""
    started = time.process_time()
    explainer = TreeExplainer.of(forest)
    built = time.process_time() - started
    explainer.explain(matrix[:1])
    started = time.process_time()
    explainer.explain(matrix)
    spent = max(time.process_time() - started, SHORTEST)
    return round(1e6 * spent / len(matrix), 2), round(built, 3), round(explainer.table_bytes / 1e6, 1)


def _in_thousand(found: Interval) -> str:
    return f"{1000 * found.estimate:+.1f} [{1000 * found.low:+.1f}, {1000 * found.high:+.1f}]"
