"""Requests that fit a contract, from the examples that the contract itself gives."""

from __future__ import annotations

from typing import Any


def example_body(document: dict[str, Any], method: str, path: str) -> Any:
    """Build a body that fits what the OpenAPI document says of a route; None where it takes none."""
    content = document["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
    return example(document, content["application/json"]["schema"]) if "application/json" in content else None


def example(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """Build one value that fits a schema: its own example, else the least that its type allows."""
    if "$ref" in schema:
        return example(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for given in ("const", "default"):
        if given in schema:
            return schema[given]
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return example(document, schema[several][0])
    return _least(document, schema)


def _least(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    match schema["type"]:
        case "object":
            required = schema.get("required", [])
            return {name: example(document, part) for name, part in schema.get("properties", {}).items() if name in required}
        case "array":
            return [example(document, schema["items"]) for _ in range(schema.get("minItems", 0))]
        case "string":
            return {"date": "2026-11-21", "date-time": "2026-11-21T12:00:00Z"}.get(
                schema.get("format", ""), "x" * schema.get("minLength", 1)
            )
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case kind:
            raise AssertionError(f"no example for {kind}")
