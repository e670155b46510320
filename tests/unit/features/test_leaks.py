"""Leaks that the data gives away."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.declarations.project import Project, load_project
from features.declarations.specs import FeatureSpec
from features.engine.build import build_features
from features.engine.table import FeatureTable
from features.leaks import label_finding, rebuilt_finding, single_feature_finding
from features.tables import levels_of, stage_specs
from tests.support.memory_store import MemoryStore, Told, store_of
from tests.support.projects import tiny_project

AS_OF = date(2021, 6, 15)
N_PERSONS = 240
LABEL = (np.arange(N_PERSONS) % 3 == 0).astype(np.float64)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return load_project(tiny_project(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="module")
def store(project: Project) -> MemoryStore:
    """Absence says nothing; who has a mean grade at all is exactly who does not complete; low income became known late."""
    rng = np.random.default_rng(3)
    told: list[Told] = []
    for person in range(N_PERSONS):
        absent = date(2021, 1 + int(rng.integers(5)), 3)
        told.append((person, "edu_absence_days", float(rng.integers(1, 9)), absent, absent))
        told.append((person, "nav_low_income_hh", 1.0, date(2020, 1, 1), date(2021, 1 + int(rng.integers(11)), 1)))
        if LABEL[person]:
            told.append((person, "edu_grade_mean", float(rng.integers(2, 6)), date(2021, 6, 1), date(2021, 6, 1)))
    return store_of(told, indicators=tuple(project.catalogue.indicators), n_persons=N_PERSONS)


@pytest.fixture(scope="module")
def table(project: Project, store: MemoryStore, tmp_path_factory: pytest.TempPathFactory) -> FeatureTable:
    person = np.arange(N_PERSONS, dtype=np.int32)
    rows = pd.DataFrame({"person": person, "subject_id": [f"{p:032x}" for p in person], "group": person, "as_of": [AS_OF] * N_PERSONS})
    return build_features(store, rows, stage_specs(project), tmp_path_factory.mktemp("features") / "grade_10", levels=levels_of(project))


def test_a_feature_that_tells_the_outcome_by_being_there_is_named(table: FeatureTable) -> None:
    finding = single_feature_finding(table, LABEL)
    assert finding.is_failed
    assert finding.evidence["auc"] == 1.0
    assert finding.evidence["features"] == "edu_grade_mean.last@ever, edu_grade_mean.mean@730d"


def test_a_feature_that_tells_the_outcome_by_its_value_is_named(project: Project, table: FeatureTable) -> None:
    absence = table.matrix(["edu_absence_days.sum@365d"])[:, 0]
    finding = single_feature_finding(table, (absence > 5).astype(np.float64))
    assert finding.is_failed
    assert "edu_absence_days.sum@365d" in str(finding.evidence["features"])


def test_chance_is_no_leak(table: FeatureTable) -> None:
    coin = np.random.default_rng(1).integers(0, 2, N_PERSONS).astype(np.float64)
    assert single_feature_finding(table, coin).verdict == "PASSED"


def test_too_few_outcomes_is_not_applicable_rather_than_passed(table: FeatureTable) -> None:
    few = np.where(np.arange(N_PERSONS) < 60, LABEL, np.nan)
    assert single_feature_finding(table, few).verdict == "NOT_APPLICABLE"


def test_a_feature_of_a_label_is_named(project: Project) -> None:
    finding = label_finding(project, ["edu_absence_days.sum@365d", "edu_completion.last@ever"])
    assert finding.is_failed
    assert finding.evidence["features"] == "edu_completion.last@ever"


@pytest.mark.requirement("R-14")
def test_a_table_that_used_later_knowledge_is_found(project: Project, store: MemoryStore, table: FeatureTable, tmp_path: Path) -> None:
    """The same table, built as though everything had been known the day it happened."""
    omniscient = replace(store, records=replace(store.records, known_on=store.records.happened_on))
    keys = table.keys[["person", "subject_id", "group", "as_of"]]
    leaking = build_features(omniscient, keys, stage_specs(project), tmp_path / "leaking", levels=levels_of(project))
    finding = rebuilt_finding(store, leaking, stage_specs(project), levels=levels_of(project))
    assert finding.is_failed
    assert finding.evidence["features"] == "nav_low_income_hh.last@ever, nav_low_income_hh.sum@1095d"


def test_a_table_of_another_store_is_not_compared(project: Project, store: MemoryStore, table: FeatureTable) -> None:
    other = replace(store, records=store.records.take(store.records.person < 7))
    finding = rebuilt_finding(other, table, [FeatureSpec("edu_grade_mean", "last", None)], levels={})
    assert finding.verdict == "NOT_APPLICABLE"
