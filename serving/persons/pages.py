"""A person report as a page: one file without scripts or anything from elsewhere, to be read, printed and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from babel.dates import format_date, format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from features.declarations.catalogue import Wording
from serving.persons.making import report_json
from serving.persons.report_words import KINDS, WORDS
from serving.persons.told import PersonReport, RecordTold

Language = Literal["nb", "nn", "en"]


def report_html(report: PersonReport, *, language: Language = "nb") -> str:
    """Render the report in one language, as a file that stands alone.

    Examples
    --------
    >>> WORDS["title"].nn
    'Kva vi veit og har gjort'
    """

    def amount(value: str | float | None, unit: str | None) -> str:
        return _amount(value, unit, language)

    return _render("report.html", report, Naming(event=str, place=str, amount=amount), language=language)


def field_label(name: str) -> str:
    """Name a field as it was written down."""
    return f"{name}:"


def field_answer(name: str, text: str) -> str:
    """Say what a field was answered with, as it was written down."""
    return text


@dataclass(frozen=True)
class Naming:
    """How a page names what the report gives as codes."""

    event: Callable[[str], str]
    """Names an event of the log."""
    place: Callable[[str], str]
    """Names a municipality by its number."""
    amount: Callable[[str | float | None, str | None], str]
    """Writes a value with its unit."""
    field: Callable[[str], str] = field_label
    """Names a field of something that was written, with the sign that ends a label."""
    answer: Callable[[str, str], str] = field_answer
    """Says what a field was answered with, given its name and the text."""


def report_body(report: PersonReport, naming: Naming, *, language: Language) -> str:
    """Render what a report tells, without a page around it."""
    return _render("report_body.html", report, naming, language=language)


def _render(template: str, report: PersonReport, naming: Naming, *, language: Language) -> str:
    def t(key: str) -> str:
        return words(WORDS[key])

    def words(wording: Wording | None) -> str:
        return "" if wording is None else str(getattr(wording, language))

    def kind(name: str) -> str:
        return words(KINDS[name]) if name in KINDS else name

    def day(value: date) -> str:
        return format_date(value, "long", locale=_LOCALES[language])

    def moment(value: datetime) -> str:
        return format_datetime(value, "d. MMMM y HH:mm 'UTC'" if language != "en" else "d MMMM y HH:mm 'UTC'", locale=_LOCALES[language])

    def shown(record: RecordTold) -> str:
        if record.is_flag:
            return t("recorded") if record.value is None else t("no" if record.value == 0 else "yes")
        return t("recorded") if record.value is None else naming.amount(record.value, record.unit)

    says = {"t": t, "words": words, "kind": kind, "day": day, "moment": moment, "shown": shown}
    names = {"event": naming.event, "place": naming.place, "amount": naming.amount, "field": naming.field, "answer": naming.answer}
    return _environment().get_template(template).render(report=report, language=language, **says, **names)


def write_report(report: PersonReport, folder: Path, *, language: Language = "nb") -> tuple[Path, Path]:
    """Write the page and its machine-readable copy into a folder; both can be read by this user alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stem = f"person-report-{report.made_at:%Y-%m-%d-%H%M%S}"
    page, copy = folder / f"{stem}-{language}.html", folder / f"{stem}.json"
    _write(page, report_html(report, language=language))
    _write(copy, json.dumps(report_json(report), ensure_ascii=False, indent=2) + "\n")
    return page, copy


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _amount(value: str | float | None, unit: str | None, language: Language) -> str:
    if value is None:
        return "–"
    text = value if isinstance(value, str) else f"{value:g}"
    plain = text.replace(".", ",") if not isinstance(value, str) and language != "en" else text
    return plain if unit is None else f"{plain} {unit}"


_LOCALES = {"nb": "nb_NO", "nn": "nn_NO", "en": "en_GB"}


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
