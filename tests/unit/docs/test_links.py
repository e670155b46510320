"""Every link between pages leads somewhere, on a code host as on the site: to a file of this folder, and to a heading of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def _links(path: Path) -> Iterator[str]:
    yield from LINK.findall(re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text(encoding="utf-8"))))


def _anchors(path: Path) -> set[str]:
    """Name the headings as a code host does; where the site would name one otherwise, the strict build says so."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in plain} | set(
        re.findall(r'id="([^"]+)"', text)
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_within_the_documentation_lead_somewhere(page: Path) -> None:
    for link in _links(page):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.is_file(), f"{link}: no such file (a folder has a README.md to link to)"
        assert target.is_relative_to(DOCS), f"{link}: outside docs, which the site does not have"
        if anchor:
            assert anchor in _anchors(target), f"{link}: no such heading"


def test_the_readme_leads_to_files_that_are_there() -> None:
    links = [link.partition("#")[0] for link in _links(ROOT / "README.md") if not re.match(r"[a-z]+:", link)]
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []
