"""A reason's value is said as what it is: a number of times, a sum, a change, a yes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from features.declarations.catalogue import Indicator, Wording
from features.declarations.specs import AGGREGATIONS
from features.declarations.windows import CALENDAR_WINDOWS, CalendarWindow
from serving.cases.pages import ReasonLine
from serving.cases.wording import level_words
from serving.console.language import LANGUAGES, tongue
from serving.console.told import LABELS, told_label, told_text
from serving.console.values import typical_text, value_text

WRITTEN = {
    "planned_on": "2026-12-01",
    "with_whom": "child, guardian_a",
    "sheet_given": "True",
    "services": "ppt, gone",
    "note": "Ingenting.",
    "new_field": "as it is",
}


def line(
    aggregation: str,
    value: float | str | None,
    *,
    unit: str | None = "days",
    window: int | None = 365,
    flag: bool = False,
    calendar: CalendarWindow | None = None,
    level: str | None = None,
) -> ReasonLine:
    return ReasonLine(
        label=Wording(nb="x", nn="x", en="x"),
        direction="raises",
        strength=None,
        sector="education",
        value=value,
        unit=unit,
        value_on=None,
        typical=2.0,
        aggregation=aggregation,
        is_flag=flag,
        window_days=window,
        service=None,
        is_missing=value is None,
        is_coarse=False,
        calendar=calendar,
        level=level,
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (line("sum", 23.0), "23 dager siste år"),
        (line("count", 1.0, window=90), "1 gang siste 90 dager"),
        (line("last", 34.5, unit="points", window=None), "34,5 poeng"),
        (line("mean", 3.25, unit="mark", window=730), "3,25 i karakter i snitt siste 2 år"),
        (line("trend", 4 / 365.25, window=730), "endring på 4 dager i året siste 2 år"),
        (line("trend", -1 / 365.25, window=None), "endring på -1 dager i året"),
        (line("days_since_last", 12.0, unit="points", window=None), "sist for 12 dager siden"),
        (line("distinct_days", 5.0, unit="hours"), "5 ulike dager siste år"),
        (line("last", 1.0, unit=None, window=None, flag=True), "ja"),
        (line("last", 0.0, unit=None, window=None, flag=True), "nei"),
        (line("sum", 2.0, unit=None, window=1095, flag=True), "2 ganger siste 3 år"),
        (line("days_since_last", 12.0, unit="days", window=None, flag=True), "sist for 12 dager siden"),
        (line("distinct", 3.0, unit=None), "3 ulike verdier siste år"),
        (line("share_of_time", 0.604, unit=None, flag=True), "60 % av tiden siste år"),
        (line("share_of_time", 0.25, unit=None, window=None, level="fosterhjem"), "fosterhjem 25 % av tiden"),
        (line("days_since_change", 1.0, window=None), "uendret i 1 dag"),
        (line("sum", 23.0, window=None, calendar="school_year"), "23 dager dette skoleåret"),
        (line("count", 2.0, window=None, calendar="term"), "2 ganger dette halvåret"),
        (line("last", "yrkesfag", unit=None, window=None), "yrkesfag"),
        (line("last", None, window=None), "Ikke registrert"),
    ],
)
def test_value(given: ReasonLine, said: str) -> None:
    assert value_text(tongue("nb"), given).replace("−", "-") == said


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_every_aggregation_has_its_words_in_every_language(aggregation: str, language: str) -> None:
    t = tongue(language)  # type: ignore[arg-type]
    assert "2" in typical_text(t, line(aggregation, 1.0)) or aggregation == "trend"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nb", ["2 ganger dette skoleåret", "2 ganger dette halvåret"]),
        ("nn", ["2 gonger dette skuleåret", "2 gonger dette halvåret"]),
        ("en", ["2 times this school year", "2 times this term"]),
    ],
)
def test_windows_of_the_school_calendar(language: str, said: list[str]) -> None:
    t = tongue(language)  # type: ignore[arg-type]
    assert [value_text(t, line("count", 2.0, window=None, calendar=window)) for window in CALENDAR_WINDOWS] == said


def test_what_was_written_is_told_in_words() -> None:
    t, services = tongue("nb"), {"ppt": "PP-tjenesten"}
    told = [(told_label(t, name), told_text(t, name, text, services=services)) for name, text in WRITTEN.items()]
    assert told == [
        ("Når?", "1. desember 2026"),
        ("Hvem skal være med?", "Ungdommen, Den ene foresatte"),
        ("Fikk de arket til familien?", "Ja"),
        ("Hvilke tjenester kan få vite om det dere er enige om?", "PP-tjenesten, gone"),
        ("Notert:", "Ingenting."),
        ("new field:", "as it is"),
    ]


def test_every_field_that_is_told_is_named_in_every_language() -> None:
    assert all(key in tongue(language).catalogue for key in LABELS.values() for language in LANGUAGES)


def test_a_level_is_said_in_the_projects_own_words_where_it_has_some() -> None:
    words = Wording(nb="Meget god", nn="Mykje god", en="Very good")
    told = replace(line("last", "5", unit=None), value_words=words, typical="4", typical_words=Wording(nb="God", nn="God", en="Good"))
    assert value_text(tongue("nb"), told) == "Meget god siste år"
    assert typical_text(tongue("nn"), told) == "God"
    assert value_text(tongue("nb"), replace(line("max", 5.0, unit="grade"), value_words=words)) == "høyest meget god siste år"
    assert "Meget god" not in value_text(tongue("nb"), replace(line("mean", 5.0, unit="grade"), value_words=words)), "a mean is no level"
    share = replace(line("share_of_time", 0.5, level="5"), level_words=words)
    assert "Meget god" in value_text(tongue("nb"), share)


@pytest.mark.parametrize(("value", "found"), [("5", True), (5.0, True), (4.5, False), ("6", False), (None, False)])
def test_words_of_a_level_are_found_by_its_name_or_number(value: float | str | None, found: bool) -> None:
    words = Wording(nb="Meget god", nn="Mykje god", en="Very good")
    indicator = Indicator.model_construct(level_labels={"5": words})
    assert level_words(indicator, value) == (words if found else None)
    assert level_words(None, value) is None
