"""From the HTML of a page's article to the blocks of a paper, so that both say the same words and neither can drift from the other.

Only what our own templates write is understood. Anything else is refused: a word that a paper lost in silence would be worse than none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Literal

Kind = Literal["heading", "paragraph", "item", "quoted", "blank", "table"]
Run = tuple[str, bool]
"""Words, and whether they are strong."""

_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4}
_TEXTS: dict[str, Kind] = {**dict.fromkeys(_HEADINGS, "heading"), "p": "paragraph", "li": "item", "dt": "blank"}
_CELLS = frozenset({"td", "th"})
_AROUND = frozenset({"article", "section", "div", "ul", "dl", "blockquote", "table", "thead", "tbody", "tr", "strong", "span", "dd"})
SCREEN_ONLY = "screen-only"
"""Class of what is about the screen and stands on no paper."""


@dataclass
class Block:
    """A heading, a paragraph, an item of a list, a line to fill in by hand or a table."""

    kind: Kind
    runs: list[Run] = field(default_factory=list)
    level: int = 0
    """Of a heading, 1 to 4."""
    rows: list[list[list[Run]]] = field(default_factory=list)
    """Of a table; the first one is its head."""

    def as_json(self) -> dict[str, Any]:
        """Give the block as the paper's template reads it."""
        return {
            "kind": self.kind,
            "level": self.level,
            "runs": _tidy(self.runs),
            "rows": [[_tidy(cell) for cell in row] for row in self.rows],
        }


def blocks_of(html: str) -> list[Block]:
    """Read the blocks of an article, in their order.

    Raises
    ------
    ValueError
        When the article holds an element that no paper knows, or text outside every block.

    Examples
    --------
    >>> [(block.kind, block.as_json()["runs"]) for block in blocks_of("<h1>Hei</h1><ul><li><strong>Se.</strong> Be om innsyn.</li></ul>")]
    [('heading', [('Hei', False)]), ('item', [('Se.', True), (' Be om innsyn.', False)])]
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.blocks


def words_of(blocks: list[Block]) -> str:
    """Give all words of a paper in their order, for a test to compare with."""
    texts = [runs for block in blocks for runs in ([block.runs] if block.kind != "table" else [c for row in block.rows for c in row])]
    return " ".join("".join(words for words, _ in _tidy(runs)) for runs in texts)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._open: list[str] = []
        self._hidden: list[str] = []
        self._runs: list[Run] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._hidden or SCREEN_ONLY in (dict(attrs).get("class") or "").split():
            self._hidden.append(tag)
            return
        self._open.append(tag)
        if tag in _CELLS:
            self._runs = []
            self.blocks[-1].rows[-1].append(self._runs)
        elif tag == "tr":
            self.blocks[-1].rows.append([])
        elif tag == "table":
            self.blocks.append(Block("table"))
        elif tag in _TEXTS:
            self._begin(tag)
        elif tag not in _AROUND:
            raise ValueError(f"<{tag}> is known on no paper. Use what serving/console/papers/blocks.py reads, or teach it.")

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            self._hidden.pop()
            return
        self._open.pop()
        if tag in _TEXTS or tag in _CELLS:
            self._runs = None

    def handle_data(self, data: str) -> None:
        if self._hidden or (self._runs is None and not data.strip()):
            return
        if self._runs is None:
            raise ValueError("there is text outside every heading, paragraph, item and cell.")
        self._runs.append((data, "strong" in self._open))

    def _begin(self, tag: str) -> None:
        kind = "quoted" if tag == "p" and "blockquote" in self._open else _TEXTS[tag]
        block = Block(kind, level=_HEADINGS.get(tag, 0))
        self.blocks.append(block)
        self._runs = block.runs


def _tidy(runs: list[Run]) -> list[Run]:
    """Give the words as a browser shows them: white space is one space, and none at either end; no run is empty."""
    found: list[Run] = []
    for words, is_strong in runs:
        begins_anew = not found or found[-1][0].endswith(" ")
        shown = " ".join(part for part in words.replace("\n", " ").replace("\t", " ").split(" ") if part)
        before = " " if words[:1] in (" ", "\n", "\t") and not begins_anew else ""
        after = " " if shown and words[-1:] in (" ", "\n", "\t") else ""
        if before or shown:
            found.append((before + shown + after, is_strong))
    if found:
        found[-1] = (found[-1][0].rstrip(" "), found[-1][1])
    return [run for run in found if run[0]]
