"""Progress that notes how far every step got, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from features.progress import Step


class _Noted:
    def __init__(self, moves: list[float]) -> None:
        self._moves = moves

    def advance(self, amount: float = 1) -> None:
        self._moves.append(amount)


class Noting:
    """Notes the moves of every step, and the total it was opened with."""

    def __init__(self) -> None:
        self.moves: dict[str, list[float]] = {}
        self.totals: dict[str, float | None] = {}

    @contextmanager
    def step(self, description: str, *, total: float | None = None) -> Iterator[Step]:
        self.totals[description] = total
        yield _Noted(self.moves.setdefault(description, []))
