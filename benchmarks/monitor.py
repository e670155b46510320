"""`make bench-monitor`: fairness with intervals beside fairlearn, drift beside Evidently, on the same people.

Libraries are loaded before the clock starts. fairlearn gets 20 resamples for its intervals, where a real one takes 1,000; Evidently's
preset also computes what its plots need.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.frame import BenchRow, Contender, compare, write_rows

PACKAGE = "benchmarks.watching"


def main(arguments: Sequence[str] | None = None) -> list[BenchRow]:
    """Run the benchmark from the command line; both questions go into ``monitor.json``, each ratio within its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.monitor", description=__doc__)
    parser.add_argument("--people", type=int, default=20_000, help="people; default %(default)s")
    parser.add_argument("--runs", type=int, default=3, help="runs of each contender, the median counts; default %(default)s")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="where results go; default %(default)s")
    asked = parser.parse_args(arguments)
    rows: list[BenchRow] = []
    for question, contenders in contenders_of(asked.people).items():
        rows += compare(f"monitor, {question}", contenders, asked.people, runs=asked.runs)
    write_rows("monitor", rows, folder=asked.folder)
    return rows


def contenders_of(n_people: int) -> dict[str, list[Contender]]:
    """Name the contenders of each question, ours first."""
    size = {"n_people": n_people}
    return {
        "fairness": [
            Contender("fairness: tidlig, exact intervals, differences, ratios, suppression", f"{PACKAGE}.ours:fairness", size),
            Contender("fairness: tidlig, seven attributes crossed by two, all withheld together, Holm", f"{PACKAGE}.ours:crossed", size),
            Contender("fairness: tidlig, calibration of twelve groups with intervals", f"{PACKAGE}.ours:calibration", size),
            Contender("fairness: fairlearn MetricFrame, no intervals", f"{PACKAGE}.fairlearn_frame:points", size),
            Contender("fairness: fairlearn MetricFrame, 20 resamples", f"{PACKAGE}.fairlearn_frame:bootstrap", size, 200_000),
        ],
        "drift": [
            Contender("drift: tidlig, exact tests and one step-up", f"{PACKAGE}.ours:drift", size),
            Contender("drift: Evidently DataDriftPreset, defaults", f"{PACKAGE}.evidently_preset:drift", size, 200_000),
        ],
    }


if __name__ == "__main__":
    main()
