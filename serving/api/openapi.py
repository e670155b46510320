"""The API's description, completed: how to log in, every refusal as it is sent, headers, and an example of each body and answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from fastapi import FastAPI
from fastapi.routing import APIRoute

from serving.access.route_rights import ROUTES, Machine, Need, Open, roles_for
from serving.api.examples import example_of
from serving.http.cookies import COOKIE
from serving.http.idempotency import HEADER, KEY_PATTERN
from serving.http.problems import MEDIA_TYPE, problem_example

Operation: TypeAlias = dict[str, Any]

SCHEMES: dict[str, dict[str, Any]] = {
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Set by logging in; `__Host-` before it under TLS."},
    "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token", "description": "From `GET /api/v1/session`; with every change."},
    "machine": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "With the scope that the settings name."},
    "operator": {"type": "http", "scheme": "bearer", "description": "`TIDLIG_METRICS_TOKEN`; without one, on the service's own machine."},
}

TAGS = {
    "session": "Log in and out.",
    "cases": "One case at a time: own view, proposal, decision. There is no bulk decision and no export of scores.",
    "second readings": "A colleague's look, blind until both have written.",
    "follow-up": "What comes after a decision: corrections, the conversation, consent, handover, evaluation.",
    "objections": "A person says no: everything stops at once, and a leader answers.",
    "handovers": "Agreed needs, for those who follow a family up.",
    "persons": "What a person has a right to see.",
    "scores": "Histories scored for other systems; nothing stored, nobody named.",
    "screenings": "How many were scored and proposed; small numbers hidden.",
    "planning": "Numbers by area, small ones hidden.",
    "models": "The models that serve, with their cards.",
    "suspensions": "The kill switch.",
    "reports": "Monthly reports.",
    "alarms": "Who looked at far more than their work explains.",
    "audit": "The log: metadata, and proof that it is whole.",
    "health": "Whether the service runs.",
    "login": "Logging in through an identity provider.",
}

_CASE_PAGE = "#/components/schemas/Answer_CasePage_"


def tags() -> list[dict[str, str]]:
    """Describe the groups of routes, in the order of a reader."""
    return [{"name": name, "description": described} for name, described in TAGS.items()]


def operation_id(route: APIRoute) -> str:
    """Name an operation by its function: stable while paths move."""
    return route.name


def install(app: FastAPI) -> None:
    """Let the app describe itself completely."""
    describe = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            complete(describe())
        return describe()

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's own way to extend the description


def complete(document: dict[str, Any]) -> None:
    """Complete a description in place."""
    document["components"]["securitySchemes"] = SCHEMES
    for method, path, operation in operations(document):
        need = ROUTES.get(f"{method} {path}", Open.TO_WHO_LOGS_IN)
        changes = method == "DELETE" or (method == "POST" and isinstance(need, tuple))
        operation["security"] = _security(need, changes=changes)
        if changes and method == "POST":
            _add_idempotency_key(operation)
        if method == "GET" and _answers_a_case(operation):
            _add_condition(operation)
        _add_problems(path, operation)
        _add_examples(document, operation)
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    """Give method, path and operation of everything that a description has."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _security(need: object, *, changes: bool) -> list[dict[str, list[str]]]:
    if need is Open.TO_THE_OPERATOR:
        return [{"operator": []}, {}]
    if isinstance(need, Machine):
        return [{"machine": []}]
    if isinstance(need, Open) and need is not Open.TO_WHO_LOGS_IN:
        return [{}]
    return [{"session": [], "csrf": []}] if changes else [{"session": []}]


def _add_idempotency_key(operation: Operation) -> None:
    described = "A change sent again with the same key within a day is made once, and answered the same; about a person with 409 TID721."
    schema = {"type": "string", "pattern": KEY_PATTERN, "examples": ["5f0c2a9e-1d2b"]}
    operation.setdefault("parameters", []).append(
        {"name": HEADER, "in": "header", "required": False, "description": described, "schema": schema}
    )
    for status in ("409", "422"):
        operation["responses"].setdefault(status, {})


def _answers_a_case(operation: Operation) -> bool:
    content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
    return bool(content.get("schema", {}).get("$ref") == _CASE_PAGE)


def _add_condition(operation: Operation) -> None:
    described = "ETag that you have; where it is still so, the answer is 304 without a body."
    operation["parameters"].append(
        {"name": "If-None-Match", "in": "header", "required": False, "description": described, "schema": {"type": "string"}}
    )
    tag = {"ETag": {"description": "Version and content, as they go into If-Match and If-None-Match.", "schema": {"type": "string"}}}
    operation["responses"]["200"]["headers"] = tag
    operation["responses"]["304"] = {"description": "You have it already.", "headers": tag}


def _add_problems(path: str, operation: Operation) -> None:
    """Say which refusals there are, in the media type that they come in."""
    found = operation["responses"]
    found.setdefault("500", {})
    if path.startswith("/api/"):
        found.setdefault("503", {})
    if "requestBody" in operation:
        found.setdefault("400", {})
        found.setdefault("422", {})
    for status in [status for status in found if status >= "400"]:
        example = problem_example(int(status))
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
        found[status] = {"description": example["title"], "content": content}
        if status == "429":
            found[status]["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}


def _add_examples(document: dict[str, Any], operation: Operation) -> None:
    bodies = [operation.get("requestBody", {}), *(r for status, r in operation["responses"].items() if status < "300")]
    for body in bodies:
        for media_type, content in body.get("content", {}).items():
            if "schema" in content and "example" not in content:
                is_json = media_type == "application/json"
                content["example"] = example_of(document, content["schema"]) if is_json else f"({media_type})"


def api_page(document: dict[str, Any]) -> str:
    """Write the routes as a page: who may, what it answers."""
    lines = [
        "# API",
        "",
        "Made by `make docs` from the API's own description, which a running service gives at `/api/v1/openapi.json` with bodies, answers",
        "and examples. Refusals are `application/problem+json` with a stable code ([errors](errors.md)). *Open to* is what",
        "`serving/access/route_rights.py` asks for; which cases somebody reaches is asked beyond this.",
        "",
        "| route | what | open to | answers | refusals |",
        "|---|---|---|---|---|",
    ]
    for method, path, operation in sorted(operations(document), key=lambda one: (one[1], one[0])):
        statuses = sorted(operation["responses"])
        good, bad = [s for s in statuses if s < "400"], [s for s in statuses if s >= "400"]
        who = _who(ROUTES.get(f"{method} {path}"))
        lines.append(f"| `{method} {path}` | {operation['summary']} | {who} | {', '.join(good)} | {', '.join(bad)} |")
    return "\n".join(lines) + "\n"


def _who(need: Need | None) -> str:
    if isinstance(need, Open):
        return need.value
    return "" if need is None else ", ".join(f"`{role.value}`" for role in roles_for(need))
