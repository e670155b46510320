"""The process of one contender: import, start the clock, do the work once, say what it took as one line of JSON."""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time


def cpu_seconds() -> float:
    """User and system time of this process and of its children that have ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main(function: str, arguments: str) -> None:
    module, _, name = function.partition(":")
    work = getattr(importlib.import_module(module), name)
    started, cpu = time.perf_counter(), cpu_seconds()
    rows = work(**json.loads(arguments))
    print(json.dumps({"rows": rows, "seconds": time.perf_counter() - started, "cpu_seconds": cpu_seconds() - cpu}))


if __name__ == "__main__":
    main(*sys.argv[1:])
