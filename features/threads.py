"""The same work on many things, on a few threads, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

ThingT = TypeVar("ThingT")
ResultT = TypeVar("ResultT")


def in_turn(work: Callable[[ThingT], ResultT], things: Iterable[ThingT], *, workers: int) -> Iterator[ResultT]:
    """Do the work for each thing and yield results in order; no more are under way or waiting than there are threads.

    Memory is therefore so many results, however many things there are.

    >>> list(in_turn(lambda number: number * 2, range(4), workers=2))
    [0, 2, 4, 6]
    """
    with ThreadPoolExecutor(workers) as pool:
        waiting = deque[Future[ResultT]]()
        for thing in things:
            if len(waiting) == workers:
                yield waiting.popleft().result()
            waiting.append(pool.submit(work, thing))
        while waiting:
            yield waiting.popleft().result()
