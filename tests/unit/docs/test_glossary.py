"""The glossary in three languages, and that the console and the how-tos say what it says."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from docs.site_pages import Term, decisions_page, glossary_page, read_glossary
from serving.cases.states import STATES, STEPS

ROOT = Path(__file__).parents[3]
MESSAGES = ROOT / "serving" / "console" / "messages"
GLOSSARY = read_glossary()


@cache
def _messages(language: str) -> dict[str, str]:
    """Read what the console says: its catalogue, and the names of states and steps."""
    with (MESSAGES / language / "LC_MESSAGES" / "console.po").open("rb") as file:
        found = [(str(m.id), m.string) for m in read_po(file) if m.id]
    rules = [
        *((f"state {state}", rule.wording) for state, rule in STATES.items()),
        *((f"step {step}", rule.wording) for step, rule in STEPS.items()),
    ]
    found += [(key, getattr(wording, language)) for key, wording in rules]
    return {key: " ".join(said) if isinstance(said, tuple | list) else str(said) for key, said in found}


def _stems(word: str) -> list[str]:
    """Begin a form as all its inflections do: what stands in brackets is an explanation, a slash parts alternatives."""
    forms = (form.strip().casefold() for form in re.sub(r"\(.*?\)", "", word).split("/"))
    return [form.rstrip("ea") for form in forms if form]


def _says(text: str, stems: list[str]) -> bool:
    return any(re.search(rf"(?<![a-zæøå]){re.escape(stem)}", text.casefold()) for stem in stems)


def _uses(term: Term) -> list[str]:
    return [key for key, said in _messages("nb").items() if _says(said, _stems(term.nb))]


@pytest.mark.parametrize("term", GLOSSARY, ids=lambda term: term.nb)
def test_a_term_has_its_words_and_the_console_uses_them(term: Term) -> None:
    assert term.nb
    assert term.nn
    assert term.en
    # Verbs bend further than nouns ("samtykke", "samtykt"), so the beginning of the Nynorsk word has to do.
    begun = [stem[:6] for stem in _stems(term.nn)]
    nynorsk = _messages("nn")
    other = {key: nynorsk[key] for key in _uses(term) if not any(stem in nynorsk[key].casefold() for stem in begun)}
    assert other == {}, f"where Bokmål says {term.nb!r}, Nynorsk says neither of {term.nn!r}"


def test_the_console_uses_enough_of_the_words_for_the_test_to_mean_something() -> None:
    assert sum(bool(_uses(term)) for term in GLOSSARY) >= 25


def test_no_word_stands_twice_under_a_subject() -> None:
    names = [(term.about, term.nb) for term in GLOSSARY]
    assert len(names) == len(set(names))


def test_the_page_says_that_nobody_has_proofread_the_nynorsk() -> None:
    page = glossary_page()
    assert "nobody has done so yet" in page
    assert all(f"| {term.nb} | {term.nn} | {term.en} |" in page for term in GLOSSARY)


def test_decisions_are_listed_with_title_and_standing() -> None:
    page = decisions_page()
    assert "| 1 | [Record decisions](0001-record-decisions.md) | 2026-11-21 | accepted |" in page
    assert "superseded by [18]" in page
    assert page.count("\n| ") - 1 == len(list((ROOT / "docs" / "decisions").glob("[0-9]*.md")))


STRESS = {"README", "young-person"}
"""Pages that set words in bold for stress, and name few buttons."""
HOW_TOS = [page for page in sorted((ROOT / "docs" / "how-to").glob("*.md")) if page.stem not in STRESS]


@pytest.mark.parametrize("page", HOW_TOS, ids=lambda page: page.stem)
def test_what_a_how_to_puts_in_bold_is_on_the_console(page: Path) -> None:
    """So a button that gets another name takes the how-to with it."""
    shown = " ".join(_messages("en").values())
    bold = re.findall(r"\*\*(.+?)\*\*", page.read_text(encoding="utf-8"))
    assert [words for words in bold if words not in shown] == []
