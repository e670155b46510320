"""A person report as a page: one file without scripts or anything from elsewhere, to be read, printed and kept.

What was decided, by which role and who looked come first, then what the reader can do; the long lists stand at the end.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from features.declarations.catalogue import Wording
from serving.local_time import local_day
from serving.persons.making import report_json
from serving.persons.report_words import KINDS, WORDS
from serving.persons.told import DeedTold, PersonReport, ReasonTold, RecordTold

Language = Literal["nb", "nn", "en"]


@dataclass(frozen=True)
class Naming:
    """How a page says in words what the report gives as codes, numbers and moments; `serving.console.told` makes it."""

    language: Language
    event: Callable[[str], str]
    """Names an event of the log."""
    place: Callable[[str], str]
    """Names a municipality by its number."""
    amount: Callable[[str | float, str | None], str]
    """Writes a value with its unit."""
    reason: Callable[[ReasonTold], str]
    """Writes the value of a reason, with how far back it looks."""
    field: Callable[[str], str]
    """Names a field of something that was written, with the sign that ends a label."""
    answer: Callable[[str, str], str]
    """Says what a field was answered with, given its name and the text."""
    day: Callable[[date], str]
    moment: Callable[[datetime], str]
    """Writes a moment as the clock on a Norwegian wall showed it."""


@dataclass(frozen=True)
class SeenBy:
    """Those of one role and municipality who looked at a case."""

    role: Wording
    municipality: str | None
    n_times: int
    first_on: date
    last_at: datetime


def seen_by(looks: Iterable[DeedTold]) -> list[SeenBy]:
    """Gather who looked by role and municipality, in the order in which they first did.

    Examples
    --------
    >>> from datetime import UTC
    >>> role = Wording(nb="Leder", nn="Leiar", en="Leader")
    >>> looks = [DeedTold(datetime(2026, 5, day, tzinfo=UTC), "case.read", None, role, "9901") for day in (2, 9)]
    >>> [(one.role.en, one.n_times, one.last_at.day) for one in seen_by(looks)]
    [('Leader', 2, 9)]
    """
    found: dict[tuple[str, str | None], list[DeedTold]] = {}
    for look in looks:
        found.setdefault((look.role.nb, look.municipality), []).append(look)
    return [
        SeenBy(alike[0].role, alike[0].municipality, len(alike), local_day(min(one.at for one in alike)), max(one.at for one in alike))
        for alike in found.values()
    ]


def report_html(report: PersonReport, naming: Naming) -> str:
    """Render the report in one language, as a file that stands alone.

    Examples
    --------
    >>> WORDS["title"].nn
    'Kva vi veit og har gjort'
    """
    return _render("report.html", report, naming)


@cache
def report_policy() -> str:
    """Give the content policy of the page: its own stylesheet, known by its digest, and nothing else at all."""
    style = _environment().get_template("report.css").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def report_body(report: PersonReport, naming: Naming) -> str:
    """Render what a report tells, without a page around it."""
    return _render("report_body.html", report, naming)


def _render(template: str, report: PersonReport, naming: Naming) -> str:
    def words(wording: Wording | None) -> str:
        return "" if wording is None else str(getattr(wording, naming.language))

    def t(key: str) -> str:
        own = f"{key}.{report.reader.value}"
        return words(WORDS[own if own in WORDS else key])

    def kind(name: str) -> str:
        return words(KINDS[name]) if name in KINDS else name

    def shown(record: RecordTold) -> str:
        if record.value is None:
            return t("recorded")
        if record.is_place:
            return naming.place(str(record.value))
        return t("no" if record.value == 0 else "yes") if record.is_flag else naming.amount(record.value, record.unit)

    return (
        _environment()
        .get_template(template)
        .render(report=report, language=naming.language, naming=naming, t=t, words=words, kind=kind, shown=shown, seen_by=seen_by)
    )


def write_report(report: PersonReport, folder: Path, *, naming: Naming) -> tuple[Path, Path]:
    """Write the page and its machine-readable copy into a folder; both can be read by this user alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stem = f"person-report-{report.made_at:%Y-%m-%d-%H%M%S}"
    page, copy = folder / f"{stem}-{naming.language}.html", folder / f"{stem}.json"
    _write(page, report_html(report, naming))
    _write(copy, json.dumps(report_json(report), ensure_ascii=False, indent=2) + "\n")
    return page, copy


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
