"""Run contenders one after the other, each in a process of its own, and write what they took.

A contender is a function ``module:function`` of JSON arguments that does the whole work once. Its module is imported before the clock
starts; what it starts itself, processes too, counts as its own. The work returns how many rows it made, or the seconds that each of them
took. A contender that has to get ready first is a context manager that gives the work: then only the work is timed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

import psutil

from features.command_line import print_line, print_table

Argument = str | int | float | bool
SAMPLED_EVERY_SECONDS = 0.02
SHORTEST = 1e-6
"""The clock's own step: work that takes no measurable time is not infinitely cheap."""


@dataclass(frozen=True)
class Contender:
    """One way to do the work.

    Parameters
    ----------
    function
        ``"package.module:function"``; takes `arguments` by keyword and does the work, or gives it.
    most
        Largest size that it can bear; above it the contender is left out and said to be.
    python
        Interpreter of an environment of its own, for a contender that does not bear our libraries; ours by default.
    """

    name: str
    function: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    most: int | None = None
    python: str = sys.executable


@dataclass(frozen=True)
class Run:
    """One run: wall and CPU seconds of the function, children included, and the peak memory of its whole process tree."""

    rows: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    p50_ms: float | None = None
    """Of its rows one by one, where the work says how long each took."""
    p99_ms: float | None = None


@dataclass(frozen=True)
class BenchRow:
    """Medians over a contender's runs. `ratio_to_ours` is its CPU time over the first contender's: 3 is three times as dear as ours."""

    contender: str
    size: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    rows_per_second: float
    ratio_to_ours: float
    p50_ms: float | None = None
    p99_ms: float | None = None

    def to_json(self) -> dict[str, str | int | float]:
        """Give the row as written; percentiles only where they were measured."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def run(name: str, contenders: Sequence[Contender], size: int, *, folder: Path, runs: int = 3) -> list[BenchRow]:
    """Run every contender, print the table and write ``<folder>/<name>.json``: a benchmark of one question.

    Raises
    ------
    RuntimeError
        As `compare`.
    """
    rows = compare(name, contenders, size, runs=runs)
    write_rows(name, rows, folder=folder)
    return rows


def compare(title: str, contenders: Sequence[Contender], size: int, *, runs: int = 3) -> list[BenchRow]:
    """Run every contender and print the table.

    Parameters
    ----------
    contenders
        The first one is ours: the others are compared with it.
    size
        Size of the work, as the benchmark counts it (records, rows, requests).

    Raises
    ------
    RuntimeError
        When a contender fails; a benchmark without one of its contenders says nothing.
    """
    able = [contender for contender in contenders if contender.most is None or size <= contender.most]
    for contender in contenders:
        if contender not in able:
            print_line(f"{contender.name}: left out above {contender.most:,} (it does not bear {size:,})")
    medians = [(contender.name, _median([measure(contender) for _ in range(runs)])) for contender in able]
    ours = medians[0][1].cpu_seconds
    rows = [_row(contender, size, taken, ours=ours) for contender, taken in medians]
    shown = [row.to_json() for row in rows]
    print_table(f"bench-{title}, size {size:,}, median of {runs}", list(shown[0]), [list(row.values()) for row in shown])
    return rows


def write_rows(name: str, rows: Sequence[BenchRow], *, folder: Path) -> None:
    """Write the whole of a benchmark as ``<folder>/<name>.json``; `folder` is where benchmarks go, ``var/bench``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps([row.to_json() for row in rows], indent=1) + "\n", encoding="utf-8")


def measure(contender: Contender) -> Run:
    """Run a contender once in a process of its own.

    Raises
    ------
    RuntimeError
        With what the process printed when it failed.
    """
    command = [contender.python, "-m", "benchmarks.contender", contender.function, json.dumps(dict(contender.arguments))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak = _watch(process)
    output, errors = process.communicate()
    if process.returncode:
        raise RuntimeError(f"contender {contender.name} failed with status {process.returncode}:\n{errors}")
    return Run(peak_mb=round(peak / 1e6, 1), **json.loads(output.splitlines()[-1]))


def _watch(process: subprocess.Popen[str]) -> int:
    """Largest memory of the process and its children together, in bytes, while it runs."""
    peak = 0
    while process.poll() is None:
        peak = max(peak, _tree_bytes(process.pid))
        time.sleep(SAMPLED_EVERY_SECONDS)
    return peak


def _tree_bytes(pid: int) -> int:
    try:
        root = psutil.Process(pid)
        return sum(_bytes(one) for one in (root, *root.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0


def _bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _median(runs: Sequence[Run]) -> Run:
    return Run(
        runs[0].rows,
        median(run.seconds for run in runs),
        median(run.cpu_seconds for run in runs),
        median(run.peak_mb for run in runs),
        _median_known([run.p50_ms for run in runs]),
        _median_known([run.p99_ms for run in runs]),
    )


def _median_known(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _row(contender: str, size: int, taken: Run, *, ours: float) -> BenchRow:
    return BenchRow(
        contender,
        size,
        round(taken.seconds, 3),
        round(taken.cpu_seconds, 3),
        taken.peak_mb,
        round(taken.rows / taken.seconds, 1),
        round(max(taken.cpu_seconds, SHORTEST) / max(ours, SHORTEST), 2),
        taken.p50_ms,
        taken.p99_ms,
    )
