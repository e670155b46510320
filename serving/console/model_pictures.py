"""The pictures of a model's card, with their tables, in the reader's language: all figures are of 100 people, and gaps stay gaps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor

from features.declarations.project import Project
from features.drawing import Tick
from models.card_curves import EVERYBODY, CapacityCurve, CardCurves, LeadSpan, Mover
from models.intervals import Interval
from serving.console.language import Tongue
from serving.console.plots.bars import draw_bars
from serving.console.plots.lines import draw_lines
from serving.console.plots.values import Axis, Bar, Drawn, Point, Series, Table

NAN = float("nan")


def model_pictures(curves: CardCurves, *, rung: str, project: Project, t: Tongue) -> dict[str, Drawn]:
    """Draw what the card has; a curve that it lacks is not among them."""
    drawn: dict[str, Drawn | None] = {
        "reliability": reliability_picture(curves, t),
        "benefit": _benefit(curves, rung, t),
        "lead_time": _lead_time(curves.lead_time, t),
        "sectors": _movers("sectors", curves.sectors, lambda code: _capital(t(f"sector.{code}")), t),
        "indicators": _movers("indicators", curves.indicators, lambda code: _indicator(project, code, t), t),
    }
    return {name: one for name, one in drawn.items() if one is not None}


def capacity_picture(curve: CapacityCurve, t: Tongue, *, share: float | None = None) -> Drawn | None:
    """Draw how many are found, and how many are proposed rightly, by how many are reviewed; None where nothing is told.

    Parameters
    ----------
    share
        Where the reader stands.
    """
    if len(curve.told) < 2:
        return None
    found = [_point(point.share, point.recall) for point in curve.points]
    rightly = [_point(point.share, point.precision) for point in curve.points]
    across = Axis((0, curve.told[-1].share), _hundredths(0, curve.told[-1].share, t), t("plot.reviewed_of_100"))
    picture = draw_lines(
        "capacity",
        [Series(t("models.found"), _known(found)), Series(t("models.rightly"), _known(rightly), "dashed")],
        across=across,
        up=Axis((0, 1), _hundredths(0, 1, t), t("plot.of_100")),
        title=t("plot.capacity"),
        description=t("plot.capacity_text"),
        mark=share,
    )
    rows = [(t.of_100(point.share), of_100(point.recall, t), of_100(point.precision, t)) for point in curve.told]
    return Drawn("capacity", t("plot.capacity"), picture, Table((t("models.reviewed"), t("models.found"), t("models.rightly")), rows))


def of_100(figure: Interval | None, t: Tongue) -> str:
    """Write a share with its interval, of 100."""
    if figure is None or figure.estimate != figure.estimate:
        return "–"
    written = t.of_100(figure.estimate)
    if figure.low != figure.low or figure.high != figure.high:
        return written
    return f"{written} ({t('evidence.interval', low=t.of_100(figure.low), high=t.of_100(figure.high))})"


def reliability_picture(curves: CardCurves, t: Tongue, *, name: str = "reliability", version: str = "") -> Drawn | None:
    """Draw what was said against what came; None where the card does not know it.

    Parameters
    ----------
    name
        Unique on the page.
    version
        Named in the title where two versions stand on one page.
    """
    title = t("plot.reliability_of", version=version) if version else t("plot.reliability")
    if not curves.reliability:
        return None
    most = max(max(one.said, one.came.high) for one in curves.reliability)
    end = min(1.0, ceil(5 * most) / 5)
    axis = _hundredths(0, end, t)
    points = [Point(one.said, one.came.estimate, one.came.low, one.came.high, note=t.number(one.n_people)) for one in curves.reliability]
    picture = draw_lines(
        name,
        [Series("", points, shows="dots")],
        across=Axis((0, end), axis, t("plot.said")),
        up=Axis((0, end), axis, t("plot.came")),
        title=title,
        description=t("plot.reliability_text"),
        has_diagonal=True,
    )
    rows = [(t.of_100(one.said), of_100(one.came, t), t.number(one.n_people)) for one in curves.reliability]
    return Drawn(name, title, picture, Table((t("plot.said"), t("plot.came"), t("plot.n_people")), rows))


def _benefit(curves: CardCurves, rung: str, t: Tongue) -> Drawn | None:
    if not any(point.benefit.get(rung) is not None for point in curves.benefit):
        return None
    model = [_point(point.threshold, point.benefit.get(rung)) for point in curves.benefit]
    everybody = [_point(point.threshold, point.benefit.get(EVERYBODY)) for point in curves.benefit]
    top = ceil(20 * max(point.high if point.has_interval else point.value for point in (*model, *everybody) if point.is_known)) / 20
    low = -top / 4
    known = _down_to([point for point in everybody if point.is_known], low)
    thresholds = [point.threshold for point in curves.benefit]
    picture = draw_lines(
        "benefit",
        [
            Series(t("plot.the_model"), _known(model), shows="both"),
            Series(t("plot.everybody"), known, "dashed"),
            Series(t("plot.nobody"), [Point(thresholds[0], 0.0), Point(thresholds[-1], 0.0)], "dotted"),
        ],
        across=Axis((0, thresholds[-1]), _hundredths(0, thresholds[-1], t), t("plot.threshold")),
        up=Axis((low, top), _hundredths(floor(20 * low) / 20, top, t, inside=(low, top)), t("plot.benefit_of_100")),
        title=t("plot.benefit"),
        description=t("plot.benefit_text"),
    )
    rows = [
        (t.of_100(point.threshold), _benefit_text(point.benefit.get(rung), t), _benefit_text(point.benefit.get(EVERYBODY), t))
        for point in curves.benefit
    ]
    return Drawn("benefit", t("plot.benefit"), picture, Table((t("plot.threshold"), t("plot.the_model"), t("plot.everybody")), rows))


def _down_to(points: Sequence[Point], low: float) -> list[Point]:
    """Keep a falling line down to a value, and end it where it gets there."""
    kept = [Point(point.at, point.value) for point in points if point.value >= low]
    beyond = points[len(kept)] if len(kept) < len(points) else None
    if not kept or beyond is None:
        return kept
    share = (kept[-1].value - low) / (kept[-1].value - beyond.value)
    return [*kept, Point(kept[-1].at + share * (beyond.at - kept[-1].at), low)]


def _benefit_text(figure: Interval | None, t: Tongue) -> str:
    """Write a net benefit of 100 people with one decimal: differences are small."""
    if figure is None or figure.estimate != figure.estimate:
        return "–"
    estimate, low, high = (t.decimals(100 * part, 1) for part in (figure.estimate, figure.low, figure.high))
    return f"{estimate} ({t('evidence.interval', low=low, high=high)})"


def _lead_time(spans: Sequence[LeadSpan], t: Tongue) -> Drawn | None:
    if not any(span.recall is not None for span in spans):
        return None
    names = [_span_words(span, t) for span in spans]
    points = [_point(place + 0.5, span.recall, note=t.number(span.n_people)) for place, span in enumerate(spans)]
    picture = draw_lines(
        "lead_time",
        [Series("", points, shows="dots")],
        across=Axis((0, len(spans)), [(place + 0.5, name) for place, name in enumerate(names)], t("plot.months")),
        up=Axis((0, 1), _hundredths(0, 1, t), t("plot.found_of_100")),
        title=t("plot.lead_time"),
        description=t("plot.lead_time_text"),
    )
    rows = [
        (name, t.number(span.n_people), of_100(span.recall, t) if span.recall else t("plot.too_few"))
        for name, span in zip(names, spans, strict=True)
    ]
    return Drawn("lead_time", t("plot.lead_time"), picture, Table((t("plot.months"), t("plot.n_people"), t("models.found")), rows))


def _span_words(span: LeadSpan, t: Tongue) -> str:
    first, last = span.months
    return t("plot.months_or_more", first=first) if last is None else f"{first}–{last}"


def _movers(name: str, movers: Sequence[Mover], words: Callable[[str], str], t: Tongue) -> Drawn | None:
    if not movers:
        return None
    named = [(t("plot.others") if mover.name is None else words(mover.name), mover.of_100) for mover in movers]
    bars = [Bar(of, length, t.number(length)) for of, length in named]
    title = t(f"plot.{name}")
    picture = draw_bars(name, bars, title=title, description=t("plot.movers_text"))
    return Drawn(name, title, picture, Table((title, t("plot.of_100")), [(of, t.number(length)) for of, length in named]))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _indicator(project: Project, code: str, t: Tongue) -> str:
    declared = project.catalogue.declared.get(code)
    return code if declared is None else t.words(declared.label)


def _point(at: float, figure: Interval | None, *, note: str = "") -> Point:
    return Point(at, NAN) if figure is None else Point(at, figure.estimate, figure.low, figure.high, note)


def _known(points: Sequence[Point]) -> list[Point]:
    """Leave out what is not told: between two figures that are, a straight line is drawn, and the table says which are."""
    return [point for point in points if point.is_known]


def _hundredths(low: float, high: float, t: Tongue, *, inside: tuple[float, float] | None = None) -> list[Tick]:
    """Choose about five round values between two shares, written of 100."""
    step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0) if (high - low) / step <= 6)
    values = [round(step * number, 4) for number in range(ceil(low / step), floor(high / step + 1e-9) + 1)]
    return [(value, t.of_100(value)) for value in values if inside is None or inside[0] <= value <= inside[1]]
