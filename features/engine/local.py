"""Build the parts of a table on this machine, on as many processes as asked for."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import starmap

import pyarrow as pa

from features.engine.parts import BuiltPart, PartWork, keys_by_part
from features.errors import DataError
from features.progress import Progress


@dataclass(frozen=True)
class LocalProcesses:
    """Processes of this machine; one builds here. Memory is one part (8,192 persons, all their rows and features) for each."""

    workers: int = 1

    def build(self, work: PartWork, keys: pa.Table, progress: Progress) -> Iterator[BuiltPart]:
        """Build every part and yield it, in ascending order.

        Raises
        ------
        DataError
            TID425 when a worker process died.
        """
        parts = list(keys_by_part(keys))
        with progress.step("Building features", total=len(parts)) as step, _one_thread_each(), self._built(work, parts) as built:
            for part in built:
                yield part
                step.advance()

    @contextmanager
    def _built(self, work: PartWork, parts: list[tuple[int, pa.Table]]) -> Iterator[Iterable[BuiltPart]]:
        if self.workers == 1 or len(parts) == 1:
            yield starmap(work.build, parts)
            return
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(self.workers, len(parts)), mp_context=context, initializer=pa.set_cpu_count, initargs=(1,)) as pool:
            try:
                yield pool.map(work.build, *zip(*parts, strict=True))
            except BrokenProcessPool as error:
                raise DataError(
                    "TID425",
                    "a worker process died while building features, most likely for want of memory. Nothing was kept; run again with fewer "
                    "`--workers`.",
                ) from error


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Keep Arrow's own thread pool out of the way: on top of ours it costs a third more."""
    threads = pa.cpu_count()
    pa.set_cpu_count(1)
    try:
        yield
    finally:
        pa.set_cpu_count(threads)
