"""Lines and points with their intervals as SVG, each named where it ends: legible without colour, in print and in the dark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from markupsafe import Markup

from features.drawing import Frame, dot, line, path, text
from serving.console.plots.sheet import sheet
from serving.console.plots.values import Axis, Point, Series

WIDTH, HEIGHT = 480, 320
LEFT, RIGHT, TOP, BOTTOM = 50, 16, 30, 54
NAME_APART = 22
"""Units between two lines' names: room for the larger type of a narrow screen."""
LETTER = 10
"""Units that a letter of a name takes at most, in that type."""
MOST_LETTERS = 14


def draw_lines(
    name: str,
    series: Sequence[Series],
    *,
    across: Axis,
    up: Axis,
    title: str,
    description: str,
    has_diagonal: bool = False,
    mark: float | None = None,
) -> Markup:
    """Draw series on one field.

    Parameters
    ----------
    name
        Unique on the page.
    has_diagonal
        Draw the line on which both axes say the same.
    mark
        Value across at which a line is drawn up: what the reader asks about.

    Examples
    --------
    >>> axis = Axis((0, 1), [(0, "0"), (1, "1")], "share")
    >>> drawn = draw_lines("x", [Series("a", [Point(0, 0.2), Point(1, 0.4)])], across=axis, up=axis, title="t", description="d")
    >>> drawn.count("<path"), 'role="img"' in drawn
    (1, True)
    """
    named = min(MOST_LETTERS, max((len(one.name) for one in series), default=0))
    frame = Frame(WIDTH, HEIGHT, LEFT, RIGHT + LETTER * named, TOP, BOTTOM, across=across.ends, up=up.ends)
    parts = [*frame.lines_across(up.ticks), *_across(frame, across), text(0, 16, up.words, anchor="start", css="words")]
    if has_diagonal:
        parts.append(line("diagonal", LEFT, frame.end, frame.floor, frame.y(across.ends[1])))
    if mark is not None:
        parts.append(line("mark", frame.x(mark), frame.x(mark), TOP, frame.floor))
    parts += [part for one in series for part in _drawn(frame, one)]
    parts += _names(frame, series)
    return sheet(name, WIDTH, HEIGHT, parts, title=title, description=description)


def _across(frame: Frame, axis: Axis) -> list[str]:
    ticks = [text(frame.x(value), frame.floor + 20, words, anchor="middle") for value, words in axis.ticks]
    return [*ticks, text(frame.end, HEIGHT - 6, axis.words, anchor="end", css="words")]


def _drawn(frame: Frame, series: Series) -> Iterator[str]:
    if series.shows != "dots":
        for points in _unbroken(series.points):
            yield from _joined(frame, points, series.style, has_band=series.shows == "line")
    if series.shows != "line":
        for point in series.points:
            if point.has_interval:
                yield line(f"span {series.style}", frame.x(point.at), frame.x(point.at), frame.y(point.low), frame.y(point.high))
            if point.is_known:
                yield dot(f"dot {series.style}", frame.x(point.at), frame.y(point.value))
            if point.is_known and point.note:
                top = frame.y(point.high if point.has_interval else point.value)
                yield text(frame.x(point.at), round(max(top - 8, TOP - 4), 1), point.note, anchor="middle", css="words")


def _unbroken(points: Sequence[Point]) -> Iterator[list[Point]]:
    """Cut at what is not known: a gap is a gap, and no line is drawn over it."""
    for known, found in groupby(points, key=lambda point: point.is_known):
        if known:
            yield list(found)


def _joined(frame: Frame, points: Sequence[Point], style: str, *, has_band: bool) -> Iterator[str]:
    within = [point for point in points if point.has_interval] if has_band else []
    if len(within) > 1:
        upper = [(frame.x(point.at), frame.y(point.high)) for point in within]
        lower = [(frame.x(point.at), frame.y(point.low)) for point in reversed(within)]
        yield path(f"band {style}", [*upper, *lower], closed=True)
    if len(points) == 1:
        yield dot(f"dot {style}", frame.x(points[0].at), frame.y(points[0].value), radius=3)
    else:
        yield path(f"line {style}", [(frame.x(point.at), frame.y(point.value)) for point in points])


def _names(frame: Frame, series: Sequence[Series]) -> list[str]:
    """Write each series' name beside its last point, pushed apart where lines end close to each other."""
    ends = [(one, [point for point in one.points if point.is_known]) for one in series]
    last = [(one, known[-1]) for one, known in ends if one.name and known]
    placed: list[tuple[float, float]] = []
    written: list[str] = []
    for one, point in sorted(last, key=lambda found: frame.y(found[1].value)):
        x, y = frame.x(point.at) + 8, frame.y(point.value) + 4
        near = [above for beside, above in placed if abs(beside - x) < LETTER * MOST_LETTERS]
        y = max(y, *(above + NAME_APART for above in near)) if near else y
        placed.append((x, y))
        written.append(text(x, round(y, 1), one.name, anchor="start", css=f"name {one.style}"))
    return written
