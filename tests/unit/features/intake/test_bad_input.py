"""Bad input gets one clear message that says what, where, what was expected and what to do; the store stays as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from features.errors import IntakeError, ScreeningError
from tests.support.ingesting import ingest_tiny, store_bytes
from tests.support.projects import EDUCATION, tiny_project

FNR = "01010750160"


def change(name: str, edit: Callable[[str], str]) -> Callable[[Path], None]:
    def apply(root: Path) -> None:
        path = root / "data" / name
        path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")

    return apply


def declare(old: str, new: str) -> Callable[[Path], None]:
    def apply(root: Path) -> None:
        text = EDUCATION.replace(old, new)
        assert text != EDUCATION
        (root / "indicators" / "education.toml").write_text(text, encoding="utf-8")

    return apply


def free_text(root: Path) -> None:
    declare('record_column = "record"', 'record_column = "record"\nignored = ["remark"]')(root)
    path = root / "data" / "school.csv"
    header, first, *rest = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([f"{header},remark", f"{first},ring 010107 50160", *(f"{line}," for line in rest)]) + "\n", encoding="utf-8")


def as_parquet_cut_off(root: Path) -> None:
    declare('files = ["data/school.csv"]', 'files = ["data/school.parquet"]')(root)
    path = root / "data" / "school.parquet"
    pq.write_table(pa_csv.read_csv(root / "data" / "school.csv"), path)
    path.write_bytes(path.read_bytes()[:-200])


def parquet_damaged_inside(root: Path) -> None:
    declare('files = ["data/school.csv"]', 'files = ["data/school.parquet"]')(root)
    path = root / "data" / "school.parquet"
    pq.write_table(pa_csv.read_csv(root / "data" / "school.csv"), path, compression="zstd", use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[200:260] = bytes(60)
    path.write_bytes(bytes(content))


CASES: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "wrong separator": (
        lambda root: (declare('record_column = "record"', 'record_column = "record"\nseparator = ";"')(root), None)[1],
        ("TID303", "school.csv", "semicolon", "comma", "Set `separator`"),
    ),
    "no separator": (change("school.csv", lambda text: text.replace(",", "~")), ("TID303", "school.csv", "one column", "person")),
    "unknown column": (
        change("school.csv", lambda text: text.replace("person,", "mood,person,", 1).replace("\nSYN", "\n3,SYN")),
        ("TID301", "school.csv", "mood", "Expected person", "`ignored`"),
    ),
    "missing column": (change("school.csv", lambda text: text.replace("value", "synthetic2", 1)), ("TID301", "synthetic2", "value")),
    "missing column alone": (
        change(
            "residence.csv",
            lambda text: "\n".join(",".join(line.split(",")[:3] + line.split(",")[4:]) for line in text.splitlines()) + "\n",
        ),
        ("TID302", "residence.csv", "municipality"),
    ),
    "identity number in free text": (free_text, ("TID308", "school.csv", "'remark'", "line 2", "id column only")),
    "identity number as a value": (
        change("school.csv", lambda text: text.replace(",8,level-8", f",{FNR},level-8", 1)),
        ("TID308", "'value'", "1 national identity numbers"),
    ),
    "identity number that lost its zero": (
        change("school.csv", lambda text: text.replace(",8,level-8", ",8,1010750160", 1)),
        ("TID308", "'record'", "1 national identity numbers"),
    ),
    "empty file": (change("school.csv", lambda _: ""), ("TID304", "school.csv", "0 bytes", "ask for the file again")),
    "header only": (change("school.csv", lambda text: text.splitlines()[0] + "\n"), ("TID304", "school.csv", "no row")),
    "header only, no line end": (change("school.csv", lambda text: text.splitlines()[0]), ("TID304", "school.csv", "no row")),
    "decimal commas without quotes": (
        change("school.csv", lambda text: re.sub(r"(,edu_[a-z_]+,[0-9]+)[.]?([0-9]*)(,.*)$", r"\1,0\2\3", text, flags=re.MULTILINE)),
        ("TID309", "school.csv", "none of its 1649 rows", "line 2, has 8 for 7, separated by comma", "A decimal comma"),
    ),
    "rows with too few fields": (
        change("income.csv", lambda text: text.splitlines()[0] + "\nSYN-003,1\nSYN-004,0\n"),
        ("TID309", "income.csv", "none of its 2 rows", "line 2, has 2 for 6", "Check its separator and its header"),
    ),
    "file not there": (lambda root: (root / "data" / "school.csv").unlink(), ("TID305", "school.csv", "not there")),
    "truncated Parquet": (as_parquet_cut_off, ("TID306", "school.parquet", "cut off or damaged", "Copy it again")),
    "damaged Parquet": (parquet_damaged_inside, ("TID306", "school.parquet", "cut off or damaged")),
    "truncated CSV": (change("school.csv", lambda text: text[:-20]), ("TID306", "school.csv", "cut off", "Copy it again")),
    "duplicate rows": (
        change("school.csv", lambda text: text + "".join(line + "\n" for line in text.splitlines()[1:100])),
        ("TID309", "school.csv", "99 of 1748 rows", "duplicate_row: 99 rows (first at line 1651", "record_column"),
    ),
    "dates in 2099": (
        change("school.csv", lambda text: text.replace("2019-", "2099-")),
        ("TID309", "school.csv", "happened_too_late", "at most one year after today"),
    ),
    "known in the future": (
        change("income.csv", lambda text: text.replace("2016-03-01", "2027-03-01")),
        ("TID309", "income.csv", "known_in_future", "what becomes known in the future is not known"),
    ),
    "unreadable dates": (
        change("residence.csv", lambda text: text.replace("-08-01", "-18-01")),
        ("TID309", "happened_unreadable", "60 of 60"),
    ),
    "too early": (change("residence.csv", lambda text: text.replace("2013-08-01", "1013-08-01")), ("TID309", "happened_too_early")),
    "unknown indicator": (
        change("school.csv", lambda text: text.replace("edu_grade_mean", "edu_grade")),
        ("TID309", "unknown_indicator: 180 rows", "declared and switched on"),
    ),
    "decimal comma": (
        change("school.csv", lambda text: _with_decimal_comma(text)),
        ("TID309", "value_not_a_number: 180 rows", "decimal comma", "`decimal = ','`"),
    ),
    "not a level": (change("residence.csv", lambda text: text.replace("9902", "0301")), ("TID309", "value_not_a_level", "`levels`")),
    "not 0 or 1": (change("income.csv", lambda text: text.replace(",1,", ",7,")), ("TID309", "value_not_0_or_1")),
    "negative count": (
        change("school.csv", lambda text: text.replace("edu_absence_days,1", "edu_absence_days,-1")),
        ("TID309", "value_negative", "a count of 0 or more"),
    ),
    "missing identifiers": (change("residence.csv", lambda text: _without_ids(text)), ("TID309", "missing_id")),
    "strangers": (change("residence.csv", lambda text: text.replace("SYN-", "X-")), ("TID309", "unknown_person: 60 rows")),
    "people twice": (
        change("persons.csv", lambda text: text + "".join(line + "\n" for line in text.splitlines()[1:10])),
        ("TID309", "persons.csv", "duplicate_id: 9 rows"),
    ),
    "not marked synthetic": (change("school.csv", lambda text: text.replace(",true", ",false")), ("TID311", "school.csv", "never mix")),
    "no mark at all": (
        change("residence.csv", lambda text: text.replace(",synthetic", "").replace(",true", "")),
        ("TID311", "residence.csv", "`synthetic`", "data = 'real'"),
    ),
    "unknown protection": (
        change("persons.csv", lambda text: text.replace("born_on", "born_on,address_protection", 1).replace(",true", ",hemmelig,true")),
        ("TID312", "persons.csv", "60 rows", "strengtFortrolig"),
    ),
    "wrong encoding declared": (
        lambda root: (
            declare('record_column = "record"', 'record_column = "record"\nencoding = "utf-8"')(root),
            (root / "data" / "school.csv").write_bytes(
                (root / "data" / "school.csv").read_bytes().replace(b"level-8", "nivå-8".encode("latin-1"))
            ),
            None,
        )[2],
        ("TID307", "school.csv", "utf-8", "latin-1"),
    ),
}


def _with_decimal_comma(text: str) -> str:
    header, *lines = text.splitlines()
    fields = [line.split(",") for line in lines]
    for row in fields:
        if row[3] == "edu_grade_mean":
            row[4] = row[4].replace(".", ",") if "." in row[4] else f"{row[4]},0"
    return "\n".join([header.replace(",", ";"), *(";".join(row) for row in fields)]) + "\n"


def _without_ids(text: str) -> str:
    header, *lines = text.splitlines()
    return "\n".join([header, *("," + line.split(",", 1)[1] for line in lines)]) + "\n"


@pytest.mark.requirement("R-03")
@pytest.mark.parametrize("name", CASES)
def test_one_clear_message_and_the_store_as_it_was(root: Path, name: str) -> None:
    before = store_bytes(root)
    spoil, expected = CASES[name]
    spoil(root)
    with pytest.raises(IntakeError) as caught:
        ingest_tiny(root)
    for text in expected:
        assert text in str(caught.value)
    assert FNR not in str(caught.value)
    assert "SYN-0" not in str(caught.value)
    assert store_bytes(root) == before


def test_a_refused_file_leaves_its_reasons_without_values(root: Path) -> None:
    change("residence.csv", lambda text: text.replace("9902", "0301"))(root)
    with pytest.raises(IntakeError):
        ingest_tiny(root)
    (path,) = (root / "var" / "quarantine").glob("*.json")
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["loaded"] is False
    assert document["rejected"]["code"] == "TID309"
    (file,) = document["files"]
    assert file["reasons"]["value_not_a_level"]["rows"] == 30
    assert file["reasons"]["value_not_a_level"]["first_lines"] == list(range(3, 43, 2))
    assert "0301" not in path.read_text(encoding="utf-8")


def test_a_few_bad_rows_are_set_aside_and_the_rest_is_loaded(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "project")
    path = root / "data" / "school.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[10] = lines[10].replace(lines[10].split(",")[1], "2099-01-01")
    lines[20] += ",too,many"
    lines.append(lines[30])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = ingest_tiny(root)
    school = next(s for s in report.sources if s.source == "school")
    assert dict(school.quarantined) == {"wrong_column_count": 1, "happened_too_late": 1, "duplicate_row": 1}
    assert (school.rows_read, school.rows_loaded) == (1650, 1647)
    assert report.quarantine is not None
    (file,) = json.loads(report.quarantine.read_text(encoding="utf-8"))["files"]
    found = {reason: entry["first_lines"] for reason, entry in file["reasons"].items()}
    assert found == {"wrong_column_count": [21], "happened_too_late": [11], "duplicate_row": [1651]}


def test_an_off_sector_is_refused_like_an_unknown_one(root: Path) -> None:
    labour = root / "indicators" / "labour.toml"
    labour.write_text(labour.read_text(encoding="utf-8").replace("enabled = true", "enabled = false"), encoding="utf-8")
    change("school.csv", lambda text: text.replace("edu_grade_mean", "nav_low_income_hh"))(root)
    with pytest.raises(ScreeningError, match="unknown_indicator: 180 rows"):
        ingest_tiny(root)
