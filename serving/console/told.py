"""What was written about a person, with its fields and choices named in the reader's language: for the report that the person gets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from features.declarations.project import Project
from serving.console.language import Language, Tongue, tongue
from serving.console.values import value_text
from serving.persons.pages import Naming

LABELS = {
    "inclination": "own_view.inclination",
    "planned_on": "talk.planned_on",
    "talks": "talk.talks",
    "with_whom": "talk.with_whom",
    "about": "talk.about",
    "informed_on": "informed.informed_on",
    "talked": "informed.talked",
    "child_heard": "informed.child_heard",
    "child_heard_how": "informed.child_heard_how",
    "sheet_given": "informed.sheet_given",
    "given_by": "consent.given_by",
    "age": "consent.age",
    "purpose": "consent.purpose",
    "services": "consent.services",
    "categories": "consent.categories",
    "language": "consent.language",
    "given_on": "consent.given_on",
    "valid_to": "consent.valid_to",
    "needs": "handover.needs",
    "evaluate_on": "handover.evaluate_on",
    "wellbeing": "evaluation.wellbeing",
    "outcome": "evaluation.outcome",
    "child_said": "evaluation.child_said",
    "note": "agreed.note",
    "reason": "decide.reason",
    "age_rule": "told.age_rule",
}
"""Field of what was written -> key of the question that it answers."""

_CHOICES = {
    "inclination": "inclination",
    "with_whom": "participant",
    "child_heard": "child_heard",
    "given_by": "signer",
    "categories": "sector",
    "language": "consent_language",
    "wellbeing": "wellbeing",
}
"""Field -> beginning of the keys that name what could be chosen."""

_DAYS = frozenset({"planned_on", "informed_on", "given_on", "valid_to", "evaluate_on"})

_YES_NO = {"True": "answer.yes", "False": "answer.no"}


def told_label(t: Tongue, name: str) -> str:
    """Name a field, as a question or with a colon; one that is new since this list was made keeps its own name."""
    label = t(LABELS[name]) if name in LABELS else name.replace("_", " ")
    return label if label.endswith("?") else f"{label}:"


def told_text(t: Tongue, name: str, text: str, *, services: Mapping[str, str]) -> str:
    """Give what was answered; codes of choices and services in words."""
    if name == "services":
        return ", ".join(services.get(code, code) for code in text.split(", "))
    if name in _CHOICES:
        return ", ".join(_choice(t, _CHOICES[name], code) for code in text.split(", "))
    if name in _DAYS:
        return t.day(date.fromisoformat(text))
    return t(_YES_NO[text]) if name == "sheet_given" and text in _YES_NO else text


def report_naming(project: Project, language: Language) -> Naming:
    """Give the words in which a report is told: the console's own, for a page, a print-out and a file alike."""
    t = tongue(language)
    places = {place.number: place.name for place in project.screening.municipality}
    services = {service.code: t.words(service.name) for service in project.services.service}
    return Naming(
        language=language,
        event=lambda name: t(f"event.{name}"),
        place=lambda number: places[number] if number in places else t("report.place", number=number),
        amount=lambda value, unit: t.level(value) if isinstance(value, str) and unit is None else t.amount(value, unit),
        reason=lambda reason: value_text(t, reason),
        field=lambda name: told_label(t, name),
        answer=lambda name, text: told_text(t, name, text, services=services),
        day=t.day,
        moment=t.clock,
    )


def _choice(t: Tongue, family: str, code: str) -> str:
    key = f"{family}.{code}"
    return t(key) if key in t.catalogue else code
