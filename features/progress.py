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


@contextmanager
def counted(progress: Progress, description: str, *, total: int) -> Iterator[Progress]:
    """Open one step over several, and give the progress to open those with: each that ends moves the whole by one.

    Parameters
    ----------
    total
        How many steps there will be. Steps inside another one do not count.

    Examples
    --------
    >>> with counted(Silent(), "everything", total=2) as progress:
    ...     for name in ("first", "second"):
    ...         with progress.step(name):
    ...             pass
    """
    with progress.step(description, total=total) as whole:
        yield _Counted(progress, whole)


class _Counted:
    def __init__(self, progress: Progress, whole: Step) -> None:
        self._progress, self._whole = progress, whole
        self._depth = 0

    @contextmanager
    def step(self, description: str, *, total: float | None = None) -> Iterator[Step]:
        """Open a step that moves the whole by one when it ends."""
        self._depth += 1
        try:
            with self._progress.step(description, total=total) as step:
                yield step
        finally:
            self._depth -= 1
        if self._depth == 0:
            self._whole.advance()


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
