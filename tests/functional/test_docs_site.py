"""The documentation as a site: built strictly, opened from a folder, searched there, and no other machine asked for anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.functional.test_console_browser import AXE, FLAGS, need

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parents[2]
MKDOCS = ROOT / ".venv" / "docs" / "bin" / "mkdocs"
ASSETS = {
    "inter-latin-wght-normal.woff2": ROOT / "serving" / "console" / "static" / "vendor" / "inter-latin-wght-normal.woff2",
    "iframe-worker.js": ROOT / "node_modules" / "iframe-worker" / "shim" / "index.js",
}
"""What `make docs` lays beside the pages: installed from the locked packages, never kept in the repository."""
LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed|input)[^>]*?\s(?:src|srcset)=["']?([^"'\s>]+)|<link[^>]*?\shref=["']?([^"'\s>]+)"""
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SHOWN = (
    "index.html",
    "tutorial.html",
    "how-to/coordinator.html",
    "reference/case-states.html",
    "reference/permissions.html",
    "decisions/index.html",
    "glossary.html",
)


def build(docs: Path, to: Path) -> subprocess.CompletedProcess[str]:
    """Run the build that `make docs` runs, with these pages."""
    environ = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    config = to.parent / "mkdocs.yml"
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    config.write_text(re.sub(r"^docs_dir: .*$", f"docs_dir: {docs}", text, flags=re.MULTILINE), encoding="utf-8")
    command = [str(MKDOCS), "build", "--strict", "--config-file", str(config), "--site-dir", str(to)]
    return subprocess.run(command, env=environ, text=True, capture_output=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("docs") / "site"
    built = build(ROOT / "docs", to)
    assert built.returncode == 0, built.stderr
    for name, source in ASSETS.items():
        shutil.copyfile(source, to / "assets" / name)
    return to


@pytest.fixture(scope="module")
def reader() -> Iterator[tuple[Page, list[str]]]:
    """Sit somebody down at a browser that may go nowhere, and note where it tried to."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    need(chromium is not None, "no chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_context(viewport={"width": 1100, "height": 900}).new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: asked.append(f"script: {error}"))
        yield page, asked
        browser.close()


def test_every_page_is_there_and_what_makes_pages_is_not(site: Path) -> None:
    pages = {path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")}
    for page in pages:
        html = page.with_name("index") if page.name == "README" else page
        assert (site / html).with_suffix(".html").is_file(), page
    assert not [path for path in site.rglob("*") if path.suffix in (".py", ".pyc") or path.name == "requirements.toml"]


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    n_loaded = 0
    for page in site.rglob("*.html"):
        # A 404 page names its assets by the site's root, since nobody knows from where it is shown.
        for loaded in (one or other for one, other in LOADED.findall(page.read_text(encoding="utf-8"))):
            n_loaded += 1
            assert not re.match(r"(?:[a-z]+:)?//", loaded), f"{page.relative_to(site)} loads {loaded}"
            if page.name != "404.html" and not loaded.startswith(("data:", "#")):
                assert (page.parent / loaded.partition("#")[0].partition("?")[0]).resolve().exists(), (
                    f"{page.relative_to(site)}: no {loaded}"
                )
    assert n_loaded > 500
    for sheet in site.rglob("*.css"):
        assert not re.search(r"@import|url\(\s*[\"']?(?:[a-z]+:)?//", sheet.read_text(encoding="utf-8")), sheet


@pytest.mark.browser
def test_pages_open_from_a_folder_and_ask_nobody(site: Path, reader: tuple[Page, list[str]]) -> None:
    page, asked = reader
    for name in SHOWN:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto((site / name).as_uri())
            page.wait_for_load_state("networkidle")
            page.set_viewport_size({"width": 320, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{name} is wider than 320 px"
            page.set_viewport_size({"width": 1100, "height": 900})
            found = page.evaluate(
                f"(async () => {{ {AXE.read_text(encoding='utf-8')}; return await axe.run(document, {{runOnly: {RULES}}}) }})()"
            )
            said = [f"{v['id']}: {v['nodes'][0]['html'][:150]}" for v in found["violations"]]
            assert said == [], f"{name}, {scheme}"
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.browser
@pytest.mark.parametrize(("words", "page_found"), [("knowledge time", "knowledge-time.html"), ("innsigelse", "glossary.html")])
def test_the_search_works_from_a_folder(site: Path, reader: tuple[Page, list[str]], words: str, page_found: str) -> None:
    page, asked = reader
    page.goto((site / "index.html").as_uri())
    page.locator("input[name=query]").press_sequentially(words)
    page.locator(f".md-search-result__link[href*='{page_found}']").first.wait_for(state="attached", timeout=20_000)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("[a](no-such.md)", "no-such.md"),
        ("[a](gates.md#no-such-heading)", "no-such-heading"),
        ("![a](images/no-such.png)", "no-such.png"),
    ],
)
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path, wrong: str, said: str) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    with (tmp_path / "docs" / "spark.md").open("a", encoding="utf-8") as page:
        page.write(f"\n{wrong}\n")
    built = build(tmp_path / "docs", tmp_path / "site")
    assert built.returncode != 0
    assert said in built.stderr
