"""A month's report in the console: each part as report.json tells it, in three languages, and nothing that it withholds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from monitoring.reports.content import FORMAT
from serving.console.language import LANGUAGES, tongue
from serving.console.months import courses, fairness
from serving.console.months.naming import Naming
from serving.console.months.reading import READABLE, Month, get_month, read_course
from serving.console.pages.months import PARTS
from serving.errors import NotFoundError
from tests.support.console import MODEL, console_service, reader
from tests.support.month_reports import write_month
from tests.support.review import Review

EARLIER, EARLY, MATURED, OTHER = "2026-04", "2026-05", "2026-06", "2026-03"


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    """Give a service with three months' reports, and one of another format."""
    with console_service(tmp_path_factory.mktemp("months") / "project") as running:
        reports = running.project.var / "reports"
        write_month(reports, month=OTHER, format=1)
        for month in (EARLIER, EARLY):
            write_month(reports, month=month)
        write_month(reports, month=MATURED, matured=True)
        yield running


def month_of(review: Review, month: str) -> Month:
    return get_month(review.project.var / "reports", MODEL, month)


def words_of(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def test_the_format_that_monitoring_writes_is_one_that_the_pages_know() -> None:
    assert FORMAT in READABLE


@pytest.mark.requirement("R-42")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("month", [EARLY, MATURED])
def test_every_part_is_shown_in_each_language_and_stays_small(review: Review, month: str, language: str) -> None:
    auditor = reader(review, "fairness-revisor", language=language)
    for path in ("", *(f"/{part}" for part in PARTS)):
        page = auditor.open(f"/monitoring/{MODEL}/{month}{path}")
        assert f'<html lang="{language}"' in page
        assert len(page) < 100_000
        assert "None" not in words_of(page)
        assert not re.search(r"<script(?! )| style=|<b>other</b>", page), path
        for table in re.findall(r"<table.*?</table>", page, re.S):
            assert "<caption" in table
            assert all('scope="' in head for head in re.findall(r"<th\b[^>]*>", table))


@pytest.mark.requirement("R-10")
def test_a_group_s_rate_stands_with_its_interval_its_drawing_and_its_difference(review: Review) -> None:
    content = month_of(review, MATURED).content
    page = reader(review, "fairness-revisor").open(f"/monitoring/{MODEL}/{MATURED}/fairness?by=born")
    table = next(one for one in content["fairness"] if one["attribute"] == "born")
    t = tongue("nb")
    told = [row for row in table["groups"] if row["rates"]["proposal_rate"]["point"] is not None]
    assert len(told) >= 2
    for row in told:
        for name in ("point", "low", "high"):
            assert t.number(round(100 * row["rates"]["proposal_rate"][name], 1)) in words_of(page)
    n_drawn = sum(
        row["rates"][metric]["point"] is not None for row in [*table["groups"], table["everybody"]] for metric in fairness.METRICS
    )
    assert page.count('class="plot in-row"') == n_drawn
    assert "sammenlikningsgruppe" in page


@pytest.mark.requirement("R-09")
def test_what_the_report_withholds_is_neither_written_nor_drawn(review: Review) -> None:
    """A figure that report.json does not tell has no number, no interval and no mark: the page adds nothing to it."""
    content = month_of(review, MATURED).content
    naming = Naming(content, tongue("nb"))
    for attribute in fairness.attributes_of(content):
        withheld = [row for table in fairness.rate_tables(content, attribute, naming) for row in table.rows if row.rate["point"] is None]
        assert all(row.rate["low"] is row.rate["high"] is None for row in withheld)
    page = reader(review, "fairness-revisor").open(f"/monitoring/{MODEL}/{MATURED}/fairness?by=sex")
    small = next(row for row in fairness.rate_tables(content, "sex", naming)[0].rows if row.name == "<b>other</b>")
    assert small.rate["point"] is None
    assert "&lt;b&gt;other&lt;/b&gt;" in page
    assert all("for få" in row and "<svg" not in row for row in re.findall(r"<tr>.*?</tr>", page, re.S) if "other" in row)


def test_every_number_of_a_page_is_one_that_the_report_tells(review: Review) -> None:
    """Whatever stands in a cell is a figure of report.json, rounded: nothing was worked out here."""
    content = month_of(review, MATURED).content
    t = tongue("nb")
    told = {t.number(round(factor * value, digits)) for value in numbers_in(content) for factor in (1, 100) for digits in (0, 1, 3)}
    auditor = reader(review, "fairness-revisor")
    for part in ("fairness?by=born", "together?by=sex", "reviewers", "performance", "drift"):
        page = auditor.open(f"/monitoring/{MODEL}/{MATURED}/{part}")
        for cell in re.findall(r'<td class="number">(.*?)</td>', page, re.S):
            for number in re.findall(r"-?\d[\d\u00a0]*(?:,\d+)?", words_of(cell)):
                assert number in told, (part, cell)


def numbers_in(content: Any) -> Iterator[float]:
    if isinstance(content, bool) or content is None or isinstance(content, str):
        return
    if isinstance(content, int | float):
        yield content
    elif isinstance(content, dict):
        for value in content.values():
            yield from numbers_in(value)
    else:
        for value in content:
            yield from numbers_in(value)


def test_model_reviewers_and_both_stand_side_by_side(review: Review) -> None:
    content = month_of(review, MATURED).content
    tables = fairness.together_tables(content, "sex", Naming(content, tongue("nb")))
    assert tables[0].question == "proposed"
    row = next(row for row in tables[0].rows if row.name == "Gutt")
    model = next(one for one in content["fairness"] if one["attribute"] == "sex")["groups"]
    assert row.figures[0] == next(one for one in model if one["group"] == "boy")["rates"]["proposal_rate"]
    page = reader(review, "fairness-revisor").open(f"/monitoring/{MODEL}/{MATURED}/together")
    assert "Modellen alene" in page
    assert "Begge sammen" in page


def test_a_group_s_course_is_what_each_month_told(review: Review) -> None:
    reports = read_course(month_of(review, MATURED))
    assert [one.name for one in reports] == [EARLIER, EARLY, MATURED]  # the one of another format is no part of it
    first = courses.courses_of(reports, "sex", "boy")[0]
    assert first.metric == "proposal_rate"
    for told in first.months:
        table = next(one for one in told.month.content["fairness"] if one["attribute"] == "sex")
        assert told.rate == next(row for row in table["groups"] if row["group"] == "boy")["rates"]["proposal_rate"]
    page = reader(review, "fairness-revisor").open(f"/monitoring/{MODEL}/{MATURED}/over-time?group=sex:boy")
    assert '<option value="sex:boy" selected>Kjønn: Gutt</option>' in page
    assert page.count("<circle") >= 3
    assert "april 2026" in page


def test_a_month_that_withheld_the_figure_is_a_gap(review: Review) -> None:
    content = json.loads(json.dumps(month_of(review, EARLY).content))
    row = next(row for table in content["fairness"] if table["attribute"] == "sex" for row in table["groups"] if row["group"] == "boy")
    row["rates"]["proposal_rate"].update(point=None, low=None, high=None)
    whole = month_of(review, MATURED)
    course = courses.courses_of([Month(month_of(review, EARLY).folder, content), whole], "sex", "boy")[0]
    drawn = courses.draw_course(course, group="Gutt", title="Foreslått", t=tongue("nb"))
    assert drawn.picture.count('class="span main"') == 1
    assert drawn.table.rows[1][1:3] == ("for få", "–")


def test_a_report_of_another_format_offers_its_own_page_and_no_figures(review: Review) -> None:
    auditor = reader(review, "fairness-revisor")
    for path in ("", "/fairness"):
        page = auditor.open(f"/monitoring/{MODEL}/{OTHER}{path}")
        assert "et annet format" in page
        assert f'href="/reports/{MODEL}/{OTHER}/report.html"' in page
        assert '<td class="number">' not in page


def test_a_report_that_is_not_there_is_not_found_by_any_name(review: Review) -> None:
    auditor = reader(review, "fairness-revisor")
    for path in (f"/monitoring/{MODEL}/2020-01", "/monitoring/training/2026-06", f"/monitoring/{MODEL}/2026-06/nothing"):
        assert auditor.client.get(path).status_code in (404, 422), path
    for model, month in (("..", "2026-06"), (MODEL, "../2026-06"), (MODEL, "2026-6")):
        with pytest.raises(NotFoundError):
            get_month(review.project.var / "reports", model, month)


def test_the_list_leads_to_each_month(review: Review) -> None:
    page = reader(review, "fairness-revisor").open("/monitoring")
    assert f'href="/monitoring/{MODEL}/{MATURED}"' in page
