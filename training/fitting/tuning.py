"""Settings of the boosted rung, looked for on the forward folds of the training years; the test rows are never asked.

Every trial is written to a study on disk as soon as it is measured. A training that was killed continues there, and ends with the same
model as one that was not: the sampler is seeded anew for each trial, by how many were measured before it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.trial import FrozenTrial, TrialState

from features.declarations.tuning import Tuning
from features.errors import DataError
from features.progress import Progress, Step
from models.intervals import Interval, percentile_interval
from models.resampling import auc_draws, drawn_people, person_weights
from models.rungs.boosting import main_name
from training.fitting.candidates import Lesson, forward_auc, forward_scores

STARTING_TRIALS = 10
"""Trials drawn at random before the sampler learns from them."""
N_RESAMPLES = 500
MOST_ROWS = 50_000
"""Rows of a fold that the gain is drawn from at most, people drawn with the seed."""
Settings = Mapping[str, float | int | str | bool]


@dataclass(frozen=True)
class TuningPlan:
    """What is declared, and where studies lie: ``<folder>/<model>-<hash>.db``, a file for each data, settings and code version."""

    declared: Tuning
    folder: Path
    model: str
    code_version: str


@dataclass(frozen=True)
class Tuned:
    """What the trials found; AUC is the mean over the forward folds.

    Attributes
    ----------
    boosted
        Parameters to fit with, the number of trees among them. The house's own, where no trial clearly ranked better than they do.
    gain
        What the best trial's mean AUC is above the house's, with its interval over people; None where it is not above it.
    """

    boosted: Settings
    n_trials: int
    house: float
    best: float
    median: float
    gain: Interval | None

    @property
    def pays(self) -> bool:
        """Whether the best trial clearly ranked better than the house's own settings: by more than chance (R-15)."""
        return self.gain is not None and self.gain.low > 0

    @property
    def note(self) -> str:
        """One sentence for the card."""
        return (
            f"{self.n_trials} settings of the boosted rung were tried on the forward folds of the training years: AUC {self.best:.4f} with "
            f"the best, {self.median:.4f} with the median one, {self.house:.4f} with the house's own; {self._taken}."
        )

    @property
    def _taken(self) -> str:
        if self.gain is None:
            return "the house's own settings are used"
        told = (
            f"the gain of {self.gain.estimate:+.4f} has a 95 % interval of {self.gain.low:+.4f} to {self.gain.high:+.4f} on the same people"
        )
        return f"{told}, and its settings are used" if self.pays else f"{told}, not clearly above 0, and the house's own settings are used"


def tune_boosted(lesson: Lesson, columns: tuple[str, ...], plan: TuningPlan, *, progress: Progress) -> Tuned:
    """Try settings on the forward folds and return the best, going on where an earlier run with the same inputs was stopped.

    Where the table is a sample, the sample is what they are tried on.

    Notes
    -----
    Mean AUC over the folds, as for the number of trees: base rates differ between periods, which the calibrator corrects and a log loss
    would mistake for a bad setting; and people are found by rank. The best of many trials is above the house's settings by chance alone
    more often than not: its settings are used where the paired 95 % interval of the gain, drawn by person, lies above zero, as a rung
    of the ladder has to earn its place (R-15).

    Raises
    ------
    DataError
        TID485 when a study on disk can't be read, TID486 while another process writes to it.
    """
    lesson = replace(lesson, whole=None)
    plan.folder.mkdir(parents=True, exist_ok=True)
    path = plan.folder / f"{plan.model}-{study_hash(lesson, columns, plan)[:16]}.db"
    n_trials = plan.declared.trials
    with _opened_study(path) as study, progress.step(f"{plan.model}: tuning", total=n_trials) as step:
        house_trees, house = _house(study, lesson, columns)
        step.advance(min(len(_measured(study)), n_trials))
        _try(study, lesson, columns, plan.declared, step)
        measured = _measured(study)[:n_trials]
    values = [float(trial.value or 0.0) for trial in measured]
    best = measured[int(np.argmax(values))]
    own: Settings = {**lesson.settings.boosted, "num_boost_round": house_trees}
    tried: Settings = {**lesson.settings.boosted, **best.params, "num_boost_round": int(best.user_attrs["trees"])}
    gain = _gain(lesson, columns, tried, over=own) if max(values) > house else None
    tuned = Tuned(own, n_trials, house, max(values), median(values), gain)
    return replace(tuned, boosted=tried) if tuned.pays else tuned


