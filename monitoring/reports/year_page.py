"""A year of one model's reports side by side: what the signals said, and figures with intervals, as tables and as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from monitoring.reports.content import page_environment
from monitoring.reports.overview import ReportLine, old_reports
from monitoring.reports.trend import Line, Mark, trend_svg
from monitoring.wording import Language, decimal, percent, words

MONTHS = 12
"""Months side by side, the newest last."""

FIGURES = ("ppv", "calibration", "net_benefit", "auc")
"""Of those whose outcome is known; the expected share of those proposed stands beside them."""


def build_year(lines: Sequence[ReportLine], contents: Sequence[Mapping[str, Any]], *, old: Sequence[ReportLine] = ()) -> dict[str, Any]:
    """Put a model's reports side by side, oldest first.

    Figures are those that the newest report tells of each month's screening: they are of the outcomes known by then, and were protected
    together. Of a month that it does not tell of there are none.

    Parameters
    ----------
    lines, contents
        The same reports of one model, oldest first: how each stands, and its JSON.
    old
        Its reports of an earlier format, which are named and not set beside the others.
    """
    newest = contents[-1]
    by_month = {str(row["as_of"])[:7]: row for row in newest["performance"]["periods"]}
    shown = list(zip(lines, contents, strict=True))[-MONTHS:]
    codes = sorted({signal["code"] for _, content in shown for signal in content["signals"]})
    return {
        "model": newest["model"],
        "synthetic": newest["synthetic"],
        "title": newest["title"],
        "outcome": newest["outcome"],
        "stage": newest["stage"],
        "inputs_hash": newest["inputs_hash"],
        "purpose": newest["purpose"],
        "codes": codes,
        "months": [_month(line, content, by_month.get(line.month)) for line, content in shown],
        "old": old_reports(old),
    }


def _month(line: ReportLine, content: Mapping[str, Any], period: Mapping[str, Any] | None) -> dict[str, Any]:
    verdicts = {signal["code"]: signal["verdict"] for signal in content["signals"]}
    matured = None if period is None else period["matured"]
    return {
        "month": line.month,
        "version": line.version,
        "sign_off": line.sign_off,
        "verdicts": verdicts,
        "stopped": bool(content["suspended_by"]),
        "n_people": None if period is None else period["n_people"],
        "expected": None if period is None else period["expected"]["ppv"],
        "figures": None if matured is None else {name: matured[name] for name in FIGURES},
    }


def render_year(year: Mapping[str, Any], *, language: Language, other: Mapping[Language, str], index: str) -> str:
    """Render a model's year as one self-contained page.

    Parameters
    ----------
    other
        Language -> file name of the same page.
    index
        Address of the index page.
    """
    return (
        page_environment(language)
        .get_template("year.html.j2")
        .render(y=year, w=words(language), lang=language, other=other, index=index, figures=FIGURES, pictures=_pictures(year, language))
    )


def _pictures(year: Mapping[str, Any], language: Language) -> list[tuple[str, Markup]]:
    w = words(language)["year"]
    months = [row["month"][2:] for row in year["months"]]
    expected = Line(w["expected"], "expected", [_mark(row["expected"]) for row in year["months"]])
    came = Line(w["came"], "came", [_mark(_figure(row, "ppv")) for row in year["months"]])
    gap = Line(w["came"], "came", [_mark(_figure(row, "calibration")) for row in year["months"]])
    shares = [(value, percent(value, language=language, digits=0)) for value in (0.0, 0.25, 0.5, 0.75, 1.0)]
    points = [(value, decimal(value * 100, language=language, digits=0)) for value in (-0.2, -0.1, 0.0, 0.1, 0.2)]
    drawn = [(w["trend_ppv"], trend_svg(months, [expected, came], title=w["trend_ppv"], ticks=shares))]
    if any(mark.point is not None for mark in gap.marks):
        drawn.append((w["trend_calibration"], trend_svg(months, [gap], title=w["trend_calibration"], ticks=points, neutral=0.0)))
    # Every text in it was escaped where it was made.
    return [(title, Markup(svg)) for title, svg in drawn]  # noqa: S704


def _figure(row: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    return None if row["figures"] is None else row["figures"][name]


def _mark(found: Mapping[str, Any] | None) -> Mark:
    return Mark(None, None, None) if found is None else Mark(found["point"], found["low"], found["high"])
