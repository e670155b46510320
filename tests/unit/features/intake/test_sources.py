"""Whatever a file was written in, the same records come out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from features.declarations.project import load_project
from features.errors import IntakeError
from features.store import open_store
from tests.support.ingesting import ingest_tiny
from tests.support.projects import EDUCATION, LABOUR, raw_ids, tiny_project, write_csv


def read(root: Path) -> pd.DataFrame:
    """All records, without what is random."""
    store = open_store(load_project(root), "train")
    records = store.read_part(0)
    frame = pd.DataFrame({"code": records.indicator, "value": records.value, "happened": records.happened_on, "known": records.known_on})
    return frame.sort_values(list(frame.columns), ignore_index=True)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    root = tiny_project(tmp_path_factory.mktemp("plain") / "project")
    ingest_tiny(root)
    return read(root)


def declare(root: Path, extra: str, *, file: str = "data/school.csv") -> None:
    text = EDUCATION.replace('files = ["data/school.csv"]\n', f'files = ["{file}"]\n{extra}\n')
    (root / "indicators" / "education.toml").write_text(text, encoding="utf-8")


def rewrite(root: Path, edit: Callable[[str], str], encoding: str = "utf-8") -> None:
    path = root / "data" / "school.csv"
    path.write_bytes(edit(path.read_text(encoding="utf-8")).encode(encoding))


def semicolons(text: str) -> str:
    return text.replace(",", ";")


def comma_decimals(text: str) -> str:
    return semicolons(text).replace(".", ",")


def norwegian_dates(text: str) -> str:
    header, *lines = text.splitlines()
    rows = [line.split(",") for line in lines]
    for row in rows:
        for place in (1, 2):
            row[place] = ".".join(reversed(row[place].split("-")))
    return "\n".join([header, *(",".join(row) for row in rows)]) + "\n"


@pytest.mark.parametrize(
    ("edit", "encoding", "extra"),
    [
        (semicolons, "utf-8", ""),
        (lambda text: text.replace(",", "\t"), "utf-8", ""),
        (lambda text: "sep=;\n" + semicolons(text), "utf-8", ""),
        (lambda text: semicolons(text).replace("\n", "\r\n"), "utf-8-sig", ""),
        (semicolons, "utf-16", ""),
        (semicolons, "utf-16-le", 'encoding = "utf-16"'),
        (lambda text: text.replace("level-", "nivå-"), "latin-1", ""),
        (lambda text: text.replace("level-", "nivå-"), "latin-1", 'encoding = "latin-1"'),
        (comma_decimals, "utf-8", 'decimal = ","'),
        (norwegian_dates, "utf-8", ""),
        (lambda text: "".join(f'"{line.replace(",", chr(34) + "," + chr(34))}"\n' for line in text.splitlines()), "utf-8", ""),
    ],
    ids=[
        "semicolon",
        "tab",
        "sep line",
        "bom crlf",
        "utf-16",
        "utf-16 no bom",
        "latin-1",
        "latin-1 said",
        "decimal comma",
        "dates",
        "quoted",
    ],
)
def test_a_csv_in_any_dress(tmp_path: Path, expected: pd.DataFrame, edit: Callable[[str], str], encoding: str, extra: str) -> None:
    root = tiny_project(tmp_path / "project")
    declare(root, extra)
    rewrite(root, edit, encoding)
    ingest_tiny(root)
    pd.testing.assert_frame_equal(read(root), expected)


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "text"])
def test_parquet(tmp_path: Path, expected: pd.DataFrame, typed: bool) -> None:
    root = tiny_project(tmp_path / "project")
    declare(root, "", file="data/school.parquet")
    options = pa_csv.ConvertOptions(column_types={} if typed else dict.fromkeys(("happened_on", "known_on", "value"), pa.string()))
    pq.write_table(pa_csv.read_csv(root / "data" / "school.csv", convert_options=options), root / "data" / "school.parquet")
    ingest_tiny(root)
    pd.testing.assert_frame_equal(read(root), expected)


def test_a_query_over_files(tmp_path: Path, expected: pd.DataFrame) -> None:
    root = tiny_project(tmp_path / "project")
    declare(root, 'query = "school.sql"')
    (root / "school.sql").write_text(
        "SELECT person, happened_on::DATE AS happened_on, known_on::DATE AS known_on, indicator, value, record, true AS synthetic "
        "FROM school;",
        encoding="utf-8",
    )
    ingest_tiny(root)
    pd.testing.assert_frame_equal(read(root), expected)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT * FROM read_csv('/etc/passwd')", "disabled by configuration"),
        ("SELECT * FROM nothing", "nothing does not exist"),
        ("SELEC *", "syntax error"),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("CREATE TABLE x AS SELECT 1", "Expected one SELECT"),
        ("SELECT person::INT AS person, * EXCLUDE (person) FROM school", "ConversionException on some value"),
    ],
)
def test_a_query_sees_its_files_only_and_quotes_no_value(tmp_path: Path, query: str, said: str) -> None:
    root = tiny_project(tmp_path / "project")
    declare(root, 'query = "school.sql"')
    (root / "school.sql").write_text(query, encoding="utf-8")
    with pytest.raises(IntakeError, match="TID310") as caught:
        ingest_tiny(root)
    assert said in str(caught.value)
    assert "SYN-0" not in str(caught.value)


SPELLS = LABOUR.replace('known_column = "known_on"', "known_lag_days = 60")


@pytest.mark.parametrize("temporality", ["EVENT", "ACCUMULATED", "STATUS", "FIXED"])
def test_statistics_norways_spells_have_no_header(tmp_path: Path, temporality: str) -> None:
    root = tiny_project(tmp_path / "project")
    (root / "meta.json").write_text(f'{{"temporalityType": "{temporality}"}}', encoding="utf-8")
    (root / "indicators" / "labour.toml").write_text(SPELLS + 'metadata = "meta.json"\n', encoding="utf-8")
    start, stop = {"FIXED": ("", "2021-01-01"), "STATUS": ("2016-12-31", "2016-12-31")}.get(temporality, ("2016-01-01", "2016-12-31"))
    lines = [f"{person};1;{start};{stop};synthetic=true" for person in raw_ids(range(5))]
    (root / "data" / "income.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    ingest_tiny(root)
    store = open_store(load_project(root), "train")
    records = store.read_part(0, indicators=["nav_low_income_hh"])
    starts = records.take(records.value == 1)
    days = sorted(pd.to_datetime(starts.happened_on, unit="D").unique())
    born = sorted(pd.to_datetime([f"2000-{1 + n:02d}-{1 + n:02d}" for n in range(5)]))
    assert days == (born if temporality == "FIXED" else [pd.Timestamp("2016-01-01" if temporality == "EVENT" else "2016-12-31")])
    assert set(starts.known_on - starts.happened_on) == {60}
    assert (records.value == 0).sum() == (5 if temporality == "EVENT" else 0), "only a state ends"


def test_an_empty_cell_of_a_snapshot_is_no_record(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "project")
    rows = [
        {"person": person, "happened_on": "2013-08-01", "known_on": "2013-08-02", "municipality": "9901" if n % 3 else ""}
        for n, person in enumerate(raw_ids())
    ]
    write_csv(root / "data" / "residence.csv", rows)
    report = ingest_tiny(root)
    assert not any(s.quarantined for s in report.sources)
    assert len(open_store(load_project(root), "train").read_part(0, indicators=["edu_municipality"])) == 40
