"""The process of one contender: import, start the clock, do the work once, say what it took as one line of JSON."""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from statistics import quantiles
from typing import TypeAlias

import psutil

Done: TypeAlias = int | Sequence[float]
"""How many rows there were, or the seconds that each of them took."""
Work: TypeAlias = Callable[[], Done]


def cpu_seconds() -> float:
    """User and system time of this process and of those that it started, at any depth, whether they have ended or still run."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    ended = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    return ended + sum(_cpu_seconds_of(child) for child in psutil.Process().children(recursive=True))


def _cpu_seconds_of(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0


def timed(work: Callable[[], Done | AbstractContextManager[Work]]) -> dict[str, float]:
    """Do the work under the clock; where it only gave what is to be done, do that under a new one."""
    started, cpu = time.perf_counter(), cpu_seconds()
    done = work()
    taken = {"seconds": time.perf_counter() - started, "cpu_seconds": cpu_seconds() - cpu}
    if isinstance(done, AbstractContextManager):
        with done as prepared:
            return timed(prepared)
    return {**taken, **(_percentiles(done) if isinstance(done, Sequence) else {"rows": done})}


def _percentiles(seconds: Sequence[float]) -> Mapping[str, float]:
    cuts = quantiles(seconds, n=100, method="inclusive")
    return {"rows": len(seconds), "p50_ms": round(1000 * cuts[49], 3), "p99_ms": round(1000 * cuts[98], 3)}


def main(function: str, arguments: str) -> None:
    module, _, name = function.partition(":")
    work = getattr(importlib.import_module(module), name)
    print(json.dumps(timed(partial(work, **json.loads(arguments)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
