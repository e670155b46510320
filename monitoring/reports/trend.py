"""A figure over months as a picture: SVG made here, so that a page needs no script. A table of the same numbers stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 34


@dataclass(frozen=True)
class Mark:
    """One figure in one month: None where it is not known or not told."""

    point: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Line:
    """Figures of one kind, one for each month; `css` says how they are drawn."""

    name: str
    css: str
    marks: Sequence[Mark]


def trend_svg(
    months: Sequence[str], lines: Sequence[Line], *, title: str, ticks: Sequence[tuple[float, str]], neutral: float | None = None
) -> str:
    """Draw figures with their intervals by month.

    Parameters
    ----------
    months
        Names under the axis, oldest first.
    lines
        Each with a mark for every month.
    ticks
        Values of the axis and how they are written, lowest first; values beyond the ends are drawn at the ends.
    neutral
        Value at which a line is drawn across.

    Examples
    --------
    >>> marks = [Mark(0.5, 0.4, 0.6), Mark(None, None, None)]
    >>> drawn = trend_svg(["01", "02"], [Line("a", "came", marks)], title="t", ticks=[(0, "0"), (1, "1")])
    >>> drawn.count("<circle"), drawn.count('class="span')
    (1, 1)
    """
    low, high = ticks[0][0], ticks[-1][0]

    def x(place: int, shift: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (place + 0.5) / len(months) + shift, 1)

    def y(value: float) -> float:
        share = (min(max(value, low), high) - low) / (high - low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    parts = [f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value)}" y2="{y(value)}"/>' for value, _ in ticks]
    parts += [f'<text x="{LEFT - 8}" y="{y(value) + 4}" text-anchor="end">{escape(text)}</text>' for value, text in ticks]
    parts += [f'<text x="{x(n, 0)}" y="{HEIGHT - 10}" text-anchor="middle">{escape(name)}</text>' for n, name in enumerate(months)]
    if neutral is not None:
        parts.append(f'<line class="neutral" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(neutral)}" y2="{y(neutral)}"/>')
    for number, line in enumerate(lines):
        shift = 9.0 * (number - (len(lines) - 1) / 2)
        for place, mark in enumerate(line.marks):
            if mark.point is None or mark.low is None or mark.high is None:
                continue
            parts.append(
                f'<line class="span {line.css}" x1="{x(place, shift)}" x2="{x(place, shift)}" y1="{y(mark.low)}" y2="{y(mark.high)}"/>'
                f'<circle class="dot {line.css}" cx="{x(place, shift)}" cy="{y(mark.point)}" r="4"/>'
            )
    inside = "".join(parts)
    return f'<svg class="trend" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{inside}</svg>'
