"""A sample of a source: whole people, bounded rows, nothing that could name anybody."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.declarations.project import load_project
from features.intake.sampling import sample_records
from features.intake.sources import SourceUnit, source_units
from features.progress import Silent
from tests.support.projects import EDUCATION, tiny_project


def unit(root: Path, name: str) -> SourceUnit:
    units = source_units(load_project(root), purposes=("train",), environ={})
    return next(one for one in units if one.source.name == name)


def sample(of: SourceUnit, *codes: str, most_records: int = 10_000, most_rows: int = 10_000) -> pa.Table:
    with Silent().step("sampling") as step:
        return sample_records(of, codes, step=step, most_records=most_records, most_rows=most_rows)


def test_people_are_in_it_with_all_their_rows(tmp_path: Path) -> None:
    school = unit(tiny_project(tmp_path / "p"), "school")
    whole = sample(school, "edu_absence_days", "edu_grade_mean")
    assert set(whole["code"].to_pylist()) == {"edu_absence_days", "edu_grade_mean"}
    rows = whole.to_pandas().groupby("id").size()
    assert len(rows) == 60
    some = sample(school, "edu_absence_days", "edu_grade_mean", most_records=len(whole) // 3)
    found = some.to_pandas().groupby("id").size()
    assert 0 < len(found) < 60
    assert len(some) <= len(whole) // 3
    assert (found == rows[found.index]).all()


def test_no_identifier_is_in_it(tmp_path: Path) -> None:
    table = sample(unit(tiny_project(tmp_path / "p"), "school"), "edu_absence_days")
    assert table.schema.names == ["id", "code", "value", "day"]
    assert table.schema.field("id").type == pa.uint64()
    assert "SYN-" not in str(table.to_pydict())


def test_a_query_sees_no_more_than_the_top_of_its_files(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    text = EDUCATION.replace('files = ["data/school.csv"]\n', 'files = ["data/school.parquet"]\nquery = "school.sql"\n')
    (root / "indicators" / "education.toml").write_text(text, encoding="utf-8")
    rows = {"person": [f"SYN-{n:03d}" for n in range(60)], "value": list(range(60))}
    pq.write_table(pa.table(rows), root / "data" / "school.parquet")
    (root / "school.sql").write_text(
        "SELECT person, 'edu_absence_days' AS indicator, value, DATE '2020-01-01' AS happened_on, DATE '2020-01-01' AS known_on, "
        "person AS record, true AS synthetic FROM school",
        encoding="utf-8",
    )
    assert sorted(int(float(v)) for v in sample(unit(root, "school"), "edu_absence_days", most_rows=7)["value"].to_pylist()) == list(
        range(7)
    )
    assert len(sample(unit(root, "school"), "edu_absence_days")) == 60


@pytest.mark.parametrize("decimal", [".", ","])
def test_a_snapshot_of_typed_columns_gives_one_row_a_cell(tmp_path: Path, decimal: str) -> None:
    root = tiny_project(tmp_path / "p")
    text = EDUCATION.replace('files = ["data/residence.csv"]', f'files = ["data/residence.parquet"]\ndecimal = "{decimal}"')
    text = text.replace(
        '{ municipality = "edu_municipality" }', '{ municipality = "edu_municipality", mean = "edu_grade_mean", days = "edu_absence_days" }'
    )
    (root / "indicators" / "education.toml").write_text(text, encoding="utf-8")
    columns = {
        "person": ["SYN-000", "SYN-001"],
        "happened_on": [date(2020, 1, 1)] * 2,
        "known_on": [date(2020, 1, 1)] * 2,
        "municipality": ["9901", None],
        "mean": [4.0, 3.5],
        "days": pa.array([2, None], pa.int16()),
        "synthetic": [True, True],
    }
    pq.write_table(pa.table(columns), root / "data" / "residence.parquet")
    found = sample(unit(root, "residence"), "edu_municipality", "edu_grade_mean", "edu_absence_days").to_pandas()
    assert sorted(zip(found["code"], found["value"], strict=True)) == [
        ("edu_absence_days", "2"),
        ("edu_grade_mean", "3.5"),
        ("edu_grade_mean", "4"),
        ("edu_municipality", "9901"),
    ]
