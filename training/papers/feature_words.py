"""What a feature asks of an indicator's records, in words: `sum@365d` is nothing to tell anybody."""

from __future__ import annotations

from features.declarations.project import Project
from features.declarations.specs import FeatureSpec
from features.declarations.windows import DAYS_PER_YEAR, Window
from training.papers.words import Language, words

_LOOKS_BACK_BY_ITSELF = ("last", "first", "days_since_first", "days_since_last", "days_since_change")
"""Said without a window where everything on record counts: *latest value* needs no *as far back as is recorded*."""


def feature_words(text: str, *, language: Language) -> str:
    """Say a declared feature in words.

    >>> feature_words("sum@365d", language="en"), feature_words("last", language="en"), feature_words("trend@2y", language="nb")
    ('total in the last year', 'latest value', 'endring over tid siste 2 år')
    """
    return _said(FeatureSpec.parse("x", text), language)


def column_words(project: Project, column: str, *, language: Language) -> str:
    """Say a column of the model's table in words, its indicator first; a column that is no declared feature keeps its name."""
    indicator, _, asked = column.partition(".")
    declared = project.catalogue.declared.get(indicator)
    if declared is None or not asked:
        return column
    text, _, level = asked.partition("=")
    said = f"{getattr(declared.label, language)}: {feature_words(text, language=language)}"
    return f"{said} ({level})" if level else said


def _said(spec: FeatureSpec, language: Language) -> str:
    asked = words(language)["aggregations"][spec.aggregation]
    if spec.window == Window() and spec.aggregation in _LOOKS_BACK_BY_ITSELF:
        return str(asked)
    return f"{asked} {_window(spec.window, language)}"


def _window(window: Window, language: Language) -> str:
    said = words(language)["windows"]
    if window.calendar is not None or window.days is None:
        return str(said[window.name])
    years = round(window.days / DAYS_PER_YEAR)
    if years == 0 or window.days not in (int(years * DAYS_PER_YEAR), 365 * years):
        return str(said["days"].format(n=window.days))
    return str(said["year"] if years == 1 else said["years"].format(n=years))
