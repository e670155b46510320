"""A corrected extract adds what became known later; a row that would change a day that has been told of is set aside."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from features.declarations.project import load_project
from features.errors import DataError, IntakeError
from features.intake.report import IntakeReport
from features.records import day_number
from features.store import open_store
from features.tables import build_stage_table
from tests.support.ingesting import ingest_tiny, store_bytes
from tests.support.projects import EDUCATION, LABOUR, NOW, tiny_project

LATER = NOW + timedelta(days=30)
SPELLS = "unit_id,value,start,stop,known_on,case,synthetic"


def edit(root: Path, *, code: str = "edu_grade_mean", only: int | None = None, **cells: str) -> list[int]:
    """Give rows of an indicator other cells; return the numbers of their lines."""
    path, edited = root / "data" / "school.csv", list[int]()
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=2):
        row = dict(zip(header.split(","), line.split(","), strict=True))
        if row["indicator"] == code and (only is None or len(edited) < only):
            edited.append(number)
            lines[number - 2] = ",".join((row | cells).values())
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return edited


def quarantined(report: IntakeReport, source: str) -> dict[str, int]:
    return dict(next(s for s in report.sources if s.source == source).quarantined)


def table(root: Path) -> pd.DataFrame:
    project = load_project(root)
    _, built = build_stage_table(project, "train", project.stages["grade_10"], on=NOW.date())
    return pd.concat([built.keys.reset_index(drop=True), pd.DataFrame(built.matrix(), columns=list(built.names))], axis=1)


@pytest.mark.requirement("R-14")
@pytest.mark.parametrize("cells", [{"value": "1.5"}, {"happened_on": "2013-02-03"}, {"value": "1.5", "happened_on": "2013-02-03"}])
def test_a_change_without_a_later_day_is_set_aside_and_no_table_changes(root: Path, cells: dict[str, str]) -> None:
    before, told = table(root), store_bytes(root)
    lines = edit(root, only=3, **cells)
    report = ingest_tiny(root, now=LATER)
    assert quarantined(report, "school") == {"changed_without_news": 3}
    school = next(s for s in report.sources if s.source == "school")
    assert (school.rows_read, school.rows_loaded, school.rows_already_loaded) == (1649, 0, 1646)
    assert report.quarantine is not None
    (file,) = json.loads(report.quarantine.read_text(encoding="utf-8"))["files"]
    assert file["reasons"]["changed_without_news"]["first_lines"] == lines
    assert "a later day on which the change became known" in file["reasons"]["changed_without_news"]["expected"]
    after = store_bytes(root)
    assert {name for name in after if told.get(name) != after[name]} == {"manifest.json"}, "what has been read is remembered, no more"
    pd.testing.assert_frame_equal(table(root), before)


@pytest.mark.requirement("R-14")
def test_many_of_them_refuse_the_file(root: Path) -> None:
    told = store_bytes(root)
    lines = edit(root, value="1.5")
    with pytest.raises(IntakeError, match=rf"TID309.*{len(lines)} of 1649 rows.*changed_without_news: {len(lines)} rows") as caught:
        ingest_tiny(root, now=LATER)
    assert "1.5" not in str(caught.value)
    assert store_bytes(root) == told


def test_the_same_change_with_a_later_day_is_loaded(root: Path) -> None:
    edit(root, only=3, value="1.5", known_on="2026-11-22")
    report = ingest_tiny(root, now=LATER)
    assert quarantined(report, "school") == {}
    assert report.rows_loaded == 60 + 3


def test_without_a_day_of_its_own_a_correction_is_never_news(tmp_path: Path) -> None:
    """Where the day is assumed from when it happened, nobody can say since when the other value has been known."""
    root = tiny_project(tmp_path / "p")
    text = EDUCATION.replace('record_column = "record"', 'record_column = "record"\nknown_column = ""\nknown_lag_days = 3', 1)
    (root / "indicators" / "education.toml").write_text(
        text.replace('"record"\n', '"record"\nignored = ["known_on"]\n', 1), encoding="utf-8"
    )
    ingest_tiny(root)
    edit(root, only=1, value="1.5")
    assert quarantined(ingest_tiny(root, now=LATER), "school") == {"changed_without_news": 1}


def test_two_versions_of_one_day_in_one_file_stand_and_the_later_holds(root: Path) -> None:
    path = root / "data" / "school.csv"
    lines = [f"SYN-055,2026-03-02,2026-03-03,edu_grade_mean,{value},new,true\n" for value in ("4.5", "2.5")]
    path.write_text(path.read_text(encoding="utf-8") + "".join(lines), encoding="utf-8")
    assert quarantined(ingest_tiny(root, now=LATER), "school") == {}
    records = open_store(load_project(root), "train").read_part(0, indicators=["edu_grade_mean"])
    newest = records.take(records.known_on == day_number(date(2026, 3, 3)))
    assert newest.value[newest.in_force].tolist() == [2.5]


def test_a_file_beside_the_first_one_may_not_contradict_it_either(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    shutil.copy(root / "data" / "school.csv", root / "data" / "school-1.csv")
    edit(root, only=3, value="1.5")
    (root / "data" / "school.csv").rename(root / "data" / "school-2.csv")
    text = EDUCATION.replace('"data/school.csv"', '"data/school-1.csv", "data/school-2.csv"')
    (root / "indicators" / "education.toml").write_text(text, encoding="utf-8")
    reports = {s.name: s for s in ingest_tiny(root).sources if s.source == "school"}
    assert (reports["school-1.csv"].rows_loaded, dict(reports["school-1.csv"].quarantined)) == (1649, {})
    assert (reports["school-2.csv"].rows_loaded, reports["school-2.csv"].rows_already_loaded) == (0, 1646)
    assert dict(reports["school-2.csv"].quarantined) == {"changed_without_news": 3}


def with_spells(root: Path, *lines: str, lag: int | None = None) -> Path:
    """The tiny project with spells of its own, whose records have numbers."""
    more = 'known_column = "known_on"\nrecord_column = "case"\nmax_bad_share = 1.0' + ("" if lag is None else f"\nknown_lag_days = {lag}")
    (root / "indicators" / "labour.toml").write_text(LABOUR.replace('known_column = "known_on"', more), encoding="utf-8")
    (root / "data" / "income.csv").write_text("\n".join([SPELLS, *(f"SYN-003,1,{line},true" for line in lines)]) + "\n", encoding="utf-8")
    return root


def states(root: Path, as_of: date) -> list[tuple[str, float]]:
    """Days and values of the one person's spells, as they could be seen on a day."""
    store = open_store(load_project(root), "train")
    person = int(store.read_part(0, indicators=["nav_low_income_hh"]).person[0])
    known = store.records_of([person], as_of=as_of)
    known = known[known["indicator"] == "nav_low_income_hh"]
    return [(day.isoformat(), value) for day, value in zip(known["happened_on"], known["value"], strict=True)]


