"""What `make bench-serve` rests on: only the work is timed, row by row, whatever process does it; and every contender answers alike."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.answering.queue_over_http import read_queue
from benchmarks.contender import Work, cpu_seconds, timed
from benchmarks.explanations.work import write_work
from benchmarks.frame import Contender, compare, measure, write_rows
from benchmarks.serve import check_agreement, contenders_over, long_queue, queue_read_by


def test_getting_ready_is_not_timed() -> None:
    @contextmanager
    def slow_to_start() -> Iterator[Work]:
        time.sleep(0.5)
        yield lambda: 4

    taken = timed(slow_to_start)
    assert taken["rows"] == 4
    assert taken["seconds"] < 0.4


def test_percentiles_are_of_single_rows() -> None:
    taken = timed(lambda: [0.001 * row for row in range(101)])
    assert (taken["rows"], taken["p50_ms"], taken["p99_ms"]) == (101, 50.0, 99.0)


def test_the_time_of_a_process_that_still_runs_counts() -> None:
    busy = "import sys, time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\nsys.stdin.read()"
    before = cpu_seconds()
    with subprocess.Popen([sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert cpu_seconds() - before > 0.25


def test_contenders_answer_alike_and_say_how_long_a_row_takes(tmp_path: Path) -> None:
    write_work(tmp_path / "work", trees=5, rows=6, threads=1)
    ours, _, shap = contenders_over(tmp_path / "work")
    rows = compare("serve", [ours, shap], 6, runs=1)
    check_agreement([ours, shap])
    write_rows("serve", rows, folder=tmp_path)
    first, second = json.loads((tmp_path / "serve.json").read_text())
    assert (first["size"], first["ratio_to_ours"]) == (6, 1.0)
    assert 0 < first["p50_ms"] <= first["p99_ms"]
    assert 0 < second["p50_ms"] <= second["p99_ms"]


@pytest.mark.proof
def test_the_queue_is_read_by_clients_over_http() -> None:
    taken = measure(queue_read_by(2, requests=6))
    assert taken.rows == 6
    assert taken.p50_ms is not None
    assert taken.p50_ms > 0


@pytest.mark.proof
@pytest.mark.parametrize("contender", long_queue(60), ids=["api", "console"])
def test_a_long_queue_is_read_from_the_api_and_as_a_page(contender: Contender) -> None:
    taken = measure(replace(contender, arguments={**contender.arguments, "requests": 3}))
    assert taken.rows == 3
    assert taken.p50_ms is not None
    assert taken.p50_ms > 0


def test_a_server_that_does_not_start_fails_the_contender() -> None:
    with pytest.raises(RuntimeError, match="review service did not start"), read_queue(1, 1, cases="no number"):  # type: ignore[arg-type]
        pass
