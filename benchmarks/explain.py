"""`make bench-explain`: reasons beside the shap package, LightGBM's own contributions and woodelf-explainer, and what a larger model buys.

Every contender loads the same trees (31 leaves, 60 features, missing values) and explains the same rows. The slow ones explain fewer of
them: what is compared is CPU time per row. ``--national`` instead scores and explains as many people as live between 0 and 24 in Norway.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.explanations.national import explain_nation
from benchmarks.explanations.sizes import compare_sizes
from benchmarks.explanations.work import read_contributions, write_work
from benchmarks.frame import Argument, BenchRow, Contender, compare, measure, write_rows
from features.command_line import print_line, print_table

PACKAGE = "benchmarks.explanations"
READY, BUILDING, SERVED = "tidlig, contributions", "tidlig, tables built on the way", "tidlig, scored, explained and checked"
PRED_CONTRIB, SHAP, WOODELF = "LightGBM pred_contrib", "shap.TreeExplainer", "woodelf-explainer"
AGREE_WITHIN = {PRED_CONTRIB: 1e-9, SHAP: 1e-9, WOODELF: 1e-3, BUILDING: 0.0, SERVED: 1e-12}
"""woodelf counts in single precision; the served number is multiplied by a quotient of about 1."""


@dataclass(frozen=True)
class ExplainRow(BenchRow):
    """A row per explained person, so that more and fewer of them can be compared; the ratio is to our contributions, tables ready."""

    trees: int = 0
    cpu_ms_per_row: float = 0
    ratio_per_row: float = 0


@dataclass(frozen=True)
class TableRow:
    """What the tables of a model cost, once: CPU seconds and memory."""

    trees: int
    build_cpu_seconds: float
    table_mb: float


def main(arguments: Sequence[str] | None = None) -> list[ExplainRow]:
    """Run the benchmark from the command line; results go into ``explain.json`` and its neighbours."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explain", description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="rows to explain; default %(default)s")
    parser.add_argument("--few", type=int, default=500, help="rows for contenders that take milliseconds each; default %(default)s")
    parser.add_argument("--trees", type=int, nargs="+", default=[50, 100, 200, 500], help="sizes of the model; default 50 100 200 500")
    parser.add_argument("--runs", type=int, default=3, help="runs of each contender, the median counts; default %(default)s")
    parser.add_argument("--threads", type=int, default=1, help="threads; default %(default)s")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="where results go; default %(default)s")
    parser.add_argument("--peers", type=Path, default=Path("var/bench/peers"), help="environments of their own; default %(default)s")
    parser.add_argument("--only", choices=["speed", "size"], help="one of the two tables alone")
    parser.add_argument("--people", type=int, default=120_000, help="synthetic people for model size; default %(default)s")
    parser.add_argument("--national", action="store_true", help="1.6 million rows on two threads, and nothing else")
    parser.add_argument("--nation", type=int, default=1_600_000, help="rows of a nation; default %(default)s")
    asked = parser.parse_args(arguments)
    work = asked.folder / "explain-work"
    rows: list[ExplainRow] = []
    try:
        if asked.national:
            explain_nation(work, rows=asked.nation, folder=asked.folder)
            return rows
        if asked.only != "size":
            rows = compare_speed(
                work, asked.trees, peers=asked.peers, rows=asked.rows, few=asked.few, runs=asked.runs, threads=asked.threads
            )
            write_rows("explain", rows, folder=asked.folder)
        if asked.only != "speed":
            compare_sizes(work, people=asked.people, folder=asked.folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return rows


def compare_speed(work: Path, sizes: Sequence[int], *, peers: Path, rows: int, few: int, runs: int, threads: int) -> list[ExplainRow]:
    """Run all contenders at each size of the model, print them per row, and what tables cost apart."""
    found: list[ExplainRow] = []
    tables: list[TableRow] = []
    for trees in sizes:
        shutil.rmtree(work, ignore_errors=True)
        write_work(work, trees=trees, rows=rows, threads=threads)
        many, slow = contenders_over(work, peers=peers, rows=rows, few=min(few, rows), threads=threads)
        taken = [*compare(f"explain, {trees} trees", many, rows, runs=runs), *compare(f"explain, {trees} trees", slow, few, runs=runs)]
        check_agreement([*many, *slow])
        found += per_row(taken, trees=trees)
        tables.append(measure_tables(work, trees=trees, threads=threads, runs=runs))
    _print("bench-explain, per row", [asdict(row) for row in found], leave_out=("p50_ms", "p99_ms", "rows_per_second", "ratio_to_ours"))
    _print("bench-explain, tables of a model", [asdict(row) for row in tables])
    return found


def contenders_over(work: Path, *, peers: Path | None, rows: int, few: int, threads: int) -> tuple[list[Contender], list[Contender]]:
    """Name the contenders over one model, ours first: those that explain all rows, and those that explain a few.

    Parameters
    ----------
    peers
        Where environments of their own lie; None leaves out who needs one.
    """

    def over(name: str, function: str, rows: int, **more: Argument) -> Contender:
        out = work / f"{function.replace(':', '-')}.npy"
        return Contender(name, f"{PACKAGE}.{function}", {"work": str(work), "out": str(out), "rows": rows, **more})

    many = [
        over(READY, "ours:contributions", rows, threads=threads),
        over(BUILDING, "ours:contributions_after_building", rows, threads=threads),
        over(SERVED, "ours:served", rows, threads=threads),
    ]
    if peers is not None:
        python = peers / "woodelf" / "bin" / "python"
        if not python.exists():
            raise FileNotFoundError(f"{python}: no environment of {WOODELF}; `make bench-explain` makes it")
        many.append(replace(over(WOODELF, "woodelf_package:explain", rows), python=str(python)))
    slow = [
        over(PRED_CONTRIB, "lightgbm_own:explain", few, threads=threads),
        over(SHAP, "shap_package:explain", few),
    ]
    return many, slow


def per_row(taken: Sequence[BenchRow], *, trees: int) -> list[ExplainRow]:
    """Scale to one row; the first is ours with its tables ready."""
    ours = taken[0].cpu_seconds / taken[0].size
    return [
        ExplainRow(
            **asdict(row),
            trees=trees,
            cpu_ms_per_row=round(1e3 * row.cpu_seconds / row.size, 4),
            ratio_per_row=round(row.cpu_seconds / row.size / ours, 1),
        )
        for row in taken
    ]


def measure_tables(work: Path, *, trees: int, threads: int, runs: int) -> TableRow:
    """Build the tables in processes of their own; the median counts."""
    out = work / "tables.json"
    contender = Contender("tables", f"{PACKAGE}.ours:build", {"work": str(work), "out": str(out), "threads": threads})
    seconds = float(np.median([measure(contender).cpu_seconds for _ in range(runs)]))
    return TableRow(trees, round(seconds, 3), json.loads(out.read_text(encoding="utf-8"))["table_mb"])


def check_agreement(contenders: Sequence[Contender]) -> None:
    """Compare what all contenders wrote of the rows that they explained.

    Raises
    ------
    AssertionError
        Naming the contender whose contributions differ from ours.
    """
    ours = read_contributions(Path(str(contenders[0].arguments["out"])))
    for contender in contenders[1:]:
        theirs, within = read_contributions(Path(str(contender.arguments["out"]))), AGREE_WITHIN[contender.name]
        gap = float(np.abs(theirs - ours[: len(theirs)]).max())
        if not gap <= within:
            raise AssertionError(f"{contender.name} differs from ours by {gap:.1e}, expected at most {within:.0e}")
        print_line(f"{contender.name}: differs from ours by {gap:.1e} at most on {len(theirs):,} rows.")


def _print(title: str, rows: Sequence[dict[str, object]], *, leave_out: Sequence[str] = ()) -> None:
    shown = [{name: value for name, value in row.items() if name not in leave_out} for row in rows]
    print_table(title, list(shown[0]), [list(row.values()) for row in shown])


if __name__ == "__main__":
    main()
