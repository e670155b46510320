"""`make bench-serve`: one person scored with reasons, beside MLflow's scoring of the same bundle and shap; and the queue over HTTP.

Models have 31 leaves and 60 features, missing values among them. Each row is asked for alone, on one thread, of a model that is loaded
and warm; all contenders must give the same probabilities within 1e-9. Over HTTP the first contender is one client, for each ratio is
within its own table.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.explanations.work import write_work
from benchmarks.frame import BenchRow, Contender, compare, measure, write_rows
from features.command_line import print_line

PACKAGE = "benchmarks.answering"
AGREE_WITHIN = 1e-9


def main(arguments: Sequence[str] | None = None) -> list[BenchRow]:
    """Run the benchmark from the command line; both tables go into ``serve.json``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=__doc__)
    parser.add_argument("--rows", type=int, default=300, help="rows, asked for one at a time; default %(default)s")
    parser.add_argument("--trees", type=int, default=500, help="size of the model; default %(default)s")
    parser.add_argument("--requests", type=int, default=400, help="reads of the queue; default %(default)s")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8], help="readers at once; default 1 8")
    parser.add_argument("--runs", type=int, default=3, help="runs of each contender, the median counts; default %(default)s")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="where results go; default %(default)s")
    asked = parser.parse_args(arguments)
    # The contenders inherit this: shap and LightGBM would wake every core for a single row, and MLflow would call home.
    os.environ |= {"OMP_NUM_THREADS": "1", "DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}
    rows = compare_answers(asked.folder / "serve-work", trees=asked.trees, n_rows=asked.rows, runs=asked.runs)
    queue = [queue_read_by(clients, requests=asked.requests) for clients in asked.clients]
    rows += compare("serve, the queue over HTTP", queue, asked.requests, runs=asked.runs)
    write_rows("serve", rows, folder=asked.folder)
    return rows


def compare_answers(work: Path, *, trees: int, n_rows: int, runs: int) -> list[BenchRow]:
    """Make a model and rows, and let every contender answer for each row alone."""
    try:
        shutil.rmtree(work, ignore_errors=True)
        write_work(work, trees=trees, rows=n_rows, threads=1)
        measure(Contender("logging to MLflow", f"{PACKAGE}.mlflow_pyfunc:log", {"work": str(work)}))
        contenders = contenders_over(work)
        rows = compare(f"serve, one row at a time, {trees} trees", contenders, n_rows, runs=runs)
        check_agreement(contenders)
        return rows
    finally:
        shutil.rmtree(work, ignore_errors=True)


def contenders_over(work: Path) -> list[Contender]:
    """Name the contenders over one model, ours first."""
    named = {
        "one row: tidlig, score and reasons": "ours",
        "one row: MLflow pyfunc.predict, the same bundle": "mlflow_pyfunc",
        "one row: shap.TreeExplainer and Booster.predict": "shap_package",
    }
    return [
        Contender(name, f"{PACKAGE}.{module}:answer", {"work": str(work), "out": str(work / f"{module}.npy")})
        for name, module in named.items()
    ]


def queue_read_by(clients: int, *, requests: int) -> Contender:
    """Name the reading of the queue by so many clients at once."""
    name = f"queue over HTTP: tidlig, {clients} client{'s' if clients > 1 else ''}"
    return Contender(name, f"{PACKAGE}.queue_over_http:read_queue", {"clients": clients, "requests": requests})


def check_agreement(contenders: Sequence[Contender]) -> None:
    """Compare the probabilities that all contenders gave.

    Raises
    ------
    AssertionError
        Naming the contender whose probabilities differ from ours.
    """
    given = [np.load(str(contender.arguments["out"]), allow_pickle=False) for contender in contenders]
    for contender, probabilities in zip(contenders[1:], given[1:], strict=True):
        gap = float(np.abs(probabilities - given[0]).max())
        if not gap < AGREE_WITHIN:
            raise AssertionError(f"{contender.name} differs from ours by {gap:.1e}, expected below {AGREE_WITHIN:.0e}")
    print_line(f"All {len(contenders)} agree within {AGREE_WITHIN:.0e} on {len(given[0]):,} rows.")


if __name__ == "__main__":
    main()
