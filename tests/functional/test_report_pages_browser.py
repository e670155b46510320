"""Reports, their index, a year and the public page in a real browser: accessible, on a telephone and on paper, asking nobody."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from monitoring.public.content import newest_figures
from monitoring.public.page import render_public
from monitoring.reports.content import build_content, render_report
from monitoring.reports.index_page import build_index, render_index
from monitoring.reports.year_page import build_year, render_year
from tests.functional.test_console_browser import AXE, FLAGS, RULES, need
from tests.unit.monitoring.test_algorithm_register import MODEL, PUBLIC
from tests.unit.monitoring.test_report import SUBJECT, findings
from tests.unit.monitoring.test_standing_pages import MONTHS, line, with_periods

pytestmark = pytest.mark.browser

PAPER = 658
"""CSS pixels between the margins of an A4 page."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    need(chromium is not None, "no chromium on this machine (Debian: apt-get install chromium)")
    need(AXE.is_file(), "axe-core is not there (make install)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    content = json.loads(json.dumps(build_content(SUBJECT, findings(matured=True))))
    contents = [with_periods(content, MONTHS[-12:])] * 12
    lines = [line(month, sign_off="signed") for month in MONTHS[-12:]]
    change = {"on": "2026-05-02", "action": "model_promoted", "version": "1", "before": None, "n_signers": 2}
    gates = {"gates_failed": ["G-06"], "gates_not_asked": [], "justified_until": "2026-11-02"}
    model = {"version": "1", "since": "2026-05-02", "bundle_hash": "ab" * 32, "trained_on": "2026-04-01", "changes": [{**change, **gates}]}
    public = {
        **PUBLIC,
        "title": "Prøve",
        "department": "Oppvekst",
        "capacity_period": "month",
        "published_on": "2026-07-01",
        "changed_on": "2026-07-02",
        "review": {"quality_share": 0.05, "second_reader_under": 12, "consent_age": 16},
        "models": [{**MODEL, **model, "newest": newest_figures(content)}],
    }
    texts = {
        "report": render_report(content, language="nb"),
        "year": render_year(build_year(lines, contents), language="nb", other={}, index="index.html"),
        "index": render_index(build_index(lines, contents), language="nb", other={}, report="report.html", year="year.html"),
        "public": render_public(public, language="nb"),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.mark.requirement("R-42")
@pytest.mark.parametrize("name", ["report", "year", "index", "public"])
def test_a_page_is_accessible_fits_a_telephone_and_paper_and_asks_nobody(browser: Browser, pages: dict[str, Path], name: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 800})
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(pages[name].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found["violations"]] == []
    page.set_viewport_size({"width": PAPER, "height": 900})
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER
    wide = "[...document.querySelectorAll('table, svg')].filter(one => one.getBoundingClientRect().right > innerWidth + 1).length"
    assert page.evaluate(wide) == 0
    assert asked == [pages[name].as_uri()]
    context.close()
