"""The documentation's pictures of the console, taken of a demo by a real browser; `make docs-images` writes them to docs/images.

Each is small enough to be kept beside the text, shows invented people only, and has a page that uses it.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.functional.test_console_browser import FLAGS, need
from tests.support.served import served

pytestmark = [pytest.mark.proof, pytest.mark.browser]

ROOT = Path(__file__).parents[2]
WIDTH, TALLEST = 1100, 1000
AT_MOST = 60_000
"""Bytes of a picture. A page of text in 32 colours stays readable, and far below the picture that a browser writes."""
COLOURS = (64, 32, 16, 8)
NAMES = {"queue", "case-before", "case-after", "decision", "monitoring", "models", "family-sheet"}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a demo: the copy of one that TIDLIG_DOCS_PROJECT names, or one made for this (two minutes)."""
    folder = tmp_path_factory.mktemp("docs-images") / "demo"
    environ = {**os.environ, "HOME": str(folder.parent), "DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}
    if made := os.environ.get("TIDLIG_DOCS_PROJECT"):
        shutil.copytree(made, folder)
    else:
        command = [sys.executable, "-m", "tidlig", "demo", "--no-serve", "--project", str(folder)]
        made_now = subprocess.run(command, env=environ, cwd=ROOT, check=False, capture_output=True, text=True)
        assert made_now.returncode == 0, made_now.stderr[-3000:]
    with served(folder, {"HOME": str(folder.parent)}) as (_, where):
        yield where


@pytest.fixture(scope="module")
def pictures(address: str) -> dict[str, bytes]:
    """Walk through the console as a coordinator, an auditor and a model keeper, and take a picture where the documentation shows one."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    need(chromium is not None, "no chromium on this machine (Debian: apt-get install chromium)")
    taken: dict[str, bytes] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for role, take in (("koordinator-9001", _coordinator), ("fairness-revisor", _auditor), ("modellforvalter", _model_keeper)):
            page = browser.new_context(locale="nb-NO", viewport={"width": WIDTH, "height": 800}, color_scheme="light").new_page()
            page.goto(f"{address}/login")
            page.fill("input[name=login]", role)
            page.fill("input[name=password]", f"demo-{role.removesuffix('-9001')}")
            page.click("main form button[type=submit]")
            assert "oppdiktede" in page.inner_text("body")
            taken |= dict(take(page, address))
        browser.close()
    return {name: _small(picture) for name, picture in taken.items()}


def _coordinator(page: Page, address: str) -> Iterator[tuple[str, bytes]]:
    page.goto(f"{address}/queue")
    yield "queue", _shot(page)
    page.locator("main li, main article").filter(has_text="Egen vurdering først").get_by_role("link").first.click()
    yield "case-before", _shot(page)
    page.fill("textarea[name=text]", "Har vært en del borte etter påske, men er aktiv på fotballaget og virker i godt driv ellers.")
    page.check("input[name=inclination][value=unsure]")
    page.locator("form[action$='/own-view'] button[type=submit]").click()
    page.locator("form[action$='/decide']").wait_for()
    yield "case-after", _shot(page)
    page.set_viewport_size({"width": 720, "height": 800})  # on a narrow screen the form is as wide as the text
    yield "decision", page.locator(".now").first.screenshot()
    page.set_viewport_size({"width": WIDTH, "height": 800})
    page.goto(f"{address}/family-sheet")
    yield "family-sheet", _shot(page)


def _auditor(page: Page, address: str) -> Iterator[tuple[str, bytes]]:
    page.goto(f"{address}/monitoring")
    yield "monitoring", _shot(page)


def _model_keeper(page: Page, address: str) -> Iterator[tuple[str, bytes]]:
    page.goto(f"{address}/models")
    page.locator("main a[href^='/models/']").first.click()
    yield "models", _shot(page)


def _shot(page: Page) -> bytes:
    """Take the page from its top, as far down as a reader sees at once in a text."""
    height = min(int(page.evaluate("document.body.scrollHeight")), TALLEST)
    return page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})


def _small(picture: bytes) -> bytes:
    """Write the picture in as many of its own colours as fit."""
    shown = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in COLOURS:
        written = io.BytesIO()
        shown.quantize(colours, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
        if written.tell() <= AT_MOST:
            break
    return written.getvalue()


def test_pictures_of_the_console_are_small_whole_and_shown_somewhere(pictures: dict[str, bytes]) -> None:
    assert set(pictures) == NAMES
    pages = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md"))
    for name, picture in pictures.items():
        size = Image.open(io.BytesIO(picture)).size
        assert len(picture) <= AT_MOST, f"{name}: {len(picture)} bytes"
        assert 300 <= size[0] <= WIDTH, name
        assert 200 <= size[1] <= TALLEST, name
        assert f"images/{name}.png" in pages, f"no page shows {name}"
    if folder := os.environ.get("TIDLIG_DOCS_IMAGES"):
        for name, picture in pictures.items():
            (ROOT / folder / f"{name}.png").write_bytes(picture)
