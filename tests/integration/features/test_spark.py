"""Spark says what the local engine says, byte for byte, and says plainly what went wrong on an executor.

`tests/unit/features/test_engine_spark.py` is the short form.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.point_in_time.ours import lay_out
from benchmarks.point_in_time.work import n_persons_of, write_raw
from features.engine.table import FeatureTable
from tests.support.ingesting import ingest_tiny
from tests.support.projects import KEYS, tiny_project, write_people
from tests.support.spark import EVERY_AGGREGATION, with_spark

pytestmark = pytest.mark.proof

RECORDS = 1_700_000


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = with_spark({**os.environ, **KEYS})
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, env=environ, cwd=cwd, capture_output=True, text=True, check=False, timeout=600)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_thousands_of_people_with_corrections_come_out_alike(tmp_path: Path) -> None:
    n_persons = n_persons_of(RECORDS)
    assert write_raw(tmp_path / "raw.parquet", events=RECORDS) == RECORDS
    lay_out(str(tmp_path / "raw.parquet"), str(tmp_path), n_persons)
    done = run("tests.support.spark", str(tmp_path), str(n_persons))
    assert done.returncode == 0, done.stderr
    table = FeatureTable.open(tmp_path / "spark")
    assert len(table.facts.rows_of_part) == 2
    assert table.n_rows > n_persons > 8000
    assert len(table.names) == len(EVERY_AGGREGATION)
    assert files(tmp_path / "spark") == files(tmp_path / "local")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Ingested twice: the second extract corrects the first."""
    root = tiny_project(tmp_path / "tiny")
    ingest_tiny(root)
    write_people(root / "data", seed=2, days_later=1)
    ingest_tiny(root, seed="again")
    return root


def test_the_command_builds_the_same_table_on_spark(project: Path) -> None:
    folder = project / "var" / "features"
    local = run("tidlig", "features", "--project", str(project), "--json")
    assert local.returncode == 0, local.stderr
    expected = files(folder)
    elsewhere = project.parent / "elsewhere"
    elsewhere.mkdir()
    spark = run("tidlig", "features", "--project", str(project), "--json", "--engine", "spark", "--master", "local[2]", cwd=elsewhere)
    assert spark.returncode == 0, spark.stderr
    assert files(folder) == expected
    told = [[(t["stage"], t["rows"], t["features"]) for t in json.loads(done.stdout)] for done in (local, spark)]
    assert told[0] == told[1] != []
    assert not list(elsewhere.iterdir()), "Spark left something where it was started"


def test_a_part_that_does_not_read_on_an_executor_is_said_in_one_line(project: Path) -> None:
    assert run("tidlig", "features", "--project", str(project)).returncode == 0
    before = files(project / "var" / "features")
    batches = sorted((project / "var" / "store" / "train").rglob("part-*.parquet"))
    batches[-1].write_bytes(b"no Parquet")
    done = run("tidlig", "features", "--project", str(project), "--engine", "spark", "--master", "local[2]")
    assert done.returncode == 6
    assert "TID404: " in done.stderr
    assert "does not read" in done.stderr
    assert files(project / "var" / "features") == before


def test_a_master_that_does_not_answer_is_refused(project: Path) -> None:
    done = run("tidlig", "features", "--project", str(project), "--engine", "spark", "--master", "nonsense://")
    assert done.returncode == 6
    assert "TID438: Spark did not start on 'nonsense://'" in done.stderr
