"""`make bench-explain`: reasons of the served number beside the shap package and LightGBM's own contributions.

Every contender loads the same trees (31 leaves, 60 features, missing values) and explains the same rows, and all must agree within 1e-9.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.explanations.work import read_contributions, write_work
from benchmarks.frame import Argument, BenchRow, Contender, compare, write_rows
from features.command_line import print_line

PACKAGE = "benchmarks.explanations"
AGREE_WITHIN = 1e-9


def main(arguments: Sequence[str] | None = None) -> list[BenchRow]:
    """Run the benchmark from the command line: one table a number of trees, all of them in ``explain.json``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explain", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000, help="rows to explain; default %(default)s")
    parser.add_argument("--trees", type=int, nargs="+", default=[100, 500], help="sizes of the model; default 100 500")
    parser.add_argument("--runs", type=int, default=3, help="runs of each contender, the median counts; default %(default)s")
    parser.add_argument("--threads", type=int, default=1, help="threads of LightGBM; default %(default)s")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="where results go; default %(default)s")
    asked = parser.parse_args(arguments)
    work = asked.folder / "explain-work"
    rows: list[BenchRow] = []
    try:
        for trees in asked.trees:
            shutil.rmtree(work, ignore_errors=True)
            write_work(work, trees=trees, rows=asked.rows, threads=asked.threads)
            contenders = contenders_over(work, trees=trees, threads=asked.threads)
            rows += compare(f"explain-{trees}", contenders, asked.rows, runs=asked.runs)
            check_agreement(contenders)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    write_rows("explain", rows, folder=asked.folder)
    return rows


def contenders_over(work: Path, *, trees: int, threads: int) -> list[Contender]:
    """Name the contenders over one model, ours first."""

    def over(name: str, module: str, **more: int) -> Contender:
        arguments: dict[str, Argument] = {"work": str(work), "out": str(work / f"{module}.npy"), **more}
        return Contender(f"{name}, {trees} trees", f"{PACKAGE}.{module}:explain", arguments)

    return [
        over("tidlig, bundle.explain", "ours", threads=threads),
        over("LightGBM pred_contrib", "lightgbm_own", threads=threads),
        over("shap.TreeExplainer", "shap_package"),
    ]


def check_agreement(contenders: Sequence[Contender]) -> None:
    """Compare what all contenders wrote.

    Raises
    ------
    AssertionError
        Naming the contender whose contributions differ from ours.
    """
    ours = read_contributions(Path(str(contenders[0].arguments["out"])))
    for contender in contenders[1:]:
        gap = float(np.abs(read_contributions(Path(str(contender.arguments["out"]))) - ours).max())
        if not gap < AGREE_WITHIN:
            raise AssertionError(f"{contender.name} differs from ours by {gap:.1e}, expected below {AGREE_WITHIN:.0e}")
    print_line(f"All {len(contenders)} agree within {AGREE_WITHIN:.0e} on {ours.shape[0]:,} rows.")


if __name__ == "__main__":
    main()
