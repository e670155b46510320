"""What rows of spells are held against, and what the end of a state leaves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.declarations.project import load_project
from features.errors import IntakeError
from features.intake.report import IntakeReport
from features.records import day_of
from features.store import open_store
from tests.support.ingesting import ingest_tiny
from tests.support.projects import LABOUR, tiny_project

PERSON = "SYN-003"
CODES = {
    "codeList": [
        {"code": "0301", "validFrom": "1950-01-01"},
        {"code": "1601", "validFrom": "1950-01-01", "validUntil": "2017-12-31"},
        {"code": "5001", "validFrom": "2018-01-01"},
    ],
    "sentinelAndMissingValues": [{"code": "9999"}],
}
LEVELS = ("0301", "1601", "5001")


def metadata(temporality: str = "EVENT", data_type: str = "STRING", domain: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    measure = {"dataType": data_type, "valueDomain": CODES if domain is None else domain}
    return {"temporalityType": temporality, "identifierVariables": [{"unitType": "PERSON"}], "measureVariables": [measure], **more}


def project(
    root: Path,
    lines: Sequence[str],
    *,
    kind: str = "category",
    levels: Sequence[str] = LEVELS,
    told: dict[str, Any] | None = None,
    extra: str = "",
) -> Path:
    """The tiny project with one spells source of its own: semicolons, no header, synthetic rows."""
    tiny_project(root)
    text = LABOUR.replace('kind = "flag"', f'kind = "{kind}"' + (f"\nlevels = {list(levels)}" if levels else ""))
    text = text.replace('features = ["last", "sum@3y"]', 'features = ["last"]').replace('direction = "raises"\n', "")
    text = text.replace('known_column = "known_on"', f'known_column = ""\nknown_lag_days = 10\nmax_bad_share = 1.0\n{extra}')
    (root / "indicators" / "labour.toml").write_text(text + ('metadata = "meta.json"\n' if told else ""), encoding="utf-8")
    if told:
        (root / "meta.json").write_text(json.dumps(told), encoding="utf-8")
    (root / "data" / "income.csv").write_text("".join(f"{line};synthetic=true\n" for line in lines), encoding="utf-8")
    return root


def reasons(report: IntakeReport) -> dict[str, int]:
    return dict(next(s for s in report.sources if s.source == "income").quarantined)


def stored(root: Path) -> list[tuple[str, float | None, str]]:
    """Records in the order of the store: happened on, value, known on."""
    records = open_store(load_project(root), "train").read_part(0, indicators=["nav_low_income_hh"])
    days = [[day_of(day).isoformat() for day in column.tolist()] for column in (records.happened_on, records.known_on)]
    values = [None if np.isnan(value) else float(value) for value in records.value.tolist()]
    return list(zip(days[0], values, days[1], strict=True))


@pytest.mark.parametrize(
    ("temporality", "line", "reason"),
    [
        ("FIXED", "0301;2020-01-01;", "start_of_fixed"),
        ("STATUS", "0301;2020-01-01;", "stop_missing"),
        ("STATUS", "0301;;2020-01-01", "happened_missing"),
        ("STATUS", "0301;2020-01-01;2020-01-02", "stop_not_start"),
        ("ACCUMULATED", "0301;2020-01-01;", "stop_missing"),
        ("EVENT", "0301;;2020-01-01", "happened_missing"),
        ("EVENT", "0301;2020-01-02;2020-01-01", "stop_before_start"),
        ("EVENT", "1234;2020-01-01;", "value_not_in_code_list"),
        ("EVENT", "5001;2017-12-31;", "value_not_valid_then"),
        ("EVENT", "1601;2018-01-01;", "value_not_valid_then"),
        ("ACCUMULATED", "1601;2017-06-01;2018-05-31", "value_not_valid_then"),
    ],
)
def test_a_row_that_the_metadata_forbids_is_set_aside(tmp_path: Path, temporality: str, line: str, reason: str) -> None:
    report = ingest_tiny(project(tmp_path / "p", [f"{PERSON};{line}"], told=metadata(temporality)))
    assert reasons(report) == {reason: 1}


@pytest.mark.parametrize(
    ("data_type", "value", "is_good"),
    [("LONG", "12", True), ("LONG", "12.5", False), ("DOUBLE", "12.5", True), ("DOUBLE", "12,5", False), ("STRING", "12.5", True)],
)
def test_a_value_is_of_the_metadatas_type(tmp_path: Path, data_type: str, value: str, is_good: bool) -> None:
    told = metadata("ACCUMULATED", data_type, {"measurementType": "CURRENCY"})
    report = ingest_tiny(project(tmp_path / "p", [f"{PERSON};{value};2020-01-01;2020-12-31"], kind="amount", levels=(), told=told))
    assert reasons(report) == ({} if is_good else {"value_not_of_data_type": 1})


@pytest.mark.parametrize(
    ("told", "code", "said"),
    [
        ({"temporalityType": "SOMETIMES"}, "TID316", "none of FIXED, STATUS"),
        ({"measureVariables": []}, "TID316", "no `temporalityType`"),
        (metadata(data_type="DATE"), "TID341", "its values are dates"),
        (metadata(identifierVariables=[{"unitType": "KOMMUNE"}]), "TID340", "about KOMMUNE"),
        (metadata(domain={"codeList": [{"code": "0301"}, {"code": "1601"}]}), "TID342", "not in the code list: 5001"),
        (metadata(domain={"codeList": [*CODES["codeList"], {"code": "4601"}]}), "TID342", "lacks the codes 4601"),
    ],
)
def test_metadata_that_can_not_be_read_by_is_refused(tmp_path: Path, told: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(IntakeError, match=code) as caught:
        ingest_tiny(project(tmp_path / "p", [f"{PERSON};0301;2020-01-01;"], told=told))
    assert said in str(caught.value)


def test_the_end_of_a_category_leaves_an_unknown_state_only_where_nothing_follows(tmp_path: Path) -> None:
    lines = ["0301;2010-01-01;2010-12-31", "1601;2011-01-01;2011-06-30", "0301;2012-01-01;2012-03-31", "5001;2018-01-01;"]
    root = project(tmp_path / "p", [f"{PERSON};{line}" for line in reversed(lines)], told=metadata())
    assert reasons(ingest_tiny(root)) == {}
    assert stored(root) == [
        ("2010-01-01", 0.0, "2010-01-11"),
        ("2011-01-01", 1.0, "2011-01-11"),
        ("2011-07-01", None, "2011-07-11"),
        ("2012-01-01", 0.0, "2012-01-11"),
        ("2012-04-01", None, "2012-04-11"),
        ("2018-01-01", 2.0, "2018-01-11"),
    ]


def test_a_code_for_unknown_is_a_record_without_a_value_and_has_no_end(tmp_path: Path) -> None:
    root = project(tmp_path / "p", [f"{PERSON};9999;2010-01-01;2010-12-31", f"{PERSON};0301;2011-01-01;"], told=metadata())
    ingest_tiny(root)
    assert [(day, value) for day, value, _ in stored(root)] == [("2010-01-01", None), ("2011-01-01", 0.0)]


def test_a_flag_of_two_overlapping_spells_is_in_force_until_both_are_over(tmp_path: Path) -> None:
    lines = [f"{PERSON};1;2010-01-01;2011-12-31", f"{PERSON};1;2011-06-01;2013-05-31", f"{PERSON};1;2013-06-01;2013-12-31"]
    root = project(tmp_path / "p", lines, kind="flag", levels=())
    ingest_tiny(root)
    assert [(day, value) for day, value, _ in stored(root) if value == 0] == [("2014-01-01", 0.0)]


def test_spells_that_meet_are_all_set_aside_where_the_metadata_says_one_at_a_time(tmp_path: Path) -> None:
    lines = [f"{PERSON};0301;2010-01-01;2010-12-31", f"{PERSON};1601;2010-12-31;", "SYN-004;0301;2010-01-01;"]
    root = project(tmp_path / "p", lines, told=metadata())
    assert reasons(ingest_tiny(root)) == {"spells_overlap": 2}
    assert len(stored(root)) == 1


def test_a_fixed_value_stands_once_and_holds_from_birth(tmp_path: Path) -> None:
    lines = [f"{PERSON};0301;;", "SYN-004;0301;;2021-01-01", "SYN-005;0301;;", "SYN-005;1601;;"]
    root = project(tmp_path / "p", lines, told=metadata("FIXED"))
    assert reasons(ingest_tiny(root)) == {"spells_overlap": 2}
    assert sorted(day for day, _, _ in stored(root)) == ["2000-04-04", "2000-05-05"]


@pytest.mark.parametrize("stop", ["", "9999-12-31", "2029-01-01"])
def test_an_open_spell_stays_open(tmp_path: Path, stop: str) -> None:
    root = project(tmp_path / "p", [f"{PERSON};0301;2010-01-01;{stop}"], told=metadata())
    ingest_tiny(root)
    assert [value for _, value, _ in stored(root)] == [0.0]


@pytest.mark.requirement("R-14")
def test_an_end_is_never_known_before_its_row(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    path = root / "indicators" / "labour.toml"
    path.write_text(LABOUR.replace('known_column = "known_on"', 'known_column = "known_on"\nknown_lag_days = 5'), encoding="utf-8")
    told = date(2020, 6, 1)
    (root / "data" / "income.csv").write_text(
        f"unit_id,value,start,stop,known_on,synthetic\n{PERSON},1,2015-01-01,2015-12-31,{told},true\n", encoding="utf-8"
    )
    ingest_tiny(root)
    assert [(value, known) for _, value, known in stored(root)] == [(1.0, told.isoformat()), (0.0, told.isoformat())]


def test_an_end_does_not_supersede_its_own_start(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    path = root / "indicators" / "labour.toml"
    path.write_text(LABOUR.replace('known_column = "known_on"', 'known_column = "known_on"\nrecord_column = "case"'), encoding="utf-8")
    header = "unit_id,value,start,stop,known_on,case,synthetic\n"
    rows = [f"{PERSON},1,2015-01-01,,2015-01-05,c1,true", f"{PERSON},1,2015-01-01,2015-12-31,2016-01-05,c1,true"]
    (root / "data" / "income.csv").write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    ingest_tiny(root)
    store = open_store(load_project(root), "train")
    person = int(store.read_part(0, indicators=["nav_low_income_hh"]).person[0])
    for as_of, values in ((date(2015, 6, 1), [1.0]), (date(2016, 6, 1), [1.0, 0.0])):
        known = store.records_of([person], as_of=as_of)
        assert known.loc[known["indicator"] == "nav_low_income_hh", "value"].tolist() == values
