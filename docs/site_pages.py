"""Pages of the site that are lists of what lies in files: the decisions, the statement of use, the glossary."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
DECISIONS = ROOT / "docs" / "decisions"
GLOSSARY = ROOT / "docs" / "glossary.toml"
_TITLE = re.compile(r"^# (?:\d+\.? )?(.+)$", re.MULTILINE)
_STATUS = re.compile(r"^\*(\d{4}-\d\d-\d\d), (.+)\*$", re.MULTILINE)


@dataclass(frozen=True)
class Term:
    """A word of the domain in three languages, and what is meant by it here."""

    about: str
    nb: str
    nn: str
    en: str
    means: str = ""


def decisions_page() -> str:
    """List every decision with its title, day and standing, as the files say them.

    Raises
    ------
    SystemExit
        A record without a title or without the line that says when it was taken.
    """
    lines = [
        "# Decisions",
        "",
        "Made by `make docs` from the files of this folder. What a newcomer would question, or what is dear to change: what was decided,",
        "why, and what else was tried. A decision that no longer holds says so and keeps its number.",
        "",
        "| no. | decision | taken | standing |",
        "|---|---|---|---|",
    ]
    for path in sorted(DECISIONS.glob("[0-9]*.md")):
        text = path.read_text(encoding="utf-8")
        title, status = _TITLE.search(text), _STATUS.search(text)
        if title is None or status is None:
            raise SystemExit(f"{path.relative_to(ROOT)}: a decision begins with `# N. Title` and `*2026-11-22, accepted*`")
        lines.append(f"| {int(path.name[:4])} | [{title[1]}]({path.name}) | {status[1]} | {status[2]} |")
    return "\n".join(lines) + "\n"


def use_page() -> str:
    """Repeat USE.md, which lies beside the licence, where the site can show it."""
    title, _, body = (ROOT / "USE.md").read_text(encoding="utf-8").partition("\n")
    return f"{title}\n\nMade by `make docs` from `USE.md`, which is the statement itself.\n{body}"


def read_glossary() -> list[Term]:
    """Read the terms in the order of their file."""
    return [Term(**term) for term in tomllib.loads(GLOSSARY.read_text(encoding="utf-8"))["term"]]


def glossary_page() -> str:
    """Write the terms by subject, in three languages."""
    lines = [
        "# Glossary",
        "",
        "Made by `make docs` from `docs/glossary.toml`. Tests hold the console's words to it.",
        "",
        "*The forms in Nynorsk are to be proofread by somebody whose language it is; nobody has done so yet.*",
    ]
    subjects: dict[str, list[Term]] = defaultdict(list)
    for term in read_glossary():
        subjects[term.about].append(term)
    for subject, terms in subjects.items():
        lines += ["", f"## {subject}", "", "| Bokmål | Nynorsk | English | here it means |", "|---|---|---|---|"]
        lines += [f"| {term.nb} | {term.nn} | {term.en} | {term.means} |" for term in terms]
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "../decisions/README.md": decisions_page,
    "../glossary.md": glossary_page,
    "use.md": use_page,
}
"""By their place, seen from ``docs/reference``."""
