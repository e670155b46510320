"""Bars lying on their side as SVG, with what each is of above it and its figure at its end."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from features.drawing import text
from serving.console.plots.sheet import sheet
from serving.console.plots.values import Bar

WIDTH = 480
ROOM = 60
"""Units kept free at the end of the longest bar, for its figure."""
STEP, THICK = 46, 10


def draw_bars(name: str, bars: Sequence[Bar], *, title: str, description: str) -> Markup:
    """Draw bars in the order given, the longest as long as there is room.

    Examples
    --------
    >>> drawn = draw_bars("x", [Bar("fravær", 3, "3"), Bar("karakterer", 1, "1")], title="t", description="d")
    >>> drawn.count("<rect")
    2
    """
    longest = max((bar.length for bar in bars), default=0.0) or 1.0
    parts = [part for place, bar in enumerate(bars) for part in _bar(bar, place * STEP, (WIDTH - ROOM) * bar.length / longest)]
    return sheet(name, WIDTH, STEP * len(bars), parts, title=title, description=description)


def _bar(bar: Bar, top: int, length: float) -> list[str]:
    return [
        text(0, top + 18, bar.name, anchor="start"),
        f'<rect class="bar" x="0" y="{top + 26}" width="{round(max(length, 1.0), 1)}" height="{THICK}"/>',
        text(round(length + 8, 1), top + 36, bar.written, anchor="start", css="words"),
    ]