def _gain(lesson: Lesson, columns: tuple[str, ...], tried: Settings, *, over: Settings) -> Interval:
    """Gain in mean AUC over the folds on the same resampled people; somebody in several folds is drawn into all of them."""
    scores = [forward_scores(replace(lesson, settings=replace(lesson.settings, boosted=dict(one))), columns) for one in (tried, over)]
    folds, table, seed = lesson.folds.folds, lesson.table, lesson.settings.seed
    person = np.concatenate([table.rows.group[fold.predict] for fold in folds])
    kept = drawn_people(person, most_rows=MOST_ROWS * len(folds), seed=seed)
    fold_of = np.repeat(np.arange(len(folds)), [int(fold.predict.sum()) for fold in folds])[kept]
    label, (new, old) = lesson.forward_label[kept], (np.concatenate(one)[kept] for one in scores)

    def gain(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        each = [
            auc_draws(label[here], new[here], weights[:, here]) - auc_draws(label[here], old[here], weights[:, here])
            for here in (fold_of == number for number in range(len(folds)))
        ]
        return np.asarray(np.mean(each, axis=0))

    draws = [gain(block) for block in person_weights(person[kept], seed=seed, n_resamples=N_RESAMPLES)]
    return percentile_interval(float(gain(np.ones((1, int(kept.sum()))))[0]), np.concatenate(draws))


def study_hash(lesson: Lesson, columns: tuple[str, ...], plan: TuningPlan) -> str:
    """SHA-256 over all that a trial's value depends on; the number of trials is not part of it, so that more can be added later."""
    settings, declared = lesson.settings, plan.declared.model_dump(exclude={"trials"})
    told = {
        "data": lesson.table.data_hash,
        "columns": columns,
        "seed": settings.seed,
        "directions": sorted(settings.directions.items()),
        "boosted": sorted(settings.boosted.items()),
        "ranges": declared,
        "code": plan.code_version,
        "libraries": {name: version(name) for name in ("lightgbm", "optuna", "numpy")},
    }
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for fold in lesson.folds.folds:
        digest.update(fold.fit.tobytes() + fold.predict.tobytes())
    return digest.hexdigest()


@contextmanager
def _opened_study(path: Path) -> Iterator[optuna.Study]:
    with path.with_suffix(".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # gone with the process, however it ends
        except BlockingIOError as error:
            raise DataError(
                "TID486",
                f"another training is looking for settings in {path}. Wait until it has ended: two at once would not be repeatable.",
            ) from error
        with _study_in(path) as study:
            yield study


@contextmanager
def _study_in(path: Path) -> Iterator[optuna.Study]:
    _check_readable(path)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    try:
        yield optuna.create_study(storage=storage, study_name="tuning", direction="maximize", load_if_exists=True)
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _check_readable(path: Path) -> None:
    if path.is_file() and path.stat().st_size and not path.read_bytes().startswith(b"SQLite format 3\0"):
        raise DataError("TID485", f"{path} is no study of settings. Remove it: the trials are made anew.")


def _house(study: optuna.Study, lesson: Lesson, columns: tuple[str, ...]) -> tuple[int, float]:
    """Measure the house's own settings once; they need not lie in the declared ranges, so they are no trial."""
    known = study.user_attrs
    if "house" not in known:
        trees, area = forward_auc(lesson, columns)
        study.set_user_attr("house", {"trees": trees, "auc": area})
    return int(study.user_attrs["house"]["trees"]), float(study.user_attrs["house"]["auc"])


def _try(study: optuna.Study, lesson: Lesson, columns: tuple[str, ...], declared: Tuning, step: Step) -> None:
    """Measure until there are as many as declared; a trial under way when a run was killed counts as failed, and is asked again."""
    for stopped in study.get_trials(deepcopy=False, states=(TrialState.RUNNING, TrialState.WAITING)):
        study.tell(stopped.number, state=TrialState.FAIL)
    for number in range(len(_measured(study)), declared.trials):
        seed = int(np.random.SeedSequence([lesson.settings.seed, number]).generate_state(1)[0])
        study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTING_TRIALS)
        trial = study.ask()
        asked = {**lesson.settings.boosted, **_ask(trial, declared, fixed=lesson.settings.boosted)}
        trees, area = forward_auc(replace(lesson, settings=replace(lesson.settings, boosted=asked)), columns)
        trial.set_user_attr("trees", trees)
        study.tell(trial, area)
        step.advance()


def _ask(trial: optuna.Trial, declared: Tuning, *, fixed: Settings) -> dict[str, Any]:
    """Suggest what the project does not fix; what is a matter of scale is searched by its logarithm."""
    given = {main_name(name) for name in fixed}
    wanted: dict[str, Any] = {}
    for name, is_whole, by_scale in SEARCHED:
        low, high = getattr(declared, name)
        if name not in given:
            suggest = trial.suggest_int if is_whole else trial.suggest_float
            wanted[name] = suggest(name, low, high, log=by_scale)
    return wanted


SEARCHED = (
    ("num_leaves", True, True),
    ("min_data_in_leaf", True, True),
    ("learning_rate", False, True),
    ("lambda_l2", False, True),
    ("feature_fraction", False, False),
)
"""Parameter, whether it is a whole number, whether it is searched by its logarithm."""


def _measured(study: optuna.Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
