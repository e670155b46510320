"""Histories that somebody tells give the features that a store with these records would give."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from features.declarations.project import Project, load_project
from features.engine.kernel import Rows
from features.histories import HistoryReader, ToldRecord
from features.oracle import oracle_features
from features.records import day_number
from features.tables import levels_of, stage_specs
from tests.support.projects import tiny_project

TODAY = date(2026, 11, 21)
AS_OF = date(2026, 6, 15)
MOVED_IN = date(2020, 1, 1)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return load_project(tiny_project(tmp_path_factory.mktemp("told") / "project"))


@pytest.fixture(scope="module")
def reader(project: Project) -> HistoryReader:
    return HistoryReader.of(project, stage_specs(project))


def absence(days: float | str | None, happened_on: date, *, known: int = 3, record: str | None = None) -> ToldRecord:
    return ToldRecord("edu_absence_days", days, happened_on, happened_on + timedelta(days=known), record)


HISTORIES = [
    [absence(4, date(2026, 3, 2)), absence(2, date(2025, 1, 7)), ToldRecord("edu_municipality", "9902", MOVED_IN, MOVED_IN)],
    [],
    [absence(6, date(2026, 6, 14), known=30), ToldRecord("edu_grade_mean", 4.25, date(2026, 1, 15), date(2026, 1, 20))],
    [absence(9, date(2026, 4, 1), record="a"), absence(1, date(2026, 4, 1), known=9, record="a"), absence(None, date(2026, 5, 5))],
]


def test_features_are_those_of_the_oracle(project: Project, reader: HistoryReader) -> None:
    records = reader.records(HISTORIES)
    found = reader.matrix(records, n_histories=len(HISTORIES), as_of=AS_OF)

    people = np.arange(len(HISTORIES), dtype=np.int32)
    rows = Rows(people, np.full(len(people), day_number(AS_OF), dtype=np.int32))
    right = oracle_features(records, rows, stage_specs(project), indicators=tuple(reader.indicators), levels=levels_of(project))
    np.testing.assert_allclose(found, np.array([list(one.values()) for one in right]), rtol=1e-6)
    by_name = dict(zip(reader.plan.names, found[3], strict=True))
    assert by_name["edu_absence_days.sum@365d"] == 1.0
    assert by_name["edu_absence_days.count@90d"] == 2.0


def test_newest_dates_are_of_what_counted_that_day(reader: HistoryReader) -> None:
    dates = reader.newest_dates(reader.records(HISTORIES), n_histories=len(HISTORIES), as_of=AS_OF)

    assert dates[0] == {"edu_absence_days": date(2026, 3, 2), "edu_municipality": MOVED_IN}
    assert dates[1] == {}
    assert dates[2] == {"edu_grade_mean": date(2026, 1, 15)}


@pytest.mark.parametrize(
    ("record", "field", "what"),
    [
        (ToldRecord("edu_unknown", 1, AS_OF, AS_OF), "indicator", "not_an_indicator_here"),
        (ToldRecord("edu_completion", 1, AS_OF, AS_OF), "indicator", "not_an_indicator_here"),
        (absence(-1, AS_OF), "value", "value_negative"),
        (absence("x", AS_OF), "value", "value_not_a_number"),
        (ToldRecord("edu_municipality", "0301", AS_OF, AS_OF), "value", "value_not_a_level"),
        (ToldRecord("edu_grade_mean", None, AS_OF, AS_OF), "value", "value_missing"),
        (absence(1, TODAY, known=1), "known_on", "date_still_to_come"),
        (ToldRecord("edu_absence_days", 1, TODAY + timedelta(days=1), TODAY), "happened_on", "date_still_to_come"),
    ],
)
def test_what_may_not_be_told_is_named_by_place(reader: HistoryReader, record: ToldRecord, field: str, what: str) -> None:
    faults = reader.find_faults([[], [absence(1, AS_OF), record]], today=TODAY)

    assert [(f.history, f.record, f.field, f.what) for f in faults] == [(1, 1, field, what)]


@pytest.mark.requirement("R-23")
def test_what_needs_consent_is_refused_since_nobody_can_show_it(tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "project")
    labour = folder / "indicators" / "labour.toml"
    text = labour.read_text(encoding="utf-8").replace("confidential = true", "confidential = true\nneeds_consent = true")
    labour.write_text(text, encoding="utf-8")
    project = load_project(folder)
    reader = HistoryReader.of(project, stage_specs(project))

    faults = reader.find_faults([[ToldRecord("nav_low_income_hh", 1, AS_OF, AS_OF)]], today=TODAY)

    assert [fault.what for fault in faults] == ["indicator_needs_consent"]
