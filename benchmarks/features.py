"""`make bench-features`: the point-in-time engine beside DuckDB, Polars and pandas.

All contenders first build a small sample, and must agree to the last bit; then each does the whole work in a process of its own.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from benchmarks.frame import BenchRow, Contender, measure, run
from benchmarks.point_in_time.ours import lay_out
from benchmarks.point_in_time.work import n_persons_of, read_wide, write_raw
from features.command_line import print_line

PACKAGE = "benchmarks.point_in_time"
SAMPLE = 40_000


def main(arguments: Sequence[str] | None = None) -> list[BenchRow]:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features", description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000, help="records; default %(default)s")
    parser.add_argument("--runs", type=int, default=3, help="runs of each contender, the median counts; default %(default)s")
    parser.add_argument("--workers", type=int, default=2, help="processes of ours; default %(default)s")
    parser.add_argument("--only-ours", action="store_true", help="leave the peers out")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="where results go; default %(default)s")
    asked = parser.parse_args(arguments)
    work = asked.folder / "features-work"
    try:
        check_agreement(work / "sample", workers=asked.workers)
        contenders = prepare(work / "full", events=asked.events, workers=asked.workers)
        return run("features", contenders[:2] if asked.only_ours else contenders, asked.events, folder=asked.folder, runs=asked.runs)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def prepare(work: Path, *, events: int, workers: int) -> list[Contender]:
    """Write the data and name the contenders over it, ours first."""
    raw, n_persons = work / "raw.parquet", n_persons_of(events)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    write_raw(raw, events=events)
    lay_out(str(raw), str(work / "store"), n_persons)
    ours = {"n_persons": n_persons, "workers": workers}
    peers = {
        "DuckDB SQL per part, long, scattered": ("duckdb_sql:long_then_scatter", 100_000_000),
        "DuckDB SQL per part, pivoted": ("duckdb_sql:conditional_aggregates_and_pivot", 100_000_000),
        "Polars, group-by and pivot": ("polars_grid:grid_then_pivot", 50_000_000),
        "pandas, loop over dates": ("pandas_loop:loop_over_dates", 50_000_000),
    }
    outs = [work / f"out-{number}" for number in range(2 + len(peers))]
    for out in outs:
        out.mkdir()
    return [
        Contender(
            "tidlig, layout included",
            f"{PACKAGE}.ours:from_raw",
            {"raw": str(raw), "work": str(work / "again"), "out": str(outs[0]), **ours},
        ),
        Contender("tidlig, from its store", f"{PACKAGE}.ours:from_store", {"work": str(work / "store"), "out": str(outs[1]), **ours}),
        *(
            Contender(name, f"{PACKAGE}.{function}", {"raw": str(raw), "out": str(out), "n_persons": n_persons}, most)
            for (name, (function, most)), out in zip(peers.items(), outs[2:], strict=True)
        ),
    ]


def check_agreement(work: Path, *, workers: int) -> None:
    """Build a small sample with every contender and compare all of it.

    Raises
    ------
    AssertionError
        Naming the contender whose numbers differ from ours.
    """
    contenders = prepare(work, events=SAMPLE, workers=workers)
    first: pd.DataFrame | None = None
    for contender in contenders:
        measure(contender)
        built = read_wide(Path(str(contender.arguments["out"])))
        first = built if first is None else first
        pd.testing.assert_frame_equal(built, first, check_dtype=False, check_exact=True, obj=contender.name)
    print_line(f"All {len(contenders)} agree to the last bit on {SAMPLE:,} records.")


if __name__ == "__main__":
    main()
