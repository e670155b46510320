"""The figures behind a gate or a signal, in the reader's language: names in words, an interval as one figure, groups and models by name.

Training and monitoring write figures under stable names and say in English why a question could not be answered. Both are known here;
what is not stays as it was written, and the page marks it as English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from features.declarations.catalogue import Wording
from features.declarations.project import Project
from features.findings import Evidence, Finding
from serving.console.language import Tongue

HIDDEN = frozenset({"is_summary", "not_asked"})
"""What says how a finding came about and has no figure."""

SAID = {
    "withheld": "withheld",
    "withheld: with the number of people tested it would give the number of a few of them away (R-#)": "withheld_at_capacity",
    "above": "above",
    "below": "below",
    "everybody else": "everybody_else",
    "a clear difference": "clear",
    "shown to be within the bounds": "within",
    "no clear difference; too few people to rule one out": "unclear",
    "fewer than # people with or without the outcome": "too_few",
    "fewer than # people with or without the outcome, or so few in another group that it can't be said": "too_few_to_say",
    "fewer than # people without the outcome to compare with": "too_few_others",
    "too few false proposals to compare": "too_few_proposals",
    "the figures would give the number of a few people away": "figures_withheld",
    "most groups have too few people to be asked": "too_many_too_small",
    "nobody tested has a value of it that may be used": "no_values",
    "the test rows have one outcome only: no AUC": "no_auc",
    "no leak check ran on this table": "no_leak_check",
    "no rung earned its place over the prevalence: nobody can be put before anybody": "no_rung",
    "the model's AUC is not clearly above # on the rows looked at": "no_skill",
    "next to nothing on record about people changes between their first record and the as-of date": "nothing_changes",
    "too few outcomes to tell whether skill is lost": "skill_unknown",
    "no row has # values unlike most people's": "no_telling_rows",
    "too few people have records of the model's indicators a year apart": "no_year_apart",
    "the project's expectations.toml declares no pair for this stage and outcome": "no_expectations",
    "too few ages are known, or all of the stage are of one age": "no_ages",
    "no rung uses a feature with a declared direction": "no_direction",
    "no feature with a declared direction can be missing": "none_missing",
    "no value of an attribute has enough people to ask": "no_attribute",
    "the project has neither places nor rules to compare with": "nothing_to_compare",
    "too few people": "few_people",
    "too few features": "few_features",
    "too few outcomes": "few_outcomes",
    "too few reviews": "few_reviews",
    "too few municipalities": "few_municipalities",
    "too few earlier people": "few_earlier_people",
    "too few earlier reports": "few_earlier_reports",
    "too few comparable figures": "few_comparable",
}
"""What gates and signals say, with ``#`` for a number -> key of it below ``evidence_said.``."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_BOUNDS = re.compile(r"^(-?\d+(?:\.\d+)?) to (-?\d+(?:\.\d+)?)$")
_MEMBER = re.compile(r"([a-z_]+)( = |: )([^,;()]+?)(?=,|;| \(|$)")
"""A group of an attribute, as ``sex = boy`` or ``sex: boy``."""
_AUC = re.compile(r"AUC (\d\.\d+)")

_OF = {"gain_over_": "gain_over", "reached_by_": "reached_by", "failed_": "failed_of", "finding_": "finding_of"}
"""Beginning of a name that ends in what it is about -> key of its words below ``evidence.``."""

_WITH_BARE_LIMITS = ("estimate", "difference")
"""Figures whose limits are called ``low`` and ``high`` alone."""

Attributes = Mapping[str, Wording]
"""What a project's groups are made by: name -> its words."""


@dataclass(frozen=True)
class Figure:
    """One figure to show."""

    name: str
    text: str
    is_english: bool
    """Whether the text stands as it was written, in another language than the page's."""


def figures_of(t: Tongue, finding: Finding, *, attributes: Attributes) -> list[Figure]:
    """Name and write the figures of a finding."""
    return [_figure(t, name, value, limits, attributes) for name, value, limits in _told(finding.evidence)]


Limits = tuple[float, float] | None


def _told(evidence: Mapping[str, Evidence]) -> Iterator[tuple[str, Evidence, Limits]]:
    """Give each figure once, with its limits where it has some; one that has limits alone has no value."""
    limits = {base: (evidence[low], evidence[high]) for base, low, high in _limits(evidence)}
    ends = {name: base for base, low, high in _limits(evidence) for name in (low, high)}
    told: set[str] = set()
    for name, value in evidence.items():
        base = ends.get(name, name)
        if base in told or name in HIDDEN:
            continue
        told.add(base)
        low, high = limits.get(base, (None, None))
        both = (float(low), float(high)) if isinstance(low, int | float) and isinstance(high, int | float) else None
        yield base, evidence.get(base) if base in ends.values() else value, both


