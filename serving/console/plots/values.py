"""What a picture is made of: points, lines and bars as values, and the table that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from features.drawing import Tick

Style = Literal["main", "plain", "dashed", "dotted"]
"""How a line is told from another one: by weight and dashes, never by colour alone."""


@dataclass(frozen=True)
class Point:
    """A figure with its interval; a value that is not a number is a gap, and so is an interval."""

    at: float
    value: float
    low: float = float("nan")
    high: float = float("nan")
    note: str = ""
    """Written above a point that stands by itself, such as how many people it is of."""

    @property
    def is_known(self) -> bool:
        """Whether there is a figure to draw."""
        return self.value == self.value

    @property
    def has_interval(self) -> bool:
        """Whether there is an interval to draw."""
        return self.is_known and self.low == self.low and self.high == self.high


@dataclass(frozen=True)
class Series:
    """Points of one kind, which is named beside its last one where it has a name."""

    name: str
    points: Sequence[Point]
    style: Style = "main"
    shows: Literal["line", "dots", "both"] = "line"
    """Points joined by a line, with their interval as a band around it; each by itself, with its interval as a bar; or both."""


@dataclass(frozen=True)
class Axis:
    """Values at an axis's ends, those written along it, and what they are of."""

    ends: tuple[float, float]
    ticks: Sequence[Tick]
    words: str


@dataclass(frozen=True)
class Bar:
    """One bar: what it is of, how long, and how that is written."""

    name: str
    length: float
    written: str


@dataclass(frozen=True)
class Table:
    """The figures of a picture, written; the first cell of each row is its heading."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Drawn:
    """A picture and the table that stands beside it."""

    name: str
    """Unique on the page: beginning of the picture's ids."""
    title: str
    picture: Markup
    table: Table
