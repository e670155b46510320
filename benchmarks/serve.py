"""`make bench-serve`: one person scored with reasons, in a process and over HTTP, beside MLflow and shap; and the queue.

Models have 31 leaves and 60 features, missing values among them. Each row is asked for alone, on one thread, of a model that is loaded
and warm; all contenders of the first table must give the same probabilities within 1e-9. Over HTTP each number of clients has a table of
its own, ours beside `mlflow models serve` of the same trees with shap; ratios are within a table.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.explanations.work import write_work
from benchmarks.frame import Argument, BenchRow, Contender, compare, measure, write_rows
from features.command_line import print_line

PACKAGE = "benchmarks.answering"
AGREE_WITHIN = 1e-9
LONG_REQUESTS = 100
"""Requests to the long queue: each is an entry of the log, written through."""


def main(arguments: Sequence[str] | None = None) -> list[BenchRow]:
    """Run the benchmark from the command line; both tables go into ``serve.json``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=__doc__)
    parser.add_argument("--rows", type=int, default=300, help="rows, asked for one at a time; default %(default)s")
    parser.add_argument("--trees", type=int, default=500, help="size of the model; default %(default)s")
    parser.add_argument("--requests", type=int, default=400, help="requests of all clients together; default %(default)s")
    parser.add_argument("--cases", type=int, default=10_000, help="cases of the long queue; default %(default)s")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32], help="clients at once; default 1 8 32")
    parser.add_argument("--runs", type=int, default=3, help="runs of each contender, the median counts; default %(default)s")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="where results go; default %(default)s")
    asked = parser.parse_args(arguments)
    # The contenders inherit this: shap and LightGBM would wake every core for a single row, and MLflow would call home.
    os.environ |= {"OMP_NUM_THREADS": "1", "DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}
    rows = compare_answers(asked.folder / "serve-work", trees=asked.trees, n_rows=asked.rows, runs=asked.runs)
    rows += compare_serving(
        asked.folder / "scoring-work", trees=asked.trees, requests=asked.requests, clients=asked.clients, runs=asked.runs
    )
    queue = [queue_read_by(clients, requests=asked.requests) for clients in asked.clients]
    rows += compare("serve, the queue over HTTP", queue, asked.requests, runs=asked.runs)
    rows += compare(f"serve, a queue of {asked.cases:,} cases over HTTP", long_queue(asked.cases), LONG_REQUESTS, runs=asked.runs)
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


def compare_serving(work: Path, *, trees: int, requests: int, clients: Sequence[int], runs: int) -> list[BenchRow]:
    """Make a project with histories, and let them be scored in a process and by both servers."""
    try:
        shutil.rmtree(work, ignore_errors=True)
        measure(Contender("making the work", f"{PACKAGE}.making:make", {"work": str(work), "trees": trees, "rows": requests}))
        in_process = Contender("posted history in process: tidlig", f"{PACKAGE}.in_process:score_each", {"work": str(work)})
        rows = compare(f"serve, posted histories, {trees} trees", [in_process], requests, runs=runs)
        for at_once in clients:
            rows += compare(f"serve over HTTP, {at_once} at once", _servers(work, at_once, requests), requests, runs=runs)
        return rows
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _servers(work: Path, clients: int, requests: int) -> list[Contender]:
    arguments: dict[str, Argument] = {"work": str(work), "clients": clients, "requests": requests}
    named = {"tidlig, score and reasons": "ours", "mlflow models serve, score and shap": "mlflow_with_shap"}
    at_once = f"{clients} client{'s' if clients > 1 else ''}"
    return [Contender(f"over HTTP: {name}, {at_once}", f"{PACKAGE}.scores_over_http:{do}", arguments) for name, do in named.items()]


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


def long_queue(cases: int) -> list[Contender]:
    """Name the reading of a long queue's first part by one client: from the API, and as the console's page."""
    arguments: dict[str, Argument] = {"clients": 1, "requests": LONG_REQUESTS, "cases": cases}
    names = {"api": "GET /api/v1/cases", "console": "GET /queue"}
    return [
        Contender(f"queue of {cases:,}: {name}", f"{PACKAGE}.queue_over_http:read_queue", {**arguments, "page": page})
        for page, name in names.items()
    ]


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
