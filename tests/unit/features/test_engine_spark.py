"""What Spark's executors are handed, without Spark: the very function that runs under `mapInArrow`, over Arrow batches."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from features.declarations.specs import FeatureSpec
from features.engine.build import build_features
from features.engine.parts import BuiltPart, Partitioner, PartWork
from features.engine.spark import BUILT_SCHEMA, build_batches, check_installed, refusal
from features.engine_commands import app
from features.errors import DataError, PurposeError
from features.progress import Progress
from features.records import IN_FORCE, PERSONS_PER_PART, Records
from tests.conftest import ROOT
from tests.support.memory_store import MemoryStore

INDICATORS = ("absence", "measure")
LEVELS = {"measure": ("none", "light", "heavy")}
SPECS = [
    FeatureSpec("absence", "sum", 365),
    FeatureSpec("absence", "mean", 1095),
    FeatureSpec("absence", "trend", None),
    FeatureSpec("measure", "last", None, "light"),
]
N_PERSONS = 2 * PERSONS_PER_PART + 100


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    """Three parts; some records late, some superseded."""
    rng = np.random.default_rng(11)
    n = 30_000
    happened_on = rng.integers(17_000, 19_000, n)
    known_on = happened_on + rng.integers(0, 200, n)
    known_to = np.where(rng.random(n) < 0.1, known_on + 50, IN_FORCE)
    person, indicator = rng.integers(0, N_PERSONS, n), rng.integers(0, 2, n)
    order = np.lexsort((known_on, happened_on, person))
    whole = [column[order].astype(np.int32) for column in (person, indicator, happened_on, known_on, known_to)]
    return MemoryStore(INDICATORS, Records(whole[0], whole[1], rng.integers(0, 3, n).astype(np.float32), *whole[2:]), N_PERSONS)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    people = np.repeat(np.arange(0, N_PERSONS, 3, dtype=np.int32), 2)
    dates = [date(2019, 6, 15), date(2021, 2, 28)] * (len(people) // 2)
    return pd.DataFrame({"person": people, "subject_id": [f"{p:032x}" for p in people], "group": people, "as_of": dates})


class AsSparkWould(Partitioner):
    """Hands the keys over as Spark does: each partition with a few whole parts, in batches that do not keep to them, some tried twice."""

    def __init__(self, *, rows_in_batch: int, tries: int = 1) -> None:
        self.rows_in_batch = rows_in_batch
        self.tries = tries

    def build(self, work: PartWork, keys: pa.Table, progress: Progress) -> Iterator[BuiltPart]:
        split = int(np.searchsorted(keys["person"].to_numpy(), 2 * PERSONS_PER_PART))
        for number, partition in enumerate((keys.slice(0, split), keys.slice(split))):
            part = pa.array(partition["person"].to_numpy() // PERSONS_PER_PART)
            batches = partition.append_column("part", part).combine_chunks().to_batches(max_chunksize=self.rows_in_batch)
            for again in range(self.tries):
                built = list(build_batches(iter(batches), work, attempt=10 * number + again))
            assert all(batch.schema == BUILT_SCHEMA for batch in built)
            yield from (BuiltPart(**row) for batch in built for row in batch.to_pylist())


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(("rows_in_batch", "tries"), [(10_000, 1), (777, 1), (10_000, 2)])
def test_executors_write_what_the_local_engine_writes(
    store: MemoryStore, rows: pd.DataFrame, tmp_path: Path, rows_in_batch: int, tries: int
) -> None:
    build_features(store, rows, SPECS, tmp_path / "local", levels=LEVELS)
    partitioner = AsSparkWould(rows_in_batch=rows_in_batch, tries=tries)
    table = build_features(store, rows, SPECS, tmp_path / "spark", levels=LEVELS, partitioner=partitioner)
    assert len(table.facts.rows_of_part) == 3
    assert files(tmp_path / "spark") == files(tmp_path / "local")
    assert not list((tmp_path / "spark" / "table.parquet").glob(".*"))


class FailingStore(MemoryStore):
    """A part that does not read."""

    def read_part(self, part: int, *, indicators: object = None) -> Records:
        raise DataError("TID404", "part-00001.parquet is part of the store and does not read (OSError).")


def test_an_executor_that_fails_leaves_nothing(store: MemoryStore, rows: pd.DataFrame, tmp_path: Path) -> None:
    broken = FailingStore(INDICATORS, store.records, N_PERSONS)
    with pytest.raises(DataError, match="TID404"):
        build_features(broken, rows, SPECS, tmp_path / "table", levels=LEVELS, partitioner=AsSparkWould(rows_in_batch=10_000))
    assert not list(tmp_path.iterdir())


def test_an_executor_that_does_not_see_the_project_says_so(store: MemoryStore, rows: pd.DataFrame, tmp_path: Path) -> None:
    class Elsewhere(AsSparkWould):
        def build(self, work: PartWork, keys: pa.Table, progress: Progress) -> Iterator[BuiltPart]:
            return super().build(PartWork(work.store, work.plan, tmp_path / "not mounted"), keys, progress)

    with pytest.raises(DataError, match=r"TID440: an executor does not see .*not mounted"):
        build_features(store, rows, SPECS, tmp_path / "table", levels=LEVELS, partitioner=Elsewhere(rows_in_batch=10_000))


def test_what_an_executor_was_refused_is_said_again() -> None:
    said = "An exception was thrown\nTraceback:\n  File ...\nfeatures.errors.PurposeError: TID404: x is gone: run again.\n\n\tat org.apache"
    refused = refusal(said)
    assert (type(refused), refused.code, refused.message) == (PurposeError, "TID404", "x is gone: run again.")


def test_words_of_other_faults_are_not_repeated() -> None:
    refused = refusal("Traceback (most recent call last):\n  File ...\nValueError: 12038 is somebody's value\n\n\tat org.apache.spark")
    assert str(refused).startswith("TID439: the Spark job failed (ValueError). Nothing was kept.")
    assert "12038" not in str(refused)


def test_spark_needs_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.engine.spark.find_spec", lambda name: object())
    with pytest.raises(DataError, match=r"TID437: .* there is none on the PATH.*openjdk-17"):
        check_installed({"PATH": str(tmp_path)})
    with pytest.raises(DataError, match=r"TID437: .* there is none below JAVA_HOME"):
        check_installed({"PATH": "/usr/bin", "JAVA_HOME": str(tmp_path)})


def test_spark_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.engine.spark.find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"TID436: Spark is not installed.*tidlig\[spark\]"):
        check_installed({})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--master", "local[2]"], "goes together with --engine spark"),
        (["--engine", "spark"], "goes together with --engine spark"),
        (["--engine", "spark", "--master", "local[2]", "--workers", "2"], "leave out --workers"),
    ],
)
def test_options_that_do_not_go_together_are_refused_before_anything_is_read(options: list[str], said: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--project", str(tmp_path), *options], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert said in done.stderr


def test_the_extra_and_the_lock_of_the_tests_ask_for_the_same_spark() -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert asked["project"]["optional-dependencies"]["spark"] == asked["dependency-groups"]["spark"]
