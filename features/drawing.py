"""Pictures of figures as SVG made on the server: where values lie on the paper, and the marks that reports and pages share.

No colour, font or size of type is decided here: a page's stylesheet draws the classes. Whatever is written is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

Tick = tuple[float, str]
"""A value of an axis and how it is written."""


@dataclass(frozen=True)
class Frame:
    """A sheet with a field on it: `across` and `up` are the values at the field's ends, sizes are in the picture's own units."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    across: tuple[float, float]
    up: tuple[float, float]

    @property
    def end(self) -> int:
        """Right end of the field."""
        return self.width - self.right

    @property
    def floor(self) -> int:
        """Lower end of the field."""
        return self.height - self.bottom

    def x(self, value: float, shift: float = 0.0) -> float:
        """Place of a value across; values beyond the ends lie at the ends.

        >>> Frame(100, 50, 10, 10, 0, 0, (0, 1), (0, 1)).x(0.5)
        50.0
        """
        return round(self.left + _share(value, self.across) * (self.end - self.left) + shift, 1)

    def y(self, value: float) -> float:
        """Place of a value up; values beyond the ends lie at the ends.

        >>> Frame(100, 50, 10, 10, 0, 0, (0, 1), (0, 1)).y(0.0)
        50.0
        """
        return round(self.floor - _share(value, self.up) * (self.floor - self.top), 1)

    def lines_across(self, ticks: Iterable[Tick]) -> list[str]:
        """Draw a line through the field at each value, with the value beside it."""
        found = list(ticks)
        rules = [line("axis", self.left, self.end, self.y(value), self.y(value)) for value, _ in found]
        return rules + [text(self.left - 8, self.y(value) + 4, words, anchor="end") for value, words in found]


def line(css: str, x1: float, x2: float, y1: float, y2: float) -> str:
    """Draw a straight line."""
    return f'<line class="{escape(css)}" x1="{x1}" x2="{x2}" y1="{y1}" y2="{y2}"/>'


def dot(css: str, x: float, y: float, radius: float = 4) -> str:
    """Draw a point."""
    return f'<circle class="{escape(css)}" cx="{x}" cy="{y}" r="{radius}"/>'


def text(x: float, y: float, words: str, *, anchor: str, css: str = "") -> str:
    """Write words at a place."""
    named = f' class="{escape(css)}"' if css else ""
    return f'<text{named} x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def path(css: str, points: Sequence[tuple[float, float]], *, closed: bool = False) -> str:
    """Draw a line through points; closed, the area within it.

    >>> path("a", [(0, 1), (2, 3)])
    '<path class="a" d="M0 1L2 3"/>'
    """
    drawn = "L".join(f"{x} {y}" for x, y in points)
    return f'<path class="{escape(css)}" d="M{drawn}{"Z" if closed else ""}"/>'


def _share(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return (min(max(value, low), high) - low) / (high - low)