def test_a_spell_is_closed_by_a_row_that_became_known_later(tmp_path: Path) -> None:
    root = with_spells(tiny_project(tmp_path / "p"), "2015-01-01,,2015-01-05,c1")
    ingest_tiny(root)
    with_spells(root, "2015-01-01,2015-12-31,2016-01-05,c1")
    assert quarantined(ingest_tiny(root, now=LATER), "income") == {}
    assert states(root, date(2016, 1, 4)) == [("2015-01-01", 1.0)]
    assert states(root, date(2016, 1, 5)) == [("2015-01-01", 1.0), ("2016-01-01", 0.0)]


def test_a_spell_is_closed_without_a_later_day_where_a_lag_says_when_ends_become_known(tmp_path: Path) -> None:
    root = with_spells(tiny_project(tmp_path / "p"), "2015-01-01,,2015-01-05,c1", lag=10)
    ingest_tiny(root)
    with_spells(root, "2015-01-01,2015-12-31,2015-01-05,c1", lag=10)
    assert quarantined(ingest_tiny(root, now=LATER), "income") == {}
    assert states(root, date(2016, 1, 10)) == [("2015-01-01", 1.0)]
    assert states(root, date(2016, 1, 11)) == [("2015-01-01", 1.0), ("2016-01-01", 0.0)]


@pytest.mark.requirement("R-14")
@pytest.mark.parametrize("case", ["c1", ""])
def test_an_end_that_claims_to_have_been_known_while_the_state_was_told_as_open_is_set_aside(tmp_path: Path, case: str) -> None:
    root = with_spells(tiny_project(tmp_path / "p"), f"2015-01-01,,2015-01-05,{case}")
    ingest_tiny(root)
    with_spells(root, f"2015-01-01,2015-12-31,2015-01-05,{case}")
    assert quarantined(ingest_tiny(root, now=LATER), "income") == {"changed_without_news": 1}
    assert states(root, LATER.date()) == [("2015-01-01", 1.0)]


@pytest.mark.requirement("R-14")
def test_an_end_is_not_moved_without_a_later_day(tmp_path: Path) -> None:
    root = with_spells(tiny_project(tmp_path / "p"), "2015-01-01,2015-12-31,2016-01-05,c1")
    ingest_tiny(root)
    with_spells(root, "2015-01-01,2015-11-30,2016-01-05,c1")
    assert quarantined(ingest_tiny(root, now=LATER), "income") == {"changed_without_news": 1}
    assert states(root, LATER.date()) == [("2015-01-01", 1.0), ("2016-01-01", 0.0)]


def test_an_end_that_was_too_far_ahead_to_be_read_comes_when_it_is_near(tmp_path: Path) -> None:
    root = with_spells(tiny_project(tmp_path / "p"), "2015-01-01,2028-06-30,2015-01-05,c1")
    ingest_tiny(root)
    with_spells(root, "2015-01-01,2028-06-30,2015-01-05,c1", "2014-01-01,2014-01-31,2014-03-01,c2")
    assert quarantined(ingest_tiny(root, now=NOW + timedelta(days=360)), "income") == {}
    assert states(root, date(2028, 7, 1))[-1] == ("2028-07-01", 0.0)


def test_a_table_as_of_a_day_to_come_is_refused_before_anything_is_read(root: Path) -> None:
    project = load_project(root)
    with pytest.raises(DataError, match=r"TID430.*2099-01-01 is still to come. Choose a date up to 2026-11-21"):
        build_stage_table(project, "train", project.stages["grade_10"], on=NOW.date(), as_of=date(2099, 1, 1))
