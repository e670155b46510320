"""Words of the papers in Bokmål and English, and how figures are written in each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

from features.small_cells import SMALLEST_CELL, shown_count

Language = Literal["nb", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@cache
def words(language: Language) -> Mapping[str, Any]:
    """Read the words; both languages have the same keys."""
    return tomllib.loads(resources.files("training.papers").joinpath("templates", f"words.{language}.toml").read_text(encoding="utf-8"))


def decimal(value: float, *, language: Language, digits: int) -> str:
    """Write a number with the language's decimal mark and a real minus sign; what rounds to nothing has no sign.

    >>> decimal(-0.25, language="nb", digits=2), decimal(-0.001, language="en", digits=2)
    ('−0,25', '0.00')
    """
    text = f"{value:z.{digits}f}".replace("-", "−")
    return text.replace(".", ",") if language == "nb" else text


def percent(value: float, *, language: Language) -> str:
    r"""Write a share as a percentage.

    >>> percent(0.1234, language="nb"), percent(0.1234, language="en")
    ('12,3\u202f%', '12.3%')
    """
    return decimal(100 * value, language=language, digits=1) + ("\u202f%" if language == "nb" else "%")


def count(value: int | str, *, language: Language) -> str:
    r"""Write a count of people in groups of three, a small one only as such (R-09).

    >>> count(12345, language="nb"), count(12345, language="en"), count(3, language="en")
    ('12\u202f345', '12,345', '<5')
    """
    if isinstance(value, str):  # a report gives a small count as such
        return value
    shown = f"{value:,}" if value >= SMALLEST_CELL else shown_count(value)
    return shown.replace(",", "\u202f") if language == "nb" else shown
