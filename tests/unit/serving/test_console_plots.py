"""Pictures of figures: what is drawn, what is a gap, what stands for the picture where it can't be seen."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from features.drawing import Frame
from serving.console.plots.bars import draw_bars
from serving.console.plots.lines import NAME_APART, draw_lines
from serving.console.plots.values import Axis, Bar, Point, Series

SHARES = Axis((0, 1), [(0, "0"), (0.5, "50"), (1, "100")], "av 100")
NAN = float("nan")


def drawn(*series: Series, title: str = "t", description: str = "d", **more: object) -> ElementTree.Element:
    return ElementTree.fromstring(str(draw_lines("p", series, across=SHARES, up=SHARES, title=title, description=description, **more)))  # type: ignore[arg-type]


def of_class(root: ElementTree.Element, css: str) -> list[ElementTree.Element]:
    return [one for one in root.iter() if css in one.attrib.get("class", "").split()]


def test_a_picture_says_in_words_what_it_is() -> None:
    root = drawn(Series("a", [Point(0, 0.1), Point(1, 0.9)]), title="Funnet & oversett", description="Av <100>")

    named = {one.attrib["id"]: one.text for one in root if one.tag in ("title", "desc")}
    assert (root.attrib["role"], root.attrib["aria-labelledby"]) == ("img", "p-title p-desc")
    assert named == {"p-title": "Funnet & oversett", "p-desc": "Av <100>"}


def test_a_figure_that_is_not_known_is_a_gap_and_no_line_is_drawn_over_it() -> None:
    root = drawn(
        Series("", [Point(0, 0.1), Point(0.2, 0.2), Point(0.4, NAN), Point(0.6, 0.5), Point(0.8, 0.7), Point(0.9, NAN), Point(1, 0.8)])
    )

    assert len(of_class(root, "line")) == 2
    assert len(of_class(root, "dot")) == 1, "what stands alone between gaps is a point"


def test_an_interval_is_a_band_around_a_line_and_a_bar_through_a_point() -> None:
    points = [Point(0.2, 0.3, 0.1, 0.5), Point(0.8, 0.6, 0.4, 0.9)]

    assert len(of_class(drawn(Series("a", points)), "band")) == 1
    bars = of_class(drawn(Series("a", points, shows="dots")), "span")
    frame = Frame(480, 320, 50, 16, 30, 54, (0, 1), (0, 1))
    assert [(float(bar.attrib["y1"]), float(bar.attrib["y2"])) for bar in bars] == [
        (frame.y(0.1), frame.y(0.5)),
        (frame.y(0.4), frame.y(0.9)),
    ]


def test_points_lie_where_the_axes_say() -> None:
    (path,) = of_class(drawn(Series("", [Point(0, 0), Point(1, 1)])), "line")

    assert path.attrib["d"] == "M50.0 266.0L464.0 30.0"


@pytest.mark.parametrize("ends", [(0.5, 0.5, 0.5), (0.2, 0.21, 0.9), (1.0, 0.99, 0.98)])
def test_names_stand_apart_where_lines_end_close_to_each_other(ends: tuple[float, ...]) -> None:
    root = drawn(*(Series(f"n{i}", [Point(0, 0), Point(1, end)]) for i, end in enumerate(ends)))

    heights = sorted(float(one.attrib["y"]) for one in of_class(root, "name"))
    assert len(heights) == len(ends)
    assert all(below - above >= NAME_APART for above, below in pairwise(heights))


def test_what_is_written_can_be_no_markup() -> None:
    bars = str(draw_bars("b", [Bar("<script>", 1, "&")], title='"', description="'"))

    assert "<script>" not in bars
    assert ElementTree.fromstring(bars).attrib["class"] == "plot"


def test_bars_are_as_long_as_their_figures() -> None:
    root = ElementTree.fromstring(str(draw_bars("b", [Bar("a", 4, "4"), Bar("b", 1, "1")], title="t", description="d")))

    widths = [float(bar.attrib["width"]) for bar in of_class(root, "bar")]
    assert widths[0] == 4 * widths[1]
