"""Make a PDF of an article: tagged (PDF/UA-1), in its language, with its title; small, and the same bytes for the same words.

Typst lays it out inside this process, from two of our own files: the layout beside this one and the typefaces that were built at
installation. Nothing is fetched, no system library or font is asked for, and the words are data to it, never code.
"""

from __future__ import annotations

import json
import unicodedata
from functools import cache
from pathlib import Path
from typing import cast

import typst

from serving.console.language import Language
from serving.console.papers.blocks import Block, Run, blocks_of
from serving.console.papers.typefaces import FACES, letters_of

LAYOUT = Path(__file__).parent / "paper.typ"
TYPEFACES = Path(__file__).parents[1] / "static" / "vendor"

_REGIONS: dict[Language, str] = {"nb": "NO", "nn": "NO", "en": "GB"}


class PaperError(Exception):
    """The typefaces of papers are not installed."""


def build_paper(article: str, *, language: Language, title: str, typefaces: Path = TYPEFACES) -> bytes:
    """Make a PDF of an article's HTML.

    A letter that no typeface here can draw is written as its number, ``[U+0416]``, so that nobody takes the paper for whole where it isn't.

    Raises
    ------
    PaperError
        When the typefaces are not installed.
    ValueError
        When the article holds an element that no paper knows.
    """
    known = _known_letters(typefaces)
    paper = {
        "title": title,
        "language": language,
        "region": _REGIONS[language],
        "blocks": [_spelt(block, known).as_json() for block in blocks_of(article)],
    }
    compiler = typst.Compiler(
        LAYOUT,
        font_paths=_fonts(typefaces),
        sys_inputs={"paper": json.dumps(paper, ensure_ascii=False)},
    )
    return cast("bytes", compiler.compile(pdf_standards="ua-1"))


@cache
def _fonts(typefaces: Path) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[typefaces])


@cache
def _known_letters(typefaces: Path) -> frozenset[int]:
    missing = [name for name in FACES if not (typefaces / name).is_file()]
    if missing:
        raise PaperError(f"{missing[0]} is missing in {typefaces}. Run `make install`, or install the wheel again.")
    return letters_of(typefaces)


def _spelt(block: Block, known: frozenset[int]) -> Block:
    rows = [[_spell(cell, known) for cell in row] for row in block.rows]
    return Block(block.kind, _spell(block.runs, known), block.level, rows)


def _spell(runs: list[Run], known: frozenset[int]) -> list[Run]:
    """Write what can't be drawn by its number; a letter that comes in two parts is put together first."""
    return [("".join(_drawn(letter, known) for letter in unicodedata.normalize("NFC", words)), strong) for words, strong in runs]


def _drawn(letter: str, known: frozenset[int]) -> str:
    return letter if letter in " \n\t" or ord(letter) in known else f"[U+{ord(letter):04X}]"
