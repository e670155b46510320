"""Write the papers of one run, as Markdown for people who edit and HTML for people who read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from features.declarations.project import Project
from training.papers.facts import gate_rows, project_facts
from training.papers.figures import Figures, code, plain
from training.papers.groups import group_findings, proxy_findings
from training.papers.words import LANGUAGES, Language, words
from training.plan import PlannedModel

PAPERS = ("model_card", "datasheet", "article_30", "tripod_ai", "annex_iv", "dpia", "fria")
"""In the order in which a reader would want them."""


@dataclass(frozen=True)
class Paper:
    """One paper in one language."""

    name: str
    language: Language
    title: str
    markdown: str
    html: str
    n_to_fill: int
    """Places that a person must fill in."""
    n_figures: int


def build_papers(project: Project, report: Mapping[str, Any], *, now: datetime) -> list[Paper]:
    """Build every paper in every language from a run's report and the project's own files.

    Raises
    ------
    ModelError
        TID540 when the report lacks a figure that a paper asks for.
    """
    return [_paper(name, language, project, report, now) for language in LANGUAGES for name in PAPERS]


def write_papers(papers: list[Paper], folder: Path) -> list[Path]:
    """Write the papers below a folder, one folder for each language; files are replaced whole."""
    written = []
    for paper in papers:
        for suffix, text in (("md", paper.markdown), ("html", paper.html)):
            path = folder / paper.language / f"{paper.name.replace('_', '-')}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(".draft")
            draft.write_text(text, encoding="utf-8", newline="\n")
            written.append(draft.replace(path))
    return written


def papers_folder(project: Project, model: str, version: str | None) -> Path:
    """Where the papers of a version lie; a run that was not registered has no version."""
    return project.var / "reports" / "papers" / model / (version or "unregistered")


def _paper(name: str, language: Language, project: Project, report: Mapping[str, Any], now: datetime) -> Paper:
    environment = _environment()
    figures, to_fill = Figures(report, language), _ToFill(words(language)["to_fill"])
    context = {
        **project_facts(project, PlannedModel(project.id, report["stage"], report["outcome"]), language=language),
        "report": report,
        "gates": gate_rows(report["gates"], language=language),
        "words": words(language),
        "by_group": group_findings(project, report, language=language),
        "proxy": proxy_findings(project, report, language=language),
        "fig": figures.show,
        "fig_same": figures.show_same,
        "has": figures.has,
        "add": to_fill.mark,
        "figures": figures,
        "made_on": now.date(),
    }
    # The template is rendered before its end: only then is it known what it cited and what it left open.
    body = environment.get_template(f"{language}/{name}.md.j2").render(context)
    markdown = environment.get_template("paper.md.j2").render({**context, "name": name, "body": Markup(body), "n_to_fill": to_fill.count})  # noqa: S704 - rendered with escapes just here
    title = words(language)["papers"][name]
    html = environment.get_template("page.html.j2").render(
        {**context, "language": language, "title": title, "content": Markup(_to_html(markdown))}  # noqa: S704 - as above
    )
    return Paper(name, language, title, markdown, html, to_fill.count, len(figures.cited))


class _ToFill:
    """Marks what no machine may write, and counts it."""

    def __init__(self, word: str) -> None:
        self._word, self.count = word, 0

    def mark(self, text: str) -> Markup:
        self.count += 1
        return Markup(f"\n> **{self._word} ({self.count}):** ") + plain(text) + Markup("\n")  # noqa: S704 - our own words


def _environment() -> Environment:
    # No autoescape by suffix: `plain` is at the end of every expression, and makes text safe for Markdown and HTML alike.
    environment = Environment(
        loader=PackageLoader("training.papers"),
        undefined=StrictUndefined,
        finalize=plain,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = code
    environment.filters["plain"] = plain
    return environment


def _to_html(markdown: str) -> str:
    """Make a page's content; after the last heading come the figures, each row with the id that its numbers point to."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(markdown)
    last = [place for place, token in enumerate(tokens) if token.type == "heading_open"][-1]
    tokens[last].attrSet("id", "figures")
    # The first row is the table's head.
    for number, row in enumerate(token for token in tokens[last:] if token.type == "tr_open"):
        if number:
            row.attrSet("id", f"figure-{number}")
    return str(parser.renderer.render(tokens, parser.options, {}))