def _limits(evidence: Mapping[str, Evidence]) -> Iterator[tuple[str, str, str]]:
    """Name figures that have limits, with the names of these."""
    if {"low", "high"} <= set(evidence):
        yield from ((base, "low", "high") for base in _WITH_BARE_LIMITS if base in evidence)
    for name in evidence:
        base = name.removesuffix("_low")
        if base != name and f"{base}_high" in evidence:
            yield base, name, f"{base}_high"


def _figure(t: Tongue, name: str, value: Evidence, limits: Limits, attributes: Attributes) -> Figure:
    span = None if limits is None else t("evidence.interval", low=t.figure(limits[0]), high=t.figure(limits[1]))
    if value is None and span is not None:
        return Figure(_name(t, name, attributes), span, is_english=False)
    text, is_english = _text(t, name, value, attributes)
    return Figure(_name(t, name, attributes), text if span is None else f"{text} ({span})", is_english and t.language != "en")


def _name(t: Tongue, name: str, attributes: Attributes) -> str:
    """Name a figure; one that is new since the words were written keeps its own name."""
    if f"evidence.{name}" in t.catalogue:
        return t(f"evidence.{name}")
    for start, key in _OF.items():
        if name.startswith(start):
            about = name.removeprefix(start)
            return t(f"evidence.{key}", name=t.words(attributes[about]) if about in attributes else _model(t, about))
    return name.replace("_", " ")


def _text(t: Tongue, name: str, value: Evidence, attributes: Attributes) -> tuple[str, bool]:
    """Write a value, and say whether it stays in English."""
    if isinstance(value, bool):
        return t("answer.yes" if value else "answer.no"), False
    if not isinstance(value, str):
        return t.figure(value), False
    if value == "":
        return t("evidence.none"), False
    said = _said(t, value)
    if said is not None:
        return said, False
    if name in ("reason", "problem"):
        return value, True
    return _named(t, name, value, attributes), False


def _said(t: Tongue, value: str) -> str | None:
    """Give the words of a sentence that is known here, its number in this language."""
    key, numbers = SAID.get(_NUMBER.sub("#", value)), _NUMBER.findall(value)
    if key is not None:
        return t(f"evidence_said.{key}", n=t.number(float(numbers[0])) if numbers else "")
    bounds = _BOUNDS.match(value)
    return None if bounds is None else t("evidence.interval", low=t.number(float(bounds[1])), high=t.number(float(bounds[2])))


def _named(t: Tongue, name: str, value: str, attributes: Attributes) -> str:
    """Put words in place of codes that stand for something: models, sectors, groups; codes of columns stay."""
    if name == "attribute":
        return t.words(attributes[value]) if value in attributes else value
    if name in ("group", "mirrors", "compared_with"):
        return t.level(value)
    if name == "first_test_as_of":
        return t.day(date.fromisoformat(value))
    if name in ("scores_of", "proposed", "proposed_rung", "not_clearly_beaten"):
        return ", ".join(_model(t, one) for one in value.split(", "))
    if name == "sectors":
        return ", ".join(t(f"sector.{one}") if f"sector.{one}" in t.catalogue else one for one in value.split(", "))
    if name == "metrics":
        return ", ".join(t(f"evidence.metric_{one}") if f"evidence.metric_{one}" in t.catalogue else one for one in value.split(", "))
    if name in ("flagged", "too_few_people", "groups"):
        return _members(t, value, attributes)
    return value


def _model(t: Tongue, name: str) -> str:
    if name == "scores":
        return t("evidence.scores")
    return t(f"models.rung.{name}") if f"models.rung.{name}" in t.catalogue else name


def _members(t: Tongue, value: str, attributes: Attributes) -> str:
    def member(found: re.Match[str]) -> str:
        attribute = t.words(attributes[found[1]]) if found[1] in attributes else found[1]
        return f"{attribute}{found[2]}{t.level(found[3])}"

    return _AUC.sub(lambda found: f"AUC {t.number(float(found[1]))}", _MEMBER.sub(member, value))


def group_text(t: Tongue, group: str, *, attributes: Attributes) -> str:
    """Name a group that a card writes as ``sex = girl``."""
    return _members(t, group, attributes)


def attribute_labels(project: Project) -> dict[str, Wording]:
    """Name what the project's groups are made by, and its indicators, which figures of a model may name too."""
    declared = {code: indicator.label for code, indicator in project.catalogue.declared.items()}
    return declared | {name: declared[code] for name, code in project.screening.groups.items() if code in declared}
