"""`make bench-intake`: from a register's files to a partitioned store, beside DuckDB's COPY and pandas by hand.

Ours is the whole ingest: columns, identity numbers, synthetic mark, every rule of every row, persons by pseudonym, digests of record
numbers, repeats, sorted parts, checksums, commit. The others join, spread and write, and check nothing. The larger size shows whether
memory is flat. A third purpose, audit, costs its persons only: records go to train and score.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from benchmarks.frame import BenchRow, Contender, compare, write_rows
from benchmarks.intake_work.work import Format, write_files
from features.command_line import print_line

PACKAGE = "benchmarks.intake_work"


def main(arguments: Sequence[str] | None = None) -> list[BenchRow]:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intake", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000], help="sizes; default 1 million and 10 million")
    parser.add_argument("--runs", type=int, default=3, help="runs of each contender, the median counts; default %(default)s")
    parser.add_argument("--only-ours", action="store_true", help="leave the peers out")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="where results go; default %(default)s")
    asked = parser.parse_args(arguments)
    work, rows = asked.folder / "intake-work", list[BenchRow]()
    try:
        for size in asked.rows:
            for kind in get_args(Format):
                shutil.rmtree(work, ignore_errors=True)
                write_files(work / "data", rows=size, kind=kind)
                contenders = prepare(work, kind=kind)
                rows += compare(f"intake-{kind}", contenders[:2] if asked.only_ours else contenders, size, runs=asked.runs)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    write_rows("intake", rows, folder=asked.folder)
    for row in rows:
        print_line(
            f"{row.contender}, {row.size:,} rows: {row.size / row.cpu_seconds:,.0f} rows per second and core, peak {row.peak_mb:.0f} MB"
        )
    return rows


def prepare(work: Path, *, kind: Format) -> list[Contender]:
    """Name the contenders over files that are written already, ours first."""

    def contender(name: str, function: str, most: int | None = None, **more: str) -> Contender:
        arguments = {"data": str(work / "data"), "work": str(work / "made"), "kind": kind, **more}
        return Contender(f"{name}, {kind}", f"{PACKAGE}.{function}", arguments, most)

    return [
        contender("tidlig ingest", "ours:ingest_files", purposes="train"),
        contender("tidlig ingest, two purposes", "ours:ingest_files", purposes="train,score"),
        contender("DuckDB COPY by part, unsorted, unchecked", "duckdb_copy:copy_unsorted"),
        contender("DuckDB COPY by part, then sorted, unchecked", "duckdb_copy:copy_then_sort"),
        contender("pandas, unchecked", "pandas_frame:spread", 20_000_000),
    ]


if __name__ == "__main__":
    main()
