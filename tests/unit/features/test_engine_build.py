"""A feature table on disk: same numbers as the kernel, whoever computed them, and replaced as a whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from time import sleep

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from numpy.testing import assert_array_equal

from features.declarations.specs import FeatureSpec
from features.engine.build import build_features
from features.engine.kernel import Rows, feature_matrix
from features.engine.table import FeatureTable
from features.errors import DataError
from features.records import IN_FORCE, PERSONS_PER_PART, Records, day_numbers
from tests.support.memory_store import MemoryStore

INDICATORS = ("absence", "marks", "measure")
LEVELS = {"measure": ("none", "light", "heavy")}
SPECS = [
    FeatureSpec("absence", "sum", 365),
    FeatureSpec("absence", "count", None),
    FeatureSpec("marks", "last", None),
    FeatureSpec("marks", "trend", 1095),
    FeatureSpec("measure", "last", None, "light"),
]
N_PERSONS = 2 * PERSONS_PER_PART + 100


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    """Three parts, sparsely filled; some records late, some superseded."""
    rng = np.random.default_rng(5)
    n = 20_000
    happened_on = rng.integers(17_000, 19_000, n)
    known_on = happened_on + rng.integers(0, 200, n)
    person, indicator = rng.integers(0, N_PERSONS, n), rng.integers(0, 3, n)
    known_to = np.where(rng.random(n) < 0.1, known_on + 50, IN_FORCE)
    order = np.lexsort((known_on, happened_on, person))
    whole = [column[order].astype(np.int32) for column in (person, indicator, happened_on, known_on, known_to)]
    value = rng.integers(0, 3, n).astype(np.float32)[order]
    return MemoryStore(INDICATORS, Records(whole[0], whole[1], value, *whole[2:]), N_PERSONS)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Every fifth person on two dates, the last part's people on one more."""
    dates = [date(2019, 6, 15), date(2021, 6, 15), date(2022, 2, 28)]
    people = range(0, N_PERSONS, 5)
    pairs = [(p, d) for p in people for d in dates[: 3 if p >= 2 * PERSONS_PER_PART else 2]]
    person = np.array([p for p, _ in pairs], dtype=np.int32)
    return pd.DataFrame({"person": person, "subject_id": [f"{p:032x}" for p in person], "group": person, "as_of": [d for _, d in pairs]})


def expected(store: MemoryStore, rows: pd.DataFrame) -> np.ndarray:
    keys = Rows(rows["person"].to_numpy(dtype=np.int32), day_numbers(rows["as_of"]))
    return feature_matrix(store.records, keys, SPECS, indicators=INDICATORS, levels=LEVELS)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_table_holds_what_the_kernel_says(store: MemoryStore, rows: pd.DataFrame, tmp_path: Path, workers: int) -> None:
    table = build_features(store, rows, SPECS, tmp_path / "table", levels=LEVELS, workers=workers)
    assert_array_equal(table.matrix(), expected(store, rows))
    assert table.names == tuple(spec.name for spec in SPECS)
    pd.testing.assert_frame_equal(table.keys, rows, check_dtype=False)
    assert table.matrix().flags.c_contiguous
    assert table.matrix().dtype == np.float32


def test_some_columns_in_another_order(store: MemoryStore, rows: pd.DataFrame, tmp_path: Path) -> None:
    build_features(store, rows, SPECS, tmp_path / "table", levels=LEVELS)
    wanted = [SPECS[3].name, SPECS[0].name]
    assert_array_equal(FeatureTable.open(tmp_path / "table").matrix(wanted), expected(store, rows)[:, [3, 0]])
    with pytest.raises(DataError, match=r"TID423: .* has no feature absence\.sum@1d"):
        FeatureTable.open(tmp_path / "table").matrix(["absence.sum@1d"])


