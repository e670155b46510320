"""A reason's value in words: what was counted, added up or seen to change, with its unit and how far back it looks."""

from __future__ import annotations

from serving.cases.pages import ReasonLine
from serving.console.language import Tongue

YEAR_DAYS = 365.25

_TIMES = frozenset({"count"})
_AS_IT_IS = frozenset({"sum", "last"})


def value_text(t: Tongue, line: ReasonLine) -> str:
    """Say the person's value, such as *23 dager siste år*."""
    said = _said(t, line, line.value)
    return said if line.window_days is None else f"{said} {t.window(line.window_days)}"


def typical_text(t: Tongue, line: ReasonLine) -> str:
    """Say the typical value of peers; it looks as far back as the person's own."""
    return _said(t, line, line.typical)


def _said(t: Tongue, line: ReasonLine, value: float | str | None) -> str:
    if value is None:
        return t("reason.missing")
    if isinstance(value, str):
        return value
    if line.is_flag and line.aggregation in ("last", "first", "min", "max"):
        return t("value.yes" if value else "value.no")
    if line.aggregation in _TIMES or line.is_flag:
        return t.count("value.times", value)
    if line.aggregation in _AS_IT_IS:
        return t.amount(value, line.unit)
    return _of_records(t, line, value)


def _of_records(t: Tongue, line: ReasonLine, value: float) -> str:
    """Say what several records together show; counts of days have days as their unit, whatever was counted."""
    if line.aggregation in ("days_since_first", "days_since_last", "distinct_days"):
        return t.count(f"value.{line.aggregation}", value)
    if line.aggregation == "trend":
        return t("value.trend", amount=t.amount(value * YEAR_DAYS, line.unit))
    return t(f"value.{line.aggregation}", amount=t.amount(value, line.unit))
