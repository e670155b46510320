"""Figures in a paper, each tied to where it was read: nothing in a paper is typed in by hand."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from features.errors import ModelError
from training.papers.words import Language, count, decimal, percent, words

_SPECIAL = re.compile(r"([|*_\[\]`\\])")
_SAME = 1e-9
_WHOLE_TIMES = 10
"""From so many times on, a decimal would only pretend."""


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
            decimal, percent, count, text, periods, rung. For a mapping with estimate, low and high: interval, percent_interval; loss, which
            tells it as the change it is; inverse, which turns a ratio round. For a group gate's evidence: people.

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
        return plain(shown) + Markup(f" [\\[{number}\\]](#figure-{number})")  # noqa: S704 - a number

    def show_same(self, path: str, elsewhere: str, form: str = "interval") -> Markup:
        """Write the figure at `elsewhere` where the one at `path` is the same figure of the same rows: one paper, one interval.

        Sections draw people anew, so that the same figure has a slightly other interval there. A figure of a sample of the rows has
        another estimate, and is written as it is.
        """
        here, there = (self._find(one).get("estimate") if self.has(one) else None for one in (path, elsewhere))
        same = here is not None and there is not None and abs(here - there) < _SAME
        return self.show(elsewhere if same else path, form)

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
        writers: dict[str, Callable[[], str]] = {
            "decimal": lambda: decimal(value, language=self.language, digits=3),
            "percent": lambda: percent(value, language=self.language),
            "count": lambda: count(value, language=self.language),
            "text": lambda: str(value),
            "rung": lambda: str(words(self.language)["rungs"].get(value, value)),
            "periods": lambda: periods(value),
            "people": lambda: self._people(value),
            "inverse": lambda: self._inverse(value),
            "interval": lambda: self._interval(value, lambda part: decimal(part, language=self.language, digits=3)),
            "loss": lambda: _spanned(_change(value), lambda part: decimal(part, language=self.language, digits=3)),
            "percent_interval": lambda: self._interval(value, lambda part: percent(part, language=self.language)),
        }
        return writers[form]()

    def _interval(self, value: Mapping[str, Any], write: Callable[[float], str]) -> str:
        """Estimate and its bounds, or that they are withheld."""
        return str(words(self.language)["withheld"]) if "withheld" in value else _spanned(value, write)

    def _people(self, evidence: Mapping[str, int]) -> str:
        """How many people of a group have the outcome, and how many have not; those who are few are not asked for."""
        with_outcome, without = (count(evidence[name], language=self.language) for name in ("n_with", "n_without"))
        return f"{with_outcome} / {without}"

    def _inverse(self, ratio: Mapping[str, float]) -> str:
        """One over a ratio, with its interval turned round; of a ratio of nothing only what it is more than can be said."""
        if ratio["low"] <= 0:
            return str(words(self.language)["more_than"].format(n=self._times(1 / ratio["high"])))
        return f"{self._times(1 / ratio['estimate'])} ({self._times(1 / ratio['high'])} – {self._times(1 / ratio['low'])})"

    def _times(self, value: float) -> str:
        return decimal(value, language=self.language, digits=0 if value >= _WHOLE_TIMES else 1)


def _change(loss: Mapping[str, float | None]) -> dict[str, float | None]:
    """A loss as the change it is: the sign turned, and the bounds with it."""
    turned = {part: None if value is None else -value for part, value in loss.items()}
    return {**turned, "low": turned["high"], "high": turned["low"]}


def _spanned(value: Mapping[str, float | None], write: Callable[[float], str]) -> str:
    """Estimate and its bounds, as far as they are known."""
    middle, low, high = value["estimate"], value["low"], value["high"]
    if middle is None:
        return "–"
    return write(middle) if low is None or high is None else f"{write(middle)} ({write(low)} – {write(high)})"
