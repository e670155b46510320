"""The report's words in Bokmål and English, and how figures are written in each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal

from features.declarations.catalogue import Wording

Language = Literal["nb", "en"]

NOTHING = "–"


def in_languages(wording: Wording) -> dict[str, str]:
    """Give a project's wording in every language it has; the console reads the report's JSON in all three."""
    return {"nb": wording.nb, "nn": wording.nn, "en": wording.en}


def decimal(value: float | str | None, *, language: Language, digits: int = 2) -> str:
    """Write a number with the language's decimal mark; a real minus sign.

    >>> decimal(-0.256, language="nb"), decimal(None, language="en"), decimal("unbounded", language="nb")
    ('−0,26', '–', '∞')
    """
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return "−∞" if value == "unbounded below" else "∞"
    text = f"{value:.{digits}f}".replace("-", "−")
    return text.replace(".", ",") if language == "nb" else text


def percent(value: float | None, *, language: Language, digits: int = 1) -> str:
    r"""Write a share as a percentage.

    >>> percent(0.1234, language="nb"), percent(0.1234, language="en")
    ('12,3\u202f%', '12.3%')
    """
    if value is None:
        return NOTHING
    return decimal(value * 100, language=language, digits=digits) + ("\u202f%" if language == "nb" else "%")


def quantity(value: int | None, *, language: Language) -> str:
    r"""Write a count in groups of three.

    >>> quantity(12345, language="nb"), quantity(12345, language="en")
    ('12\u202f345', '12,345')
    """
    if value is None:
        return NOTHING
    return f"{value:,}".replace(",", "\u202f") if language == "nb" else f"{value:,}"


@cache
def words(language: Language) -> Mapping[str, Any]:
    """Read the report's words; every language has the same keys."""
    text = resources.files("monitoring").joinpath("templates", f"words.{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
