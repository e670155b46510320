"""Writers take turns in the order in which they came, and requests wait at the door rather than in a thread."""

from __future__ import annotations

import asyncio
import time
from threading import Thread

import pytest
from anyio.to_thread import current_default_thread_limiter, run_sync

from features.errors import ReviewError
from serving.http.admission import Admission
from serving.storage.turns import Turns


def test_those_who_wait_get_in_as_they_came() -> None:
    turns, order = Turns(), list[int]()

    def write(number: int) -> None:
        with turns.take():
            order.append(number)

    with turns.take():
        writers = []
        for number in range(8):
            writers.append(Thread(target=write, args=[number]))
            writers[-1].start()
            while len(turns._waiting) <= number:
                time.sleep(0.001)
    for writer in writers:
        writer.join(10)

    assert order == list(range(8))
    with turns.take(seconds=0.1):
        pass


def test_who_waits_too_long_is_told_and_takes_nobody_s_turn() -> None:
    turns = Turns()
    with turns.take():
        with pytest.raises(ReviewError) as refused, turns.take(seconds=0.01):
            pass
        assert refused.value.code == "TID746"
    with turns.take(seconds=0.1):
        pass


def test_a_turn_ends_with_an_error_too() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.take():
        raise ZeroDivisionError
    with turns.take(seconds=0.1):
        pass


def test_more_requests_than_threads_do_not_lock_each_other_out() -> None:
    """Each takes the writers' turn in one thread and ends it in another, as a route and its session do."""
    turns, inside, most = Turns(), 0, 0

    async def app(scope: object, receive: object, send: object) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        turn = turns.take(seconds=5)
        await run_sync(turn.__enter__)
        await run_sync(time.sleep, 0.001)
        await run_sync(lambda: turn.__exit__(None, None, None))
        inside -= 1

    async def many() -> None:
        current_default_thread_limiter().total_tokens = 2
        door = Admission(app, at_once=4)
        await asyncio.gather(*(door({"type": "http"}, None, None) for _ in range(40)))  # type: ignore[arg-type]

    asyncio.run(many())

    assert (inside, most) == (0, 4)
