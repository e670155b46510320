"""What `make bench-intake` rests on: the contenders do the same work, apart from what only ours looks for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from benchmarks.intake import main, prepare
from benchmarks.intake_work import duckdb_copy, ours, pandas_frame
from benchmarks.intake_work.work import N_WRONG, Format, write_files
from features.declarations.project import load_project
from features.store import open_store

ROWS = 6_000
COLUMNS = ["indicator", "value", "happened_on", "known_on"]


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    plain = frame[COLUMNS].astype({"happened_on": "datetime64[s]", "known_on": "datetime64[s]", "indicator": "int32"})
    return plain.sort_values(COLUMNS, ignore_index=True)


def written(folder: Path) -> pd.DataFrame:
    return in_order(pd.concat(pq.read_table(path, partitioning=None).to_pandas() for path in sorted(folder.rglob("*.parquet"))))


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_all_contenders_write_the_same_records(tmp_path: Path, kind: Format) -> None:
    write_files(tmp_path / "data", rows=ROWS, kind=kind)
    data = str(tmp_path / "data")
    assert duckdb_copy.copy_unsorted(data, str(tmp_path / "a"), kind) == ROWS
    assert duckdb_copy.copy_then_sort(data, str(tmp_path / "b"), kind) == ROWS
    assert pandas_frame.spread(data, str(tmp_path / "c"), kind) == ROWS
    assert ours.ingest_files(data, str(tmp_path / "d"), kind, "train,score") == ROWS
    first = written(tmp_path / "a")
    pd.testing.assert_frame_equal(written(tmp_path / "b"), first)
    pd.testing.assert_frame_equal(written(tmp_path / "c"), first)
    for purpose in ("train", "score"):
        store = open_store(load_project(tmp_path / "d"), purpose)  # type: ignore[arg-type]
        records = store.read_part(0)
        own = pd.DataFrame({name: getattr(records, name) for name in COLUMNS})
        own = in_order(own.assign(**{name: pd.to_datetime(own[name], unit="D") for name in ("happened_on", "known_on")}))
        kept = first[first["value"] >= 0]
        assert ROWS - len(kept) in range(1, 3 * ROWS // N_WRONG)
        assert len(own) == len(kept.merge(own.drop_duplicates(), how="inner")) - ROWS // N_WRONG
        assert len(own.merge(kept.drop_duplicates())) == len(own)


def test_the_benchmark_says_what_each_took(tmp_path: Path) -> None:
    rows = main(["--rows", "2000", "--runs", "1", "--only-ours", "--folder", str(tmp_path)])
    assert [(row.contender, row.size) for row in rows] == [
        (contender.name, 2000)
        for kind in ("parquet", "csv")
        for contender in prepare(tmp_path, kind=kind)[:2]  # type: ignore[arg-type]
    ]
    assert all(row.rows_per_second > 0 for row in rows)
    assert [path.name for path in tmp_path.iterdir()] == ["intake.json"]
