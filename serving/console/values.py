"""A reason's value in words: what was counted, added up or seen to change, with its unit and how far back it looks."""

from __future__ import annotations

from typing import TypeAlias

from features.declarations.catalogue import Wording
from serving.cases.pages import ReasonLine
from serving.console.language import Tongue, as_clause
from serving.persons.told import ReasonTold

YEAR_DAYS = 365.25

_AS_IT_IS = frozenset({"sum", "last"})
_ONE_OF_THE_VALUES = frozenset({"last", "first", "min", "max"})
"""What is itself one of the recorded values, so that a level has its words; a mean of levels has none."""
_SINCE = frozenset({"days_since_first", "days_since_last", "days_since_change"})
_DAYS = frozenset({"days_since_first", "days_since_last", "days_since_change", "distinct_days"})

Valued: TypeAlias = ReasonLine | ReasonTold
"""A reason in a case, or the same one in the report that the person gets."""


def value_text(t: Tongue, line: Valued) -> str:
    """Say the person's value, such as *23 dager siste år*."""
    said = _said(t, line, line.value, line.value_words)
    if line.calendar is not None:
        return f"{said} {t(f'window.{line.calendar}')}"
    return said if line.window_days is None else f"{said} {t.window(line.window_days)}"


def typical_text(t: Tongue, line: ReasonLine) -> str:
    """Say the typical value of peers; it looks as far back as the person's own."""
    return _said(t, line, line.typical, line.typical_words)


def _said(t: Tongue, line: Valued, value: float | str | None, words: Wording | None) -> str:
    if value is None:
        return t("reason.missing")
    if isinstance(value, str):
        return t.level(value) if words is None else t.words(words)
    if words is not None and line.aggregation in _ONE_OF_THE_VALUES:
        return t.words(words) if line.aggregation == "last" else t(f"value.{line.aggregation}", amount=as_clause(t.words(words)))
    if line.is_flag and line.aggregation in ("last", "first", "min", "max"):
        return t("value.yes" if value else "value.no")
    if line.aggregation == "count" or (line.is_flag and line.aggregation == "sum"):
        return t.count("value.times", value)
    if line.aggregation in _AS_IT_IS:
        return t.amount(value, line.unit)
    return _of_records(t, line, value)


def _of_records(t: Tongue, line: Valued, value: float) -> str:
    """Say what several records together show; counts of days have days as their unit, whatever was counted."""
    if line.aggregation in _SINCE and value >= YEAR_DAYS:  # from then on people think in years
        return t(f"value.{line.aggregation}_years", years=t.number(round(value / YEAR_DAYS, 1)))
    if line.aggregation in _DAYS or line.aggregation == "distinct":
        return t.count(f"value.{line.aggregation}", value)
    if line.aggregation == "share_of_time":
        return _share(t, line, value)
    if line.aggregation == "trend":
        return t("value.trend", amount=t.amount(value * YEAR_DAYS, line.unit))
    return t(f"value.{line.aggregation}", amount=t.amount(value, line.unit))


def _share(t: Tongue, line: Valued, value: float) -> str:
    percent = t.number(round(100 * value))
    if line.level is None:
        return t("value.share_of_time", percent=percent)
    level = t.level(line.level) if line.level_words is None else t.words(line.level_words)
    return t("value.share_of_time_in_level", percent=percent, level=level)
