"""Writers of one process take turns, first come first served.

SQLite lets one writer in at a time and has the others look again after ever longer sleeps, in no order: with a few at once some wait for
seconds while others pass. Here each is woken when it is their turn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock

from features.errors import ReviewError

LONGEST_WAIT_SECONDS = 30.0
"""After that something is wrong that waiting does not mend."""


@dataclass(eq=False)
class Turns:
    """A lock that is given to those who wait in the order in which they came. Whoever took it may give it back from another thread."""

    _is_taken: bool = False
    _waiting: deque[Event] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def take(self, *, seconds: float = LONGEST_WAIT_SECONDS) -> Iterator[None]:
        """Wait for one's turn and keep it until the block ends.

        Raises
        ------
        ReviewError
            TID746 when it did not come in time.
        """
        self._wait(seconds)
        try:
            yield
        finally:
            self._pass_on()

    def _wait(self, seconds: float) -> None:
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return
            mine = Event()
            self._waiting.append(mine)
        if mine.wait(seconds):
            return
        with self._lock:
            if mine.is_set():  # it came between the wait's end and here
                return
            self._waiting.remove(mine)
        raise ReviewError("TID746", f"the service was too busy for {seconds:.0f} seconds, and nothing was changed. Try again.")

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False
