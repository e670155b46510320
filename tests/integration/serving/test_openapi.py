"""The API's description is complete: nothing stands in it without words, an example and every refusal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from serving.access.route_rights import ROUTES, Machine, Open
from serving.api.openapi import Operation, operations
from serving.http.problems import MEDIA_TYPE
from tests.support.review import Review, review_service


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with review_service(tmp_path_factory.mktemp("described") / "project") as review:
        yield described(review)


def described(review: Review) -> dict[str, Any]:
    answer = review.anonymous().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def every(document: dict[str, Any]) -> dict[str, Operation]:
    return {f"{method} {path}": operation for method, path, operation in operations(document)}


def test_every_operation_has_words_and_a_name_of_its_own(document: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    for name, operation in every(document).items():
        assert operation["summary"], name
        assert len(operation["description"]) > 20, name
        assert operation["tags"], name
        assert set(operation["tags"]) <= tags, name
        assert all(parameter.get("description") for parameter in operation.get("parameters", [])), name
    assert max(Counter(operation["operationId"] for operation in every(document).values()).values()) == 1


def test_every_refusal_stands_as_a_problem_with_an_example(document: dict[str, Any]) -> None:
    for name, operation in every(document).items():
        refusals = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert "500" in refusals, name
        if name.startswith(("POST /api/", "GET /api/", "DELETE /api/")):
            assert {"429", "503"} <= set(refusals), name
        if not isinstance(ROUTES[name], Open):
            assert {"401", "403"} <= set(refusals), name
        if "requestBody" in operation or operation.get("parameters"):
            assert "422" in refusals, name
        for status, answer in refusals.items():
            assert list(answer["content"]) == [MEDIA_TYPE], (name, status)
            assert answer["content"][MEDIA_TYPE]["example"]["status"] == int(status)


def test_every_body_and_answer_has_an_example_that_fits(document: dict[str, Any]) -> None:
    looked_at = 0
    for name, operation in every(document).items():
        contents = [answer.get("content", {}) for answer in (operation.get("requestBody", {}), *operation["responses"].values())]
        for content in (media for found in contents for media in found.values()):
            assert "example" in content, name
            schema = {**content.get("schema", {}), "components": document["components"]}
            errors = list(jsonschema_rs.validator_for(schema).iter_errors(content["example"]))
            assert not errors, (name, [str(error)[:300] for error in errors])
            looked_at += 1
    assert looked_at > 100


def test_who_gets_in_and_how_is_said(document: dict[str, Any]) -> None:
    for name, operation in every(document).items():
        need, asked = ROUTES[name], operation["security"]
        if isinstance(need, Machine):
            assert asked == [{"machine": []}]
        elif isinstance(need, tuple):
            assert asked == [{"session": [], "csrf": []} if name.startswith("POST") else {"session": []}], name
    assert set(document["components"]["securitySchemes"]) == {"session", "csrf", "machine", "operator"}


def test_every_change_may_carry_an_idempotency_key(document: dict[str, Any]) -> None:
    for name, operation in every(document).items():
        carries = any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", []))
        assert carries is (name.startswith("POST") and isinstance(ROUTES[name], tuple)), name
