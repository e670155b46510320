"""`make bench-monitor`: fairness with intervals beside fairlearn and aequitas, drift beside Evidently, on the same people.

Two questions: what it takes (seconds, peak memory, at several sizes), and how often it is right (false alarms, power, coverage). Libraries
are loaded before the clock starts. fairlearn gets 20 resamples for its intervals under the clock, where a real one takes 1,000; aequitas
gives none; Evidently's preset also computes what its plots need.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.frame import BenchRow, Contender, compare
from features.command_line import print_table

PACKAGE = "benchmarks.watching"
SIZES = (20_000, 200_000, 2_000_000)
PLOTS_BEAR = 200_000
"""More people than this take the resamples and Evidently's plots minutes a run."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark from the command line; all of it goes into ``monitor.json``, each ratio within its own question and size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.monitor", description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=list(SIZES), help="people; default %(default)s")
    parser.add_argument("--runs", type=int, default=3, help="runs of each contender, the median counts; default %(default)s")
    parser.add_argument("--draws", type=int, default=1_000, help="draws that ours is judged by; default %(default)s")
    parser.add_argument("--slow-draws", type=int, default=60, help="draws that Evidently is judged by; default %(default)s")
    parser.add_argument("--peers", type=Path, default=Path("var/bench/peers"), help="environments of their own; default %(default)s")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="where results go; default %(default)s")
    asked = parser.parse_args(arguments)
    from benchmarks.watching.rates import RateRow, measure_rates  # loads Evidently, which no timed process should see

    taken: list[BenchRow] = []
    for n_people in asked.people:
        for question, contenders in contenders_of(n_people, peers=asked.peers).items():
            taken += compare(f"monitor, {question}", contenders, n_people, runs=asked.runs)
    rates: list[RateRow] = measure_rates(asked.draws, slow_runs=asked.slow_draws)
    shown = [asdict(rate) for rate in rates]
    print_table("bench-monitor, how often it is right", list(shown[0]), [list(row.values()) for row in shown])
    _write(asked.folder, taken, shown)


def contenders_of(n_people: int, *, peers: Path) -> dict[str, list[Contender]]:
    """Name the contenders of each question, ours first."""
    size = {"n_people": n_people}
    aequitas = str(peers / "aequitas" / "bin" / "python")
    apart = Contender("fairness: aequitas, points", f"{PACKAGE}.aequitas_package:points", size, python=aequitas)
    return {
        "fairness": [
            Contender("fairness: tidlig, exact intervals, differences, ratios, suppression", f"{PACKAGE}.ours:fairness", size),
            Contender("fairness: tidlig, seven attributes crossed by two, all withheld together, Holm", f"{PACKAGE}.ours:crossed", size),
            Contender("fairness: tidlig, calibration of twelve groups with intervals", f"{PACKAGE}.ours:calibration", size),
            Contender("fairness: fairlearn MetricFrame, no intervals", f"{PACKAGE}.fairlearn_frame:points", size),
            Contender("fairness: fairlearn MetricFrame, 20 resamples", f"{PACKAGE}.fairlearn_frame:bootstrap", size, PLOTS_BEAR),
            apart,
            replace(apart, name="fairness: aequitas, significance tests", function=f"{PACKAGE}.aequitas_package:tested"),
        ],
        "drift": [
            Contender("drift: tidlig, exact tests and one step-up", f"{PACKAGE}.ours:drift", size),
            Contender("drift: Evidently DataDriftPreset, defaults", f"{PACKAGE}.evidently_preset:drift", size, PLOTS_BEAR),
        ],
    }


def _write(folder: Path, taken: Sequence[BenchRow], rates: Sequence[dict[str, str | int | float]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content = {"taken": [row.to_json() for row in taken], "rates": list(rates)}
    (folder / "monitor.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
