"""Examples of bodies and answers for the API's description, built from the schemas themselves so that they always fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

BY_NAME: dict[str, Any] = {
    "case_id": "4f9a2c31d07b4e0f8f6d1c2b3a495867",
    "id": "4f9a2c31d07b4e0f8f6d1c2b3a495867",
    "handover_id": "4f9a2c31d07b4e0f8f6d1c2b3a495867",
    "subject_id": "0c1d2e3f405162738495a6b7c8d9eaf0",
    "reference": "T-4F9A2C31",
    "municipality": "9001",
    "stage": "grade_10",
    "outcome": "not_completed",
    "model": "norway-not_completed-grade_10",
    "model_name": "norway-not_completed-grade_10",
    "model_version": "3",
    "band": "worth_a_look",
    "month": "2026-06",
    "role": "koordinator",
    "actor": "7b1c2d3e4f5061728394a5b6c7d8e9f0",
    "action": "case.read",
    "event": "case.opened",
    "nb": "Fravær, hele dager",
    "nn": "Fråvær, heile dagar",
    "en": "Full-day absence",
    "reason": "Fraværet har økt siden påske; vi tar en samtale om hvordan hverdagen er.",
    "text": "Har vært mye borte etter jul, men er i godt driv i praksisperioden.",
    "indicator": "edu_absence_days",
    "sector": "education",
    "unit": "days",
    "aggregation": "sum",
    "service": "school",
    "code": "school",
    "phone": "+47 22 00 00 00",
    "email": "skolen@kommune.example",
    "direction": "raises",
}
"""What a field of this name holds, where its schema gives no example of its own."""

_DEEP = 12


def example_of(document: Schema, schema: Schema, *, name: str = "", depth: int = 0) -> Any:
    """Build one value that fits a schema: its own example, what a field of that name holds, else the least its type allows.

    Examples
    --------
    >>> example_of({}, {"type": "object", "properties": {"n": {"type": "integer", "minimum": 2}}, "required": ["n"]})
    {'n': 2}
    """
    if "$ref" in schema:
        return example_of(document, _resolved(document, schema["$ref"]), name=name, depth=depth + 1)
    for given in ("const", "example"):
        if given in schema:
            return schema[given]
    if schema.get("examples"):
        return schema["examples"][0]
    if "enum" in schema:
        return BY_NAME[name] if BY_NAME.get(name) in schema["enum"] else schema["enum"][0]
    if "anyOf" in schema or "oneOf" in schema:
        return _one_of(document, schema.get("anyOf") or schema["oneOf"], name, depth)
    return _of_type(document, schema, name, depth)


def _resolved(document: Schema, reference: str) -> Schema:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    content: Schema = found
    return content


def _one_of(document: Schema, choices: list[Schema], name: str, depth: int) -> Any:
    """Take the first choice that is something, unless this is deep down already."""
    something = [choice for choice in choices if choice.get("type") != "null"]
    if depth > _DEEP and len(something) < len(choices):
        return None
    return example_of(document, something[0], name=name, depth=depth + 1)


def _of_type(document: Schema, schema: Schema, name: str, depth: int) -> Any:
    match schema.get("type"):
        case "object":
            return _object(document, schema, depth)
        case "array":
            return _array(document, schema, name, depth)
        case "string":
            return _string(schema, name)
        case "integer" | "number":
            return schema.get("minimum", schema.get("exclusiveMinimum", 11) + 1)
        case "boolean":
            return False
        case _:
            return None


def _object(document: Schema, schema: Schema, depth: int) -> dict[str, Any]:
    properties = schema.get("properties", {})
    wanted = properties if depth <= _DEEP else schema.get("required", [])
    found = {one: example_of(document, properties[one], name=one, depth=depth + 1) for one in wanted}
    others = schema.get("additionalProperties")
    if properties or not isinstance(others, Mapping):
        return found
    key = example_of(document, schema["propertyNames"]) if "propertyNames" in schema else "9001"
    return {key: example_of(document, others, depth=depth + 1)}


def _array(document: Schema, schema: Schema, name: str, depth: int) -> list[Any]:
    if "prefixItems" in schema:
        return [example_of(document, item, name=name, depth=depth + 1) for item in schema["prefixItems"]]
    if "items" not in schema or (depth > _DEEP and not schema.get("minItems")):
        return []
    return [example_of(document, schema["items"], name=name.removesuffix("s"), depth=depth + 1)]


def _string(schema: Schema, name: str) -> str:
    of_format = {"date": "2026-06-15", "date-time": "2026-06-15T09:30:00Z"}
    if schema.get("format") in of_format:
        return of_format[schema["format"]]
    text = str(BY_NAME.get(name, name or "text"))
    return text if len(text) >= schema.get("minLength", 0) else text.ljust(schema["minLength"], ".")