def test_the_facts_say_what_the_table_was_made_from(store: MemoryStore, rows: pd.DataFrame, tmp_path: Path) -> None:
    build_features(store, rows, SPECS, tmp_path / "table", levels=LEVELS, about={"data": "synthetic"})
    facts = json.loads((tmp_path / "table" / "table.json").read_text())
    assert (facts["purpose"], facts["store_hash"], facts["about"]) == ("train", store.content_hash, {"data": "synthetic"})
    assert (facts["as_of_from"], facts["as_of_to"]) == ("2019-06-15", "2022-02-28")
    assert sum(facts["rows_of_part"].values()) == len(rows)


def test_no_persons_value_stands_in_a_files_header(store: MemoryStore, rows: pd.DataFrame, tmp_path: Path) -> None:
    build_features(store, rows, SPECS, tmp_path / "table", levels=LEVELS)
    for path in (tmp_path / "table" / "table.parquet").iterdir():
        group = pq.ParquetFile(path).metadata.row_group(0)
        assert not any(group.column(i).is_stats_set for i in range(group.num_columns))


class FailingStore(MemoryStore):
    """Breaks on its second part."""

    def read_part(self, part: int, *, indicators: Sequence[str] | None = None) -> Records:
        if part == 1:
            raise OSError("the disk is gone")
        return super().read_part(part, indicators=indicators)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_build_that_fails_leaves_the_old_table_as_it_was(store: MemoryStore, rows: pd.DataFrame, tmp_path: Path, workers: int) -> None:
    build_features(store, rows, SPECS, tmp_path / "table", levels=LEVELS)
    broken = FailingStore(INDICATORS, store.records, N_PERSONS)
    with pytest.raises(OSError, match="the disk is gone"):
        build_features(broken, rows, SPECS[:1], tmp_path / "table", levels=LEVELS, workers=workers)
    assert FeatureTable.open(tmp_path / "table").names == tuple(spec.name for spec in SPECS)
    assert [path.name for path in tmp_path.iterdir()] == ["table"]


def test_parts_not_yet_begun_are_not_built_once_one_has_failed(store: MemoryStore, rows: pd.DataFrame, tmp_path: Path) -> None:
    read: list[int] = []

    class CountingStore(MemoryStore):
        """Breaks on its first part, is slow on the others, and says which were read."""

        def read_part(self, part: int, *, indicators: Sequence[str] | None = None) -> Records:
            read.append(part)
            if part == 0:
                raise OSError("the disk is gone")
            sleep(0.5)
            return super().read_part(part, indicators=indicators)

    with pytest.raises(OSError, match="the disk is gone"):
        build_features(CountingStore(INDICATORS, store.records, N_PERSONS), rows, SPECS, tmp_path / "table", levels=LEVELS)
    assert read in ([0], [0, 1])
    assert not list(tmp_path.iterdir())


def test_a_new_table_replaces_the_old_one(store: MemoryStore, rows: pd.DataFrame, tmp_path: Path) -> None:
    build_features(store, rows, SPECS, tmp_path / "table", levels=LEVELS)
    few = rows[rows["person"] < 10].reset_index(drop=True)
    table = build_features(store, few, SPECS[:1], tmp_path / "table", levels=LEVELS)
    assert (table.n_rows, table.names) == (len(few), (SPECS[0].name,))
    assert len(list((tmp_path / "table" / "table.parquet").iterdir())) == 1


def test_refusals(store: MemoryStore, rows: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="TID421: there are no rows"):
        build_features(store, rows[:0], SPECS, tmp_path / "table", levels=LEVELS)
    with pytest.raises(DataError, match="TID421: there are no features"):
        build_features(store, rows, [], tmp_path / "table", levels=LEVELS)
    with pytest.raises(DataError, match="TID424: features need quits"):
        build_features(store, rows, [FeatureSpec("quits", "count", None)], tmp_path / "table", levels=LEVELS)
    with pytest.raises(ValueError, match="sorted by person and as-of date"):
        build_features(store, rows[::-1], SPECS, tmp_path / "table", levels=LEVELS)
    with pytest.raises(DataError, match=r"TID422: .* holds no feature table"):
        FeatureTable.open(tmp_path / "table")
    (tmp_path / "table.json").write_text("{}")
    with pytest.raises(DataError, match=r"TID422: .* does not read"):
        FeatureTable.open(tmp_path)
