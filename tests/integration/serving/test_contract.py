"""Whatever fits the API's description, and whatever does not, is answered as the description says: schemathesis looks for what is not."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from features.declarations.project import load_project
from serving.api.openapi import operations
from serving.app import create_app
from serving.settings import Settings
from serving.storage.tables import CaseRow, RestrictionRow
from tests.support.machines import TOKEN, let_machine_in
from tests.support.review import Clock, Review
from tests.support.screenable import screenable_project

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
WHO = ["nobody", "koordinator-9901", "andreleser-9901", "leder-9901", "skjermet-saksbehandler", "personvernombud", "maskin"]
ENDS_THE_LOGIN = "DELETE /api/v1/session"


@dataclass
class Contract:
    """A service, its description, and whoever calls it."""

    review: Review
    schema: BaseSchema

    def operations(self, who: str) -> list[APIOperation[Any, Any, Any, Any]]:
        """List what somebody can call: all of it, but a machine has one route."""
        found = [result.ok() for result in self.schema.get_all_operations() if isinstance(result, Ok)]
        assert len(found) > 40
        return [one for one in found if one.label == "POST /api/v1/scores"] if who == "maskin" else found

    def headers(self, who: str) -> tuple[TestClient, dict[str, str]]:
        """Give a client that is logged in, and the headers that its changes need."""
        if who in ("nobody", "maskin"):
            return self.review.anonymous(), TOKEN if who == "maskin" else {}
        caller = self.review.caller(who)
        return caller.client, {"X-CSRF-Token": caller.csrf}


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return screenable_project(tmp_path_factory.mktemp("made") / "project").root


@pytest.fixture
def contract(made_once: Path, tmp_path: Path) -> Iterator[Contract]:
    """Give a service whose model serves. Who calls is not for schemathesis to draw, so that its copy of the description does not say it."""
    project, clock = load_project(Path(copytree(made_once, tmp_path / "project"))), Clock()
    unlimited = Settings(calls_per_minute=10**9, calls_per_minute_address=10**9, score_calls_per_minute=10**9)
    app = create_app(unlimited, project, clock=clock, with_console=False)
    review = Review(app, project, app.state.settings, clock, app.state.database, app.state.person_keys)
    document = deepcopy(app.openapi())
    del document["components"]["securitySchemes"]
    for _, _, operation in operations(document):
        operation.pop("security", None)
    yield Contract(review, schemathesis.openapi.from_dict(document))
    app.state.http.close()
    review.database.close()


def add_cases(review: Review, *, is_shielded: bool) -> list[str]:
    """Add cases to take and a colleague's: one to read second, one whose objection waits for an answer, one that was left."""
    review.create_demo_account("koordinator-9902")
    place: dict[str, Any] = {"municipality": None if is_shielded else "9901", "is_shielded": is_shielded}
    worked = {**place, "assignee_id": review.account_id("koordinator-9902")}
    states = ("TRENGER_ANDRELESER", "STANSET", "SAMTALE_PLANLAGT")
    waiting, stopped, left = (review.add_case(**worked, state=state) for state in states)
    with review.database.transaction() as session:
        subject = session.get_one(CaseRow, stopped).subject_id
        said = {"id": secrets.token_hex(16), "subject_id": subject, "case_id": stopped, "kind": "objection", "role": "koordinator"}
        session.add(RestrictionRow(**said, registered_at=review.clock()))
    return [*(review.add_case(**place) for _ in range(3)), waiting, stopped, left]


def call_all(contract: Contract, who: str, *, examples: int, mode: GenerationMode, checks: list[Any]) -> int:
    """Call every operation with generated requests, in the name of one; give how many answers were looked at."""
    if who == "maskin":
        let_machine_in(contract.review.app)
    client, headers = contract.headers(who)
    cases = add_cases(contract.review, is_shielded=who == "skjermet-saksbehandler")
    looked_at = 0
    for operation in contract.operations(who):
        takes_something = "requestBody" in operation.definition.raw or operation.definition.raw.get("parameters")
        if mode is GenerationMode.NEGATIVE and not takes_something:
            continue
        if operation.label == ENDS_THE_LOGIN and who != "nobody":
            continue

        def send(case: Case, operation: Any = operation) -> None:
            nonlocal looked_at
            if "case_id" in (case.path_parameters or {}) and mode is GenerationMode.POSITIVE and secrets.randbelow(2):
                case.path_parameters["case_id"] = cases[secrets.randbelow(len(cases))]
            answer = case_answer(client, case, headers)
            case.validate_response(answer, checks=checks)
            looked_at += 1

        run(send, operation.as_strategy(generation_mode=mode), examples=examples)
    return looked_at


def case_answer(client: TestClient, case: Case, headers: dict[str, str]) -> Any:
    """Send a request as it was generated, and give the answer."""
    sent = case.as_transport_kwargs(base_url="https://testserver", headers=headers)
    sent.pop("cookies", None)
    if isinstance(sent.get("data"), bytes | str):
        sent["content"] = sent.pop("data")
    return client.request(**sent)


def run(send: Callable[[Case], None], cases: Any, *, examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def test(case: Case) -> None:
        send(case)

    test()


@pytest.mark.parametrize(("who", "examples", "n_operations"), [("nobody", 1, 40), ("koordinator-9901", 1, 40), ("maskin", 25, 1)])
def test_what_fits_the_description_is_answered_as_it_says(contract: Contract, who: str, examples: int, n_operations: int) -> None:
    assert call_all(contract, who, examples=examples, mode=GenerationMode.POSITIVE, checks=CHECKS) >= n_operations * examples


def test_what_does_not_fit_is_refused(contract: Contract) -> None:
    checks = [*CHECKS, negative_data_rejection]

    assert call_all(contract, "koordinator-9901", examples=1, mode=GenerationMode.NEGATIVE, checks=checks) > 20
    assert call_all(contract, "maskin", examples=20, mode=GenerationMode.NEGATIVE, checks=checks) > 10


@pytest.mark.proof
@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_all_of_it_at_length(contract: Contract, who: str, mode: GenerationMode) -> None:
    checks = CHECKS if mode is GenerationMode.POSITIVE else [*CHECKS, negative_data_rejection]

    assert call_all(contract, who, examples=60, mode=mode, checks=checks) > 30
