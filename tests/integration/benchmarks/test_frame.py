"""The benchmark frame: a process for each contender, medians written and compared with ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.frame import Contender, measure, run

TRIVIAL = "benchmarks.point_in_time.work:n_persons_of"


def test_every_contender_has_a_row_and_ours_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contenders = [Contender("ours", TRIVIAL, {"events": 1900}), Contender("too small for this", TRIVIAL, {"events": 380}, most=100)]
    run("trivial", contenders, 1900, folder=tmp_path, runs=1)
    (row,) = json.loads((tmp_path / "trivial.json").read_text())
    assert list(row) == ["contender", "size", "seconds", "cpu_seconds", "peak_mb", "rows_per_second", "ratio_to_ours"]
    assert (row["contender"], row["size"], row["ratio_to_ours"]) == ("ours", 1900, 1.0)
    assert row["peak_mb"] > 10
    assert "too small for this: left out above 100" in capsys.readouterr().out


def test_a_contender_says_how_many_rows_it_made() -> None:
    assert measure(Contender("ours", TRIVIAL, {"events": 1900})).rows == 10


def test_a_contender_that_fails_fails_the_benchmark() -> None:
    with pytest.raises(RuntimeError, match="contender broken failed with status 1"):
        measure(Contender("broken", TRIVIAL, {"events": "many"}))
