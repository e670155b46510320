"""`make bench-train`: the boosted rung from a feature table on disk, streamed, beside the same with the whole matrix in memory.

The table is synthetic and written part by part; both contenders have to grow the same trees, to the last character. In memory is left
out where the matrix would not fit beside LightGBM's own copy.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.frame import Argument, BenchRow, Contender, run
from benchmarks.growing.table import write_table
from features.command_line import print_line

PACKAGE = "benchmarks.growing.fits"
MOST_IN_MEMORY = 2_000_000
"""Rows of 360 features that a machine of 24 GB bears twice."""


def main(arguments: Sequence[str] | None = None) -> list[BenchRow]:
    """Run the benchmark from the command line; results go into ``training-<rows>.json``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="rows; default %(default)s")
    parser.add_argument("--features", type=int, default=360, help="features; default %(default)s")
    parser.add_argument("--trees", type=int, default=20, help="trees, 31 leaves each; default %(default)s")
    parser.add_argument("--threads", type=int, default=2, help="threads of LightGBM; default %(default)s")
    parser.add_argument("--runs", type=int, default=1, help="runs of each contender, the median counts; default %(default)s")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="where results go; default %(default)s")
    parser.add_argument("--work", type=Path, help="where the table is written for the while; below --folder by default")
    asked = parser.parse_args(arguments)
    work: Path = asked.work or asked.folder / "training-work"
    shutil.rmtree(work, ignore_errors=True)
    try:
        write_table(work, rows=asked.rows, features=asked.features)
        size = sum(path.stat().st_size for path in (work / "table.parquet").iterdir()) / 1e9
        print_line(
            f"{asked.rows:,} rows × {asked.features} features: {asked.rows * asked.features * 4 / 1e9:.1f} GB, {size:.1f} GB on disk"
        )
        contenders = contenders_over(work, trees=asked.trees, threads=asked.threads)
        rows = run(f"training-{asked.rows}", contenders, asked.rows, folder=asked.folder, runs=asked.runs)
        check_same(contenders)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return rows


def contenders_over(work: Path, *, trees: int, threads: int) -> list[Contender]:
    """Name the contenders, ours first."""

    def over(name: str, function: str, most: int | None = None) -> Contender:
        arguments: dict[str, Argument] = {"work": str(work), "out": str(work / f"{function}.txt"), "trees": trees, "threads": threads}
        return Contender(f"{name}, {trees} trees", f"{PACKAGE}:{function}", arguments, most)

    return [over("tidlig, streamed from Parquet", "streamed"), over("the whole matrix in memory", "in_memory", MOST_IN_MEMORY)]


def check_same(contenders: Sequence[Contender]) -> None:
    """Compare the models of all contenders that ran.

    Raises
    ------
    AssertionError
        When they differ.
    """
    texts = [path.read_text(encoding="utf-8") for one in contenders if (path := Path(str(one.arguments["out"]))).is_file()]
    if len(set(texts)) != 1:
        raise AssertionError(f"{len(set(texts))} different models were grown from the same table, expected one")
    if len(texts) > 1:
        print_line("The models are the same, to the last character.")


if __name__ == "__main__":
    main()
