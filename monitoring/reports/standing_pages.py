"""The pages that stand above the monthly reports, written anew whenever one of these, or its sign-off, has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from monitoring.files import CONTENT, read_content, write_whole
from monitoring.reports.index_page import build_index, render_index
from monitoring.reports.overview import ReportLine
from monitoring.reports.year_page import build_year, render_year
from monitoring.wording import Language

REPORTS: Mapping[Language, str] = {"nb": "report.html", "en": "report-en.html"}
INDEX: Mapping[Language, str] = {"nb": "index.html", "en": "index-en.html"}
YEAR: Mapping[Language, str] = {"nb": "year.html", "en": "year-en.html"}


def write_standing_pages(folder: Path, lines: Sequence[ReportLine]) -> tuple[Path, ...]:
    """Write the index of all reports and a year for each model, in every language; what says the same already is not touched.

    Parameters
    ----------
    folder
        ``var/reports``.
    lines
        How every report in it stands (`monitoring.reports.overview.list_monthly_reports`).

    Returns
    -------
    tuple of Path
        Pages that were written.

    Raises
    ------
    DataError
        TID482 when a report is not what monitoring wrote.
    """
    written = []
    for path, text in _pages(folder, lines):
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, text)
            written.append(path)
    return tuple(written)


def _pages(folder: Path, lines: Sequence[ReportLine]) -> Iterator[tuple[Path, str]]:
    # A report of another format has its own words for what it says; its month is named, and comes back when it is made anew.
    kept = [(line, read_content(folder / line.model / line.month / CONTENT)) for line in lines if line.is_of_this_format]
    old = [line for line in lines if not line.is_of_this_format]
    if not kept:
        return
    index = build_index([line for line, _ in kept], [content for _, content in kept], old=old)
    for language, name in INDEX.items():
        other = _others(INDEX, language)
        yield folder / name, render_index(index, language=language, other=other, report=REPORTS[language], year=YEAR[language])
    kept.sort(key=lambda pair: (pair[0].model, pair[0].month))
    for model, group in groupby(kept, key=lambda pair: pair[0].model):
        of_model = list(group)
        old_months = [line for line in old if line.model == model]
        year = build_year([line for line, _ in of_model], [content for _, content in of_model], old=old_months)
        for language, name in YEAR.items():
            other = _others(YEAR, language)
            yield folder / model / name, render_year(year, language=language, other=other, index=f"../{INDEX[language]}")


def _others(names: Mapping[Language, str], language: Language) -> dict[Language, str]:
    return {other: name for other, name in names.items() if other != language}
