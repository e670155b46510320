"""Planted leaks are found: time that does not matter, one person under two ids, a value written at the end; honest data is not accused."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.declarations.specs import FeatureSpec
from features.engine.build import build_features
from features.engine.kernel import Rows
from features.leaks import lifetime_values_in, shuffled_features
from features.oracle import oracle_features
from features.records import day_number
from tests.support.memory_store import MemoryStore, Told, store_of
from training.gates.leakage import ENOUGH_TWINS, TwinRows, identity_gate, lifetime_gate, time_gate

AS_OF = date(2020, 6, 15)
N = 400
SPECS = (FeatureSpec.parse("absence", "sum@365d"), FeatureSpec.parse("written", "last"))


def store(label: np.ndarray, *, seed: int = 1) -> MemoryStore:
    """Absence comes about year by year and worst for those who fail, at last; what they became was written on their first day."""
    random = np.random.default_rng(seed)
    told: list[Told] = []
    for person in range(len(label)):
        born = date(2004, 7, 1) + timedelta(days=int(random.integers(200)))
        told.append((person, "written", float(label[person]), born, born))
        for years in range(5, 16):
            on = born + timedelta(days=365 * years + int(random.integers(100)))
            days = random.poisson(3 + 9 * label[person] * (years >= 15))
            told.append((person, "absence", float(days), on, on))
    return store_of(told, indicators=("absence", "written"), n_persons=len(label))


@pytest.fixture(scope="module")
def label() -> np.ndarray:
    return (np.random.default_rng(3).random(N) < 0.4).astype(np.float64)


@pytest.fixture(scope="module")
def features(label: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> tuple[np.ndarray, np.ndarray]:
    """Features on the as-of date, and on a random earlier day of the same person."""
    people = np.arange(N, dtype=np.int32)
    rows = pd.DataFrame({"person": people, "subject_id": [f"{p:032x}" for p in people], "group": people, "as_of": [AS_OF] * N})
    table = build_features(store(label), rows, SPECS, tmp_path_factory.mktemp("features") / "table", levels={})
    shuffled = shuffled_features(store(label), table, np.arange(N), SPECS, levels={}, seed=7)
    return table.matrix([spec.name for spec in SPECS]), shuffled


def ask_time(label: np.ndarray, now: np.ndarray, then: np.ndarray, **more: float) -> tuple[str, float]:
    changed = more.get("changed", 0.5)
    found = time_gate(
        label, np.nan_to_num(now), np.nan_to_num(then), changed_share=changed, person=np.arange(len(label), dtype=np.int32), seed=1
    )
    return found.verdict, float(found.evidence.get("loss") or 0.0)


@pytest.mark.requirement("R-14")
def test_skill_that_comes_about_in_time_is_lost_by_shuffling_it(label: np.ndarray, features: tuple[np.ndarray, np.ndarray]) -> None:
    now, then = features
    verdict, loss = ask_time(label, now[:, 0], then[:, 0])
    assert verdict == "PASSED"
    assert loss > 0.2


@pytest.mark.requirement("R-14")
def test_skill_that_was_written_at_the_start_stays_and_fails(label: np.ndarray, features: tuple[np.ndarray, np.ndarray]) -> None:
    now, then = features
    assert np.array_equal(now[:, 1], then[:, 1])
    assert ask_time(label, now[:, 1], then[:, 1])[0] == "FAILED"


def test_few_outcomes_are_no_accusation(label: np.ndarray, features: tuple[np.ndarray, np.ndarray]) -> None:
    """With so few people the loss may be nothing or large, whatever the truth."""
    now, _ = features
    random = np.random.default_rng(3)
    some = np.concatenate([np.flatnonzero(label == 1)[:12], np.flatnonzero(label == 0)[:60]])
    half_kept = np.where(random.random(len(some)) < 0.85, now[some, 1], 1 - now[some, 1])
    noisy = now[some, 1] + random.normal(0, 0.6, len(some))
    assert ask_time(label[some], noisy, half_kept + random.normal(0, 0.5, len(some)))[0] == "NOT_APPLICABLE"


def test_where_nothing_changes_or_nothing_is_known_time_has_no_answer(label: np.ndarray, features: tuple[np.ndarray, np.ndarray]) -> None:
    now, then = features
    assert ask_time(label, now[:, 0], then[:, 0], changed=0.01)[0] == "NOT_APPLICABLE"
    assert ask_time(np.roll(label, 1), now[:, 0], then[:, 0])[0] == "NOT_APPLICABLE"


def test_shuffled_features_are_those_of_a_day_within_the_recorded_life(label: np.ndarray, tmp_path: Path) -> None:
    """Held against the oracle: some day between the first record and the as-of date gives exactly these."""
    few = store(label[:4])
    people = np.arange(4, dtype=np.int32)
    rows = pd.DataFrame({"person": people, "subject_id": [f"{p:032x}" for p in people], "group": people, "as_of": [AS_OF] * 4})
    table = build_features(few, rows, SPECS, tmp_path / "table", levels={})
    shuffled = shuffled_features(few, table, np.array([0, 2, 3]), SPECS, levels={}, seed=5)
    again = shuffled_features(few, table, np.array([0, 2, 3]), SPECS, levels={}, seed=5)
    assert np.array_equal(shuffled, again, equal_nan=True)
    first = [min(int(day) for day in few.records.known_on[few.records.person == person]) for person in (0, 2, 3)]
    drawn = np.random.default_rng(5).random(3)
    for place, person in enumerate((0, 2, 3)):
        day = first[place] + int(np.floor(drawn[place] * (day_number(AS_OF) - first[place])))
        assert first[place] <= day <= day_number(AS_OF)
        then = Rows(np.array([person], dtype=np.int32), np.array([day], dtype=np.int32))
        (expected,) = oracle_features(few.records, then, SPECS, indicators=few.indicators, levels={})
        assert shuffled[place, 0] == np.float32(expected[SPECS[0].name])


def people(n: int, *, seed: int, n_features: int = 20) -> TwinRows:
    random = np.random.default_rng(seed)
    matrix = random.poisson(5, (n, n_features)).astype(np.float32)
    return TwinRows(matrix, (random.random(n) < 0.3).astype(np.float64), np.arange(n, dtype=np.int32) + 10_000 * seed)


def moved_in(test: TwinRows, train: TwinRows, n: int) -> TwinRows:
    """The first people of the test are in training too, a year earlier and under another id: a twentieth of what is known differs."""
    matrix, label = train.matrix.copy(), train.label.copy()
    matrix[:n], label[:n] = test.matrix[:n], test.label[:n]
    matrix[:n, 0] += 1
    return TwinRows(matrix, label, train.person)


@pytest.mark.requirement("R-14")
def test_one_person_under_two_ids_is_found_and_strangers_are_not() -> None:
    test, train = people(300, seed=1), people(1_000, seed=2)
    probability = np.full(300, 0.3)
    honest = identity_gate(test, probability, train)
    assert (honest.verdict, honest.evidence["n_twins"]) == ("PASSED", "0")
    found = identity_gate(test, probability, moved_in(test, train, 120))
    assert (found.verdict, found.evidence["n_twins"]) == ("FAILED", "120")
    assert float(found.evidence["excess_agreement"] or 0) > 0.3


def test_who_is_declared_the_same_person_is_no_twin() -> None:
    test, train = people(300, seed=1), people(1_000, seed=2)
    same = moved_in(test, train, 120)
    person = same.person.copy()
    person[:120] = test.person[:120]
    assert identity_gate(test, np.full(300, 0.3), TwinRows(same.matrix, same.label, person)).evidence["n_twins"] == "0"


def test_people_who_look_alike_by_chance_are_not_accused() -> None:
    """Of everybody little is known, so that many are alike; their outcomes agree as often as chance says."""
    random = np.random.default_rng(8)
    flags = (random.random((2_000, 10)) < 0.9).astype(np.float32)
    alike = np.repeat(random.integers(3, 9, (40, 12)).astype(np.float32), 50, axis=0)
    matrix = np.hstack([flags, alike])
    label = (random.random(2_000) < 0.3).astype(np.float64)
    order = random.permutation(2_000)
    both = TwinRows(matrix[order], label[order], np.arange(2_000, dtype=np.int32))
    finding = identity_gate(both.take(np.arange(600)), np.full(600, 0.3), both.take(np.arange(600, 2_000)))
    assert finding.verdict == "PASSED"
    assert int(str(finding.evidence["n_twins"])) > ENOUGH_TWINS


def test_rows_about_which_little_is_known_are_not_compared() -> None:
    empty = TwinRows(np.zeros((100, 20), dtype=np.float32), np.zeros(100), np.arange(100, dtype=np.int32))
    assert identity_gate(empty, np.full(100, 0.1), empty).verdict == "NOT_APPLICABLE"


def test_a_few_twins_are_no_verdict_and_no_small_count_is_told() -> None:
    test, train = people(300, seed=1), people(1_000, seed=2)
    finding = identity_gate(test, np.full(300, 0.3), moved_in(test, train, 3))
    assert (finding.verdict, finding.evidence["n_twins"]) == ("PASSED", "<5")


@pytest.mark.requirement("R-14")
def test_an_indicator_written_at_the_end_is_found_in_the_store() -> None:
    random = np.random.default_rng(2)
    told: list[Told] = []
    for person in range(200):
        degree, days = float(random.integers(1, 4)), float(random.integers(0, 9))
        for year in (2010, 2014, 2018):
            told.append((person, "degree", degree, date(year, 5, 1), date(year, 5, 2)))
            told.append((person, "absence", days + random.integers(0, 5), date(year, 6, 1), date(year, 6, 2)))
    found = lifetime_values_in(store_of(told, indicators=("absence", "degree"), n_persons=200), ["absence", "degree", "unknown_here"])
    assert found is not None
    finding = lifetime_gate(found, n_indicators=2)
    assert finding.verdict == "FAILED"
    assert finding.evidence["indicators"] == "degree (the same on every row of a person, early and late)"
    honest = lifetime_values_in(store_of(told, indicators=("absence", "degree"), n_persons=200), ["absence"])
    assert lifetime_gate(honest, n_indicators=1).verdict == "PASSED"


def test_without_records_a_year_apart_lifetime_has_no_answer() -> None:
    told: list[Told] = [(person, "absence", 1.0, date(2018, 6, 1), date(2018, 6, 2)) for person in range(100)]
    alone = store_of(told, indicators=("absence",), n_persons=100)
    assert lifetime_gate(lifetime_values_in(alone, ["absence"]), n_indicators=1).verdict == "NOT_APPLICABLE"
    assert lifetime_values_in(alone, []) is None
