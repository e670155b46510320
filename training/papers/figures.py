"""Figures in a paper, each tied to where it was read: nothing in a paper is typed in by hand."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from features.errors import ModelError
from training.papers.words import Language, count, decimal, percent

_SPECIAL = re.compile(r"([|*_\[\]`\\])")


def plain(value: object) -> Markup:
    r"""Make any text safe to stand in Markdown: neither HTML nor marks of its own.

    >>> print(plain("a | b <script>"))
    a \| b &lt;script&gt;
    """
    if isinstance(value, Markup):
        return value
    return Markup(_SPECIAL.sub(r"\\\1", html.escape(str(value), quote=False)))  # noqa: S704 - escaped just here


def code(value: object) -> Markup:
    """Write a name as Markdown code, in which nothing but a backtick and a table's bar means anything."""
    return Markup("`" + str(value).replace("`", "").replace("|", "\\|") + "`")  # noqa: S704 - code is escaped where Markdown becomes HTML


def periods(names: Sequence[str]) -> str:
    """Write years that follow each other as a span.

    >>> periods(["2011", "2012", "2013", "2015"]), periods(["2013-02", "2013-10"]), periods([])
    ('2011–2013, 2015', '2013-02, 2013-10', '–')
    """
    spans: list[list[str]] = []
    for name in names:
        if spans and name.isdecimal() and spans[-1][-1].isdecimal() and int(name) == int(spans[-1][-1]) + 1:
            spans[-1].append(name)
        else:
            spans.append([name])
    return ", ".join(span[0] if len(span) == 1 else f"{span[0]}–{span[-1]}" for span in spans) or "–"


@dataclass(frozen=True)
class Cited:
    """One figure of a paper: what is shown, and the path in the report that it was read from."""

    number: int
    shown: str
    path: str


@dataclass
class Figures:
    """Reads figures out of a report and remembers which; the paper ends with their table."""

    report: Mapping[str, Any]
    language: Language
    cited: list[Cited] = field(default_factory=list)

    def has(self, path: str) -> bool:
        """Whether the report knows this; a missing figure may be left out, never made up."""
        try:
            return self._find(path) is not None
        except ModelError:
            return False

    def show(self, path: str, form: str = "decimal") -> Markup:
        """Write a figure with the number of its source behind it.

        Parameters
        ----------
        path
            Keys of the report joined by dots.
        form
            decimal, percent, count, text, periods; or interval, for a mapping with estimate, low and high.

        Raises
        ------
        ModelError
            TID540 when the report holds no such figure.
        """
        value = self._find(path)
        if value is None:
            raise ModelError("TID540", f"the report holds no {path}, which a paper asks for. Train again with this version.")
        shown = self._written(value, form)
        number = next((one.number for one in self.cited if (one.path, one.shown) == (path, shown)), len(self.cited) + 1)
        if number > len(self.cited):
            self.cited.append(Cited(number, shown, path))
        return plain(shown) + Markup(f" [\\[{number}\\]](#figures)")  # noqa: S704 - a number

    def _find(self, path: str) -> Any:
        found: Any = self.report
        for key in path.split("."):
            if isinstance(found, Sequence) and not isinstance(found, str) and key.isdecimal() and int(key) < len(found):
                found = found[int(key)]
            elif isinstance(found, Mapping) and key in found:
                found = found[key]
            else:
                raise ModelError("TID540", f"the report holds no {path}, which a paper asks for. Train again with this version.")
        return found

    def _written(self, value: Any, form: str) -> str:
        if form == "interval":
            middle = decimal(value["estimate"], language=self.language, digits=3)
            if value["low"] is None or value["high"] is None:
                return middle
            low, high = (decimal(value[name], language=self.language, digits=3) for name in ("low", "high"))
            return f"{middle} ({low} – {high})"
        if form == "periods":
            return periods(value)
        writers = {
            "decimal": lambda: decimal(value, language=self.language, digits=3),
            "percent": lambda: percent(value, language=self.language),
        }
        writers |= {"count": lambda: count(value, language=self.language), "text": lambda: str(value)}
        return writers[form]()
