"""The papers of a version, as training wrote them: model card, data sheet and what the law asks for. Aggregates only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from features.declarations.project import Project

PAPERS = ("model-card", "datasheet", "article-30", "tripod-ai", "annex-iv", "dpia", "fria")
"""In the order in which a reader would want them."""
LANGUAGES = ("nb", "en")
"""Languages that papers are written in; a reader of Nynorsk gets Bokmål."""


def list_papers(project: Project, name: str, version: str) -> list[str]:
    """List the papers of a version that lie here, in every language that they are written in."""
    return [paper for paper in PAPERS if all(find_paper(project, name, version, language, paper) for language in LANGUAGES)]


def find_paper(project: Project, name: str, version: str, language: str, paper: str) -> Path | None:
    """Find one paper's page, None where there is none."""
    if not _is_one(paper, PAPERS) or not _is_one(language, LANGUAGES) or not version.isdecimal():
        return None
    path = project.var / "reports" / "papers" / name / version / language / f"{paper}.html"
    return path if path.is_file() else None


def _is_one(text: str, of: Sequence[str]) -> bool:
    return text in of
