"""Papers of a run: every figure from the report, what a person must add marked, nothing small and nothing unescaped."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from features.declarations.project import Project
from features.errors import ModelError
from tests.support.examined_experiments import planted_examined
from tests.support.projects import NOW
from training.evaluation.examined import Examined
from training.gates.asked import ask_gates
from training.papers.facts import gate_rows
from training.papers.figures import Figures
from training.papers.words import LANGUAGES, words
from training.papers.write import PAPERS, Paper, build_papers, write_papers
from training.report import build_report


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Examined:
    return planted_examined(tmp_path_factory.mktemp("papers"))


@pytest.fixture(scope="module")
def report(examined: Examined) -> dict[str, Any]:
    found = build_report(examined, ask_gates(examined), {})
    text = json.dumps({**found, "code_version": "1.0", "run_id": "0" * 32, "version": "1"})
    return dict(json.loads(text))


@pytest.fixture(scope="module")
def papers(examined: Examined, report: dict[str, Any]) -> list[Paper]:
    return build_papers(examined.project, report, now=NOW)


@pytest.mark.requirement("R-34")
def test_seven_papers_are_written_in_both_languages(papers: list[Paper], tmp_path: Path) -> None:
    assert [(paper.language, paper.name) for paper in papers] == [(language, name) for language in LANGUAGES for name in PAPERS]
    files = write_papers(papers, tmp_path)
    assert len(files) == 2 * len(papers)
    assert (tmp_path / "nb" / "article-30.md").read_text(encoding="utf-8").startswith("# Protokoll over behandlingsaktiviteter")
    by_language = [[(paper.name, paper.n_figures, paper.n_to_fill) for paper in papers if paper.language == one] for one in LANGUAGES]
    assert by_language[0] == by_language[1], "what is filled in, and what a person must add, is the same in both languages"
    assert all(paper.n_to_fill >= 2 for paper in papers)


def test_every_figure_can_be_traced_to_its_place_in_the_report(papers: list[Paper], report: dict[str, Any]) -> None:
    for paper in papers:
        cited = set(re.findall(r"\[\\\[(\d+)\\\]\]\(#figures\)", paper.markdown))
        rows = re.findall(r"^\| (\d+) \| (.+) \| `([^`]+)` \|$", paper.markdown, flags=re.MULTILINE)
        assert cited == {number for number, _, _ in rows}
        for _, shown, path in rows:
            value = find(report, path)
            if isinstance(value, float):
                first = float(shown.split()[0].rstrip("%").replace(",", ".").replace("−", "-").replace("\u202f%", ""))
                assert first == pytest.approx(value, abs=6e-4) or first == pytest.approx(100 * value, abs=0.06), path


def find(report: dict[str, Any], path: str) -> Any:
    found: Any = report
    for key in path.split("."):
        found = found[int(key)] if isinstance(found, list) else found[key]
    return found


def test_a_missing_figure_is_refused_and_not_made_up(examined: Examined, report: dict[str, Any]) -> None:
    without = {**report, "ladder": {name: {} for name in report["ladder"]}}
    with pytest.raises(ModelError, match="TID540"):
        build_papers(examined.project, without, now=NOW)


def test_a_gate_without_words_is_refused(report: dict[str, Any]) -> None:
    stranger = {**report["gates"][0], "code": "G-99"}
    with pytest.raises(ModelError, match=r"TID541.*G-99"):
        gate_rows([stranger], language="nb")


@pytest.mark.requirement("R-09")
def test_a_small_count_is_not_told() -> None:
    figures = Figures({"data": {"n": 3, "none": 0, "many": 1234}}, "en")
    assert str(figures.show("data.n", "count")).startswith("&lt;5")
    assert str(figures.show("data.none", "count")).startswith("0")
    assert str(figures.show("data.many", "count")).startswith("1,234")


def test_what_a_project_says_can_neither_be_markup_nor_break_a_table(examined: Examined, report: dict[str, Any]) -> None:
    hostile = "Kommune <script>alert(1)</script> | *x* [y](http://a)"
    screening = examined.project.screening
    about = screening.project.model_copy(update={"controller": hostile})
    purposes = tuple(purpose.model_copy(update={"controller": hostile}) for purpose in screening.purpose)
    project: Project = replace(examined.project, screening=screening.model_copy(update={"project": about, "purpose": purposes}))
    for paper in build_papers(project, report, now=NOW):
        tags = Tags()
        tags.feed(paper.html)
        assert "script" not in tags.seen
        assert {name for name in tags.links if not name.startswith("#")} == set()


class Tags(HTMLParser):
    """Collects the tags and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}


def test_words_are_the_same_in_both_languages() -> None:
    keys = [sorted(_flat(words(language))) for language in LANGUAGES]
    assert keys[0] == keys[1]


def _flat(table: Any, before: str = "") -> list[str]:
    return [
        path
        for name, value in table.items()
        for path in (_flat(value, f"{before}{name}.") if isinstance(value, dict) else [f"{before}{name}"])
    ]
