"""Progress as an argument: packages report steps, the edge decides whether anything is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Step(Protocol):
    """One running step."""

    def advance(self, amount: float = 1) -> None:
        """Say that this much more of the total is done."""


class Progress(Protocol):
    """Opens steps. Drawn with rich at the command line, silent elsewhere."""

    def step(self, description: str, *, total: float | None = None) -> AbstractContextManager[Step]:
        """Open a step; leaving the context ends it."""


class _SilentStep:
    def advance(self, amount: float = 1) -> None:
        """Do nothing."""


class Silent:
    """Progress for machines and tests.

    >>> with Silent().step("counting", total=2) as step:
    ...     step.advance()
    """

    @contextmanager
    def step(self, description: str, *, total: float | None = None) -> Iterator[Step]:
        """Open a step that draws nothing."""
        yield _SilentStep()
