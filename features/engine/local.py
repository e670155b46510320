"""Build the parts of a table on this machine, on as many threads as asked for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from features.engine.parts import BuiltPart, PartWork, keys_by_part
from features.progress import Progress


@dataclass(frozen=True)
class LocalThreads:
    """Threads of this process. Memory is one part (8,192 persons, all their rows and features) for each.

    Notes
    -----
    Reading, the kernel and writing all run without the interpreter's lock. Processes would have to import and compile everything once
    more each, which is dearer than the whole of a small build.
    """

    workers: int = 1

    def build(self, work: PartWork, keys: pa.Table, progress: Progress) -> Iterator[BuiltPart]:
        """Build every part and yield it, in ascending order; when one fails, those not yet begun are not built."""
        parts = list(keys_by_part(keys))
        with progress.step("Building features", total=len(parts)) as step, one_thread_each():
            pool = ThreadPoolExecutor(min(self.workers, len(parts)))
            try:
                for part in [pool.submit(work.build, number, of_part) for number, of_part in parts]:
                    yield part.result()
                    step.advance()
            finally:
                pool.shutdown(cancel_futures=True)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Keep Arrow's own thread pool out of the way: on top of ours it costs a third more."""
    threads = pa.cpu_count()
    pa.set_cpu_count(1)
    try:
        yield
    finally:
        pa.set_cpu_count(threads)
