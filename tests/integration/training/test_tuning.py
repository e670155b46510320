"""Settings are looked for on the training years alone, and a killed search ends where an undisturbed one does."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest

from features.errors import DataError
from models.intervals import Interval
from models.rungs.boosted import BoostedRung
from tests.support.tuning_run import TRIALS, lesson, tune
from training.fitting.candidates import columns_of, fit_candidate, forward_auc
from training.fitting.tuning import Tuned, _gain

TWO_HEAPS = {"num_boost_round": 1, "num_leaves": 2}


def trials_in(folder: Path) -> list[tuple[float | None, dict[str, float]]]:
    (path,) = folder.glob("*.db")
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    try:
        study = optuna.load_study(study_name="tuning", storage=storage)
        return [(trial.value, trial.params) for trial in study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))]
    finally:
        storage.remove_session()
        storage.engine.dispose()


def kill_after(folder: Path, n_trials: int) -> None:
    """Start a search in a process of its own and kill it once so many more trials are measured."""
    command = [sys.executable, "-m", "tests.support.tuning_run", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # those that were measured before
        for _ in range(n_trials):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tuned, Path]:
    folder = tmp_path_factory.mktemp("undisturbed")
    return tune(folder, lesson()), folder


@pytest.mark.requirement("R-36")
def test_a_search_killed_twice_ends_with_the_same_trials_and_model(undisturbed: tuple[Tuned, Path], tmp_path: Path) -> None:
    kill_after(tmp_path, 3)
    assert 3 <= len(trials_in(tmp_path)) < TRIALS
    kill_after(tmp_path, 8)
    assert 11 <= len(trials_in(tmp_path)) < TRIALS
    resumed = tune(tmp_path, lesson())
    assert trials_in(tmp_path) == trials_in(undisturbed[1])
    assert resumed == undisturbed[0]
    texts = [model_text(tuned) for tuned in (resumed, undisturbed[0])]
    assert texts[0] == texts[1]


def model_text(tuned: Tuned) -> str:
    one = lesson()
    one = replace(one, settings=replace(one.settings, boosted=tuned.boosted))
    rung = fit_candidate(BoostedRung, one, names=columns_of(BoostedRung, one.table, one.settings)).rung
    assert isinstance(rung, BoostedRung)
    return rung.model_text


def test_a_finished_search_is_read_and_a_longer_one_goes_on(undisturbed: tuple[Tuned, Path], tmp_path: Path) -> None:
    short = tune(tmp_path, lesson(), trials=4)
    assert short.n_trials == len(trials_in(tmp_path)) == 4
    assert trials_in(undisturbed[1])[:4] == trials_in(tmp_path)
    # Fewer trials asked for than are there: the later ones have no say.
    assert tune(undisturbed[1], lesson(), trials=4) == short
    assert len(trials_in(undisturbed[1])) == TRIALS


@pytest.mark.requirement("R-14")
def test_the_test_rows_have_no_say(tmp_path: Path) -> None:
    one = lesson()
    turned = replace(one.table, label=np.where(one.split.test, 1 - one.table.label, one.table.label))
    assert tune(tmp_path / "a", one, trials=2) == tune(tmp_path / "b", replace(one, table=turned), trials=2)


def test_other_inputs_are_another_study(tmp_path: Path) -> None:
    tune(tmp_path, lesson(), trials=1)
    tune(tmp_path, lesson(), trials=1, code="other")
    tune(tmp_path, lesson(seed=4), trials=1)
    tune(tmp_path, lesson(), trials=1, num_leaves=(4, 8))
    assert len(list(tmp_path.glob("tiny-*.db"))) == 4


def test_ranges_hold_and_what_the_project_fixes_is_left_alone(tmp_path: Path) -> None:
    tuned = tune(tmp_path, lesson(min_child_samples=33), trials=12, num_leaves=(5, 6), feature_fraction=(1.0, 1.0))
    for _, params in trials_in(tmp_path):
        assert params["num_leaves"] in (5, 6)
        assert params["feature_fraction"] == 1.0
        assert 0.02 <= params["learning_rate"] <= 0.15
        assert "min_data_in_leaf" not in params
    assert tuned.boosted["min_child_samples"] == 33
    assert tuned.boosted["num_boost_round"] == 15


def test_the_houses_own_settings_stay_where_nothing_ranks_better(tmp_path: Path) -> None:
    # Trees of two leaves that hardly learn: no trial can win.
    ranges = {"num_leaves": (2, 2), "learning_rate": (0.001, 0.001), "lambda_l2": (1e4, 1e4), "feature_fraction": (0.34, 0.34)}
    tuned = tune(tmp_path, lesson(), trials=3, **ranges)
    assert not tuned.pays
    assert dict(tuned.boosted) == {"num_boost_round": 15}
    assert tuned.median <= tuned.best <= tuned.house
    assert "the house's own settings are used" in tuned.note


def test_two_searches_of_one_model_at_once_are_refused(tmp_path: Path) -> None:
    tune(tmp_path, lesson(), trials=1)
    (path,) = tmp_path.glob("*.lock")
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DataError, match="TID486: another training is looking for settings"):
            tune(tmp_path, lesson(), trials=2)
    assert tune(tmp_path, lesson(), trials=2).n_trials == 2


def test_a_file_that_is_no_study_is_refused(tmp_path: Path) -> None:
    tune(tmp_path, lesson(), trials=1)
    (path,) = tmp_path.glob("*.db")
    path.write_text("something else", encoding="utf-8")
    with pytest.raises(DataError, match=r"TID485: .*\.db is no study of settings\. Remove it"):
        tune(tmp_path, lesson(), trials=1)


@pytest.mark.requirement("R-15")
def test_a_gain_is_measured_on_the_same_people_and_no_gain_is_none() -> None:
    one = lesson()
    columns = columns_of(BoostedRung, one.table, one.settings)
    own = {"num_boost_round": 15}
    nothing = _gain(one, columns, own, over=own)
    assert (nothing.estimate, nothing.low, nothing.high) == (0.0, 0.0, 0.0)
    # One tree of two leaves ranks people in two heaps.
    clear = _gain(one, columns, own, over=TWO_HEAPS)
    assert 0 < clear.low < clear.estimate < clear.high
    areas = [forward_auc(replace(one, settings=replace(one.settings, boosted=settings)), columns)[1] for settings in (own, TWO_HEAPS)]
    assert clear.estimate == pytest.approx(areas[0] - areas[1], abs=1e-12)


@pytest.mark.requirement("R-15")
def test_the_best_of_many_trials_needs_more_than_luck(undisturbed: tuple[Tuned, Path]) -> None:
    """Settings next to the house's own: one of them ranks better by a hair, and that is no reason to take it."""
    unclear = Tuned({"num_boost_round": 15}, 12, 0.8220, 0.8228, 0.81, Interval(0.0008, -0.004, 0.006))
    assert not unclear.pays
    assert "not clearly above 0, and the house's own settings are used" in unclear.note
    assert replace(unclear, gain=Interval(0.0008, 0.0001, 0.0015)).pays
    tuned, _ = undisturbed
    assert (tuned.gain is not None) == (tuned.best > tuned.house)
    if tuned.gain is not None:
        assert tuned.gain.estimate == pytest.approx(tuned.best - tuned.house, abs=1e-12)
    assert tuned.pays == (dict(tuned.boosted) != {"num_boost_round": 15})
