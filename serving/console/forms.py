"""What a reader filled in, and what of it has to be mended before it can be saved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from features.errors import ReviewError
from serving.cases.policies import MIN_REASON, MIN_TEXT
from serving.console.language import Tongue


@dataclass(frozen=True)
class Draft:
    """A form as it was sent: shown again with its words kept, the errors beside their fields and in a summary."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    """Field -> what is wrong and what to do; also the anchor that the summary leads to."""


EMPTY = Draft()

MAX_TEXT = 8000
"""Characters that one text may have, as in the API."""

_LENGTHS = {"need_to_know": MIN_TEXT, "text": MIN_TEXT, "reason": MIN_REASON, "statement": 0}
"""Field -> characters that it takes at least."""

_OF_A_TEXT = {"TID704": "problem.reason_used_before", "TID707": "problem.national_id"}
"""Refusals that are about what was written; shown beside the text."""

_OF_THE_CASE = {"TID701": "problem.step_not_allowed", "TID705": "problem.case_changed", "TID706": "problem.second_reader_first"}
"""Refusals that are about the case as a whole; shown in the summary, which leads to the page's start."""


def find_errors(
    values: Mapping[str, str], *, texts: Collection[str], choices: Mapping[str, Collection[str]] = MappingProxyType({}), t: Tongue
) -> dict[str, str]:
    """Check a form before anything is written: choices made, texts neither too short nor endless."""
    missing = {name: t("problem.choose." + name) for name, offered in choices.items() if values[name] not in offered}
    return missing | {name: error for name in texts if (error := _length_error(values[name].strip(), _LENGTHS[name], t)) is not None}


def error_of(refusal: ReviewError, *, text: str, t: Tongue) -> dict[str, str]:
    """Say what a refusal of the service means for the form, in the reader's language.

    Raises
    ------
    ReviewError
        The refusal itself when no form can mend it; it becomes a page of its own.
    """
    if refusal.code in _OF_A_TEXT:
        return {text: t(_OF_A_TEXT[refusal.code])}
    if refusal.code in _OF_THE_CASE:
        return {"main": t(_OF_THE_CASE[refusal.code])}
    raise refusal


def _length_error(text: str, at_least: int, t: Tongue) -> str | None:
    if len(text) < at_least:
        return t.count("problem.too_short", len(text), at_least=at_least)
    return t("problem.too_long", n=t.number(MAX_TEXT)) if len(text) > MAX_TEXT else None
