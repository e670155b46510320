"""A figure over months as a picture: SVG made here, so that a page needs no script. A table of the same numbers stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from features.drawing import Frame, dot, line, text

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
    frame = Frame(WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM, across=(0, len(months)), up=(ticks[0][0], ticks[-1][0]))
    parts = frame.lines_across(ticks)
    parts += [text(frame.x(n + 0.5), HEIGHT - 10, name, anchor="middle") for n, name in enumerate(months)]
    if neutral is not None:
        parts.append(line("neutral", LEFT, frame.end, frame.y(neutral), frame.y(neutral)))
    for number, drawn in enumerate(lines):
        shift = 9.0 * (number - (len(lines) - 1) / 2)
        for place, mark in enumerate(drawn.marks):
            if mark.point is None or mark.low is None or mark.high is None:
                continue
            x = frame.x(place + 0.5, shift)
            parts.append(line(f"span {drawn.css}", x, x, frame.y(mark.low), frame.y(mark.high)))
            parts.append(dot(f"dot {drawn.css}", x, frame.y(mark.point)))
    inside = "".join(parts)
    return f'<svg class="trend" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{inside}</svg>'
