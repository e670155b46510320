"""The index of all reports and a year side by side: what they list, how sign-off stands, and that they stand alone."""

import json
from pathlib import Path

import pytest

from monitoring.reports.content import build_content
from monitoring.reports.index_page import build_index, render_index
from monitoring.reports.overview import ReportLine
from monitoring.reports.standing_pages import write_standing_pages
from monitoring.reports.trend import Line, Mark, trend_svg
from monitoring.reports.year_page import build_year, render_year
from tests.unit.monitoring.test_report import SUBJECT, findings, read

OTHER = {"en": "other.html"}
MONTHS = [f"{year}-{month:02d}" for year in (2019, 2020) for month in range(1, 13)]


@pytest.fixture(scope="module")
def matured():
    return json.loads(json.dumps(build_content(SUBJECT, findings(matured=True))))


@pytest.fixture(scope="module")
def early():
    return json.loads(json.dumps(build_content(SUBJECT, findings(matured=False))))


def line(month: str, *, sign_off: str = "unsigned", failed: tuple[str, ...] = ("S-01",), model: str = SUBJECT.model) -> ReportLine:
    signed = {
        "role": "fairness-revisor",
        "signed_at": "2026-07-03T08:00:00+00:00",
        "remark": "x",
        "is_about_this_version": True,
        "holds": True,
    }
    return ReportLine(model, month, "1", "2026-07-01T06:00:00+00:00", failed, (), sign_off, (signed,) if sign_off == "signed" else ())


def with_periods(content, months):
    """Tell of a screening in each month, as the newest report does."""
    row = content["performance"]["periods"][0]
    periods = [{**row, "as_of": f"{month}-15", "is_current": month == months[-1]} for month in months]
    return {**content, "performance": {**content["performance"], "periods": periods}}


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_index_lists_every_month_with_its_verdicts_and_sign_off(matured, early, language):
    lines = [line("2026-05", sign_off="signed", failed=()), line("2026-06"), line("2026-06", model="tiny-other", sign_off="invalid")]
    index = build_index(lines, [early, matured, early])
    assert [model["model"] for model in index["models"]] == [SUBJECT.model, "tiny-other"]
    assert [row["month"] for row in index["models"][0]["months"]] == ["2026-06", "2026-05"]
    html = render_index(index, language=language, other=OTHER, report="report.html", year="year.html")
    page = read(html)
    text = "".join(page.text)
    assert f"{SUBJECT.model}/2026-05/report.html" in {link["href"] for link in page.all("a")}
    assert "fairness-revisor, 2026-07-03" in text
    assert {"nb": "underskriften holder ikke", "en": "the sign-off does not hold"}[language] in text
    assert "S-01" in text
    check_alone(html, language)


def check_alone(html: str, language: str) -> None:
    page = read(html)
    assert page.all("html")[0]["lang"] == language
    assert len(page.all("h1")) == 1
    assert len(page.all("caption")) == len(page.all("table")) >= 1
    assert all(cell.get("scope") in ("col", "row") for cell in page.all("th"))
    assert page.all("script") == page.all("link") == page.all("img") == []
    assert not any(str(link["href"]).startswith(("http", "//", "/")) for link in page.all("a"))
    assert "<script" not in html
    assert "None" not in "".join(page.text)
    assert "SYNTETISK" in html


@pytest.mark.parametrize("language", ["nb", "en"])
def test_a_year_has_twelve_months_with_figures_of_the_newest_report(matured, early, language):
    contents = [early] * (len(MONTHS) - 1) + [with_periods(matured, MONTHS[3:])]
    year = build_year([line(month) for month in MONTHS], contents)
    assert [row["month"] for row in year["months"]] == MONTHS[-12:]
    figures = matured["performance"]["matured"]
    assert all(row["figures"]["ppv"] == figures["ppv"] for row in year["months"])
    html = render_year(year, language=language, other=OTHER, index="../index.html")
    page = read(html)
    assert len(page.all("svg")) == 4, "two pictures and two signs of the key"
    drawn = [svg for svg in page.all("svg") if svg.get("role") == "img"]
    assert all(svg["aria-label"] for svg in drawn)
    assert len([mark for mark in page.all("circle") if mark["class"] == "dot came"]) == 12 * 2 + 1
    check_alone(html, language)


def test_a_month_that_the_newest_report_does_not_tell_of_has_no_figures_and_is_not_left_out(matured):
    year = build_year([line("2019-12"), line("2020-06")], [matured, matured])
    assert [row["figures"] is None for row in year["months"]] == [True, False]
    assert "2019-12" in render_year(year, language="nb", other=OTHER, index="../index.html")


def test_before_any_outcome_is_known_a_year_shows_what_is_expected(early):
    year = build_year([line("2020-06")], [early])
    page = read(render_year(year, language="en", other=OTHER, index="../index.html"))
    assert [mark["class"] for mark in page.all("circle")].count("dot came") == 1, "the key's alone"
    assert "outcomes not known yet" in "".join(page.text)


def test_what_lies_beyond_the_axis_is_drawn_at_its_end_and_text_is_escaped():
    marks = [Mark(0.9, -0.5, 2.0), Mark(None, 0.0, 1.0)]
    drawn = trend_svg(["<1>", "2"], [Line("a", "came", marks)], title='"x"', ticks=[(0.0, "0"), (1.0, "1")])
    assert drawn.count("<circle") == 1
    assert "&lt;1&gt;" in drawn
    assert 'aria-label="&quot;x&quot;"' in drawn
    page = read(drawn)
    ys = [float(str(one["y1"])) for one in page.all("line")] + [float(str(one["y2"])) for one in page.all("line")]
    assert 0 <= min(ys) <= max(ys) <= 220


def test_pages_are_written_once_and_again_when_something_is_signed(matured, tmp_path: Path):
    folder = tmp_path / "reports" / SUBJECT.model / "2020-06"
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(json.dumps(matured), encoding="utf-8")
    reports = tmp_path / "reports"
    written = write_standing_pages(reports, [line("2020-06")])
    assert {path.relative_to(tmp_path / "reports").as_posix() for path in written} == {
        *("index.html", "index-en.html", f"{SUBJECT.model}/year.html", f"{SUBJECT.model}/year-en.html")
    }
    assert write_standing_pages(reports, [line("2020-06")]) == ()
    signed = [line("2020-06", sign_off="signed")]
    assert len(write_standing_pages(reports, signed)) == 4
    (folder / "report.json").write_text(json.dumps({**matured, "format": 1}), encoding="utf-8")
    assert write_standing_pages(reports, signed) == (), "a report of another format is left to the run that renews it"
