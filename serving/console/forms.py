"""What a reader filled in, and what of it has to be mended before it can be saved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from features.errors import ReviewError
from serving.cases.policies import MIN_REASON, MIN_TEXT
from serving.console.language import Tongue

Values = Mapping[str, str | tuple[str, ...]]
"""Field -> what was written or chosen; several where several may be chosen."""

Sent = Mapping[str, tuple[str, ...]]
"""A form as the browser sent it: field -> everything under that name."""


@dataclass(frozen=True)
class Draft:
    """A form as it was sent: shown again with its words kept, the errors beside their fields and in a summary."""

    values: Values = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    """Field -> what is wrong and what to do; also the anchor that the summary leads to."""

    @property
    def texts(self) -> list[str]:
        """What was written in words of one's own, rather than chosen: sentences have spaces in them, codes and dates do not."""
        return [value for value in self.values.values() if isinstance(value, str) and " " in value.strip()]

    @property
    def status(self) -> int:
        """HTTP status of the page that shows it: 409 where the case is in the way, 422 where the reader has something to mend.

        >>> Draft().status, Draft(errors={"reason": "too short"}).status, Draft(errors={"main": "the case has changed"}).status
        (200, 422, 409)
        """
        if not self.errors:
            return 200
        return 409 if "main" in self.errors else 422


EMPTY = Draft()

MAX_TEXT = 8000
"""Characters that one text may have, as in the API."""

_LENGTHS = {"reason": MIN_REASON, "statement": 0, "note": 0, "withdrawal": 0}
"""Field -> characters that it takes at least, where that is not `MIN_TEXT`."""

_OF_A_TEXT = {"TID704": "problem.reason_used_before", "TID707": "problem.national_id"}
"""Refusals that are about what was written; shown beside the text."""

_OF_THE_CASE = {
    "TID701": "problem.step_not_allowed",
    "TID705": "problem.case_changed",
    "TID706": "problem.second_reader_first",
    "TID720": "problem.second_read_already",
    "TID786": "problem.open_first",
}
"""Refusals that are about the case as a whole; shown in the summary, which leads to the page's start."""

FormT = TypeVar("FormT", bound=BaseModel)
Content = TypeVar("Content")

Fields = Mapping[str, tuple[str, str]]
"""Code of a refusal -> the field that it is about, and the key of its words: what only one form knows."""


@dataclass(frozen=True)
class Filled(Generic[Content]):
    """A form that was read: what it says, or what is wrong with it."""

    draft: Draft
    content: Content | None
    """None while the draft has errors."""


async def sent_form(request: Request) -> Sent:
    """Give a form's fields with all their values; a dependency of pages whose forms offer several answers."""
    form = await request.form()
    return {name: tuple(value for value in form.getlist(name) if isinstance(value, str)) for name in form}


SentForm = Annotated[Sent, Depends(sent_form)]


def fill(model: type[FormT], sent: Sent, *, group: str, texts: Collection[str] = (), t: Tongue) -> Filled[FormT]:
    """Read a form into its model, with an error in the reader's words for each field that does not fit.

    Parameters
    ----------
    group
        Beginning of the keys that name the fields, such as ``talk.`` in ``talk.planned_on``.
    texts
        Fields whose text has to be long enough to say something.
    """
    values = {name: _value_of(model, name, sent) for name in model.model_fields}
    given = {name: value for name, value in values.items() if value}
    found = find_errors({name: str(values[name]) for name in texts}, texts=texts, t=t)
    errors = {name: of_field(f"{group}{name}", error, t) for name, error in found.items()}
    content = None
    try:
        content = model.model_validate({name: given.get(name) for name in model.model_fields if name in given or _is_optional(model, name)})
    except ValidationError as refusal:
        errors = {**{str(e["loc"][0]): _told(model, e, group=group, t=t) for e in refusal.errors(include_input=False)}, **errors}
    ordered = {name: errors[name] for name in model.model_fields if name in errors}
    return Filled(Draft(values, ordered), None if ordered else content)


NOTHING: Filled[bool] = Filled(EMPTY, content=True)
"""A button: there is nothing to fill in."""


def read_texts(
    values: Mapping[str, str], *, texts: Collection[str], choices: Mapping[str, Collection[str]] = MappingProxyType({}), t: Tongue
) -> Filled[Mapping[str, str]]:
    """Read a form of texts and choices, which are its content as they stand."""
    draft = Draft(values, find_errors(values, texts=texts, choices=choices, t=t))
    return Filled(draft, None if draft.errors else values)


def find_errors(
    values: Mapping[str, str], *, texts: Collection[str], choices: Mapping[str, Collection[str]] = MappingProxyType({}), t: Tongue
) -> dict[str, str]:
    """Check a form before anything is written: choices made, texts neither too short nor endless."""
    missing = {name: t("problem.choose." + name) for name, offered in choices.items() if values[name] not in offered}
    found = {name: _length_error(values[name].strip(), _LENGTHS.get(name, MIN_TEXT), t) for name in texts}
    return missing | {name: error for name, error in found.items() if error is not None}


def error_of(refusal: ReviewError, *, text: str, t: Tongue, fields: Fields = MappingProxyType({})) -> dict[str, str]:
    """Say what a refusal of the service means for the form, in the reader's language.

    Parameters
    ----------
    text
        Field that refusals of what was written belong to.
    fields
        Refusals that only this form knows.

    Raises
    ------
    ReviewError
        The refusal itself when no form can mend it; it becomes a page of its own.
    """
    if refusal.code in fields:
        place, key = fields[refusal.code]
        return {place: t(key)}
    if refusal.code in _OF_A_TEXT:
        return {text: t(_OF_A_TEXT[refusal.code])}
    if refusal.code in _OF_THE_CASE:
        return {"main": t(_OF_THE_CASE[refusal.code])}
    raise refusal


def _value_of(model: type[BaseModel], name: str, sent: Sent) -> str | tuple[str, ...]:
    values = sent.get(name, ())
    return values if get_origin(model.model_fields[name].annotation) is tuple else (values[0].strip() if values else "")


def _is_optional(model: type[BaseModel], name: str) -> bool:
    return type(None) in get_args(model.model_fields[name].annotation)


def _told(model: type[BaseModel], error: ErrorDetails, *, group: str, t: Tongue) -> str:
    name = str(error["loc"][0])
    return of_field(f"{group}{name}", _problem(model.model_fields[name].annotation, error, t), t)


def of_field(key: str, problem: str, t: Tongue) -> str:
    """Say what is wrong with a field that the summary has to name."""
    return t("problem.of_field", label=t(key).rstrip("?"), problem=problem)


def _problem(annotation: Any, error: ErrorDetails, t: Tongue) -> str:
    if get_origin(annotation) is tuple:
        return t("problem.choose_some")
    if annotation is int:
        return t("problem.number")
    if error["type"].startswith("date"):
        return t("problem.date")
    if error["type"] == "string_too_long":
        return t("problem.too_long", n=t.number(error["ctx"]["max_length"]))
    if error["type"] == "missing":
        return _missing(annotation, t)
    return t("problem.choose_one")


def _missing(annotation: Any, t: Tongue) -> str:
    if annotation is str:
        return t("problem.write")
    return t("problem.date" if getattr(annotation, "__name__", "") == "date" else "problem.choose_one")


def _length_error(text: str, at_least: int, t: Tongue) -> str | None:
    if not text and at_least:
        return t("problem.empty", at_least=at_least)
    if len(text) < at_least:
        return t.count("problem.too_short", len(text), at_least=at_least)
    return t("problem.too_long", n=t.number(MAX_TEXT)) if len(text) > MAX_TEXT else None
