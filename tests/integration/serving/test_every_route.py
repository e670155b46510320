"""Every route there is, as nobody, as each role, and for another municipality's things: held to `serving.access.route_rights`.

The routes come from the app itself, so that a new one fails here until somebody says what it asks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from features.declarations.project import load_project
from serving.access.permissions import Action
from serving.access.route_rights import ROUTES, Machine, Open, roles_for
from serving.app import create_app
from serving.roles import ROLES, Role
from serving.settings import Settings
from tests.support.databases import new_service_database
from tests.support.openapi_examples import example_body
from tests.support.projects import tiny_project
from tests.support.provider_login import ACCESS
from tests.support.review import Clock, Review

GUARDED = {route: need for route, need in ROUTES.items() if not isinstance(need, Open)}
FOR_PEOPLE = {route: need for route, need in GUARDED.items() if not isinstance(need, Machine)}
WITH_A_CASE = {
    route: need
    for route, need in FOR_PEOPLE.items()
    if "{case_id}" in route and Action.ANSWER_OBJECTIONS not in (need if isinstance(need, tuple) else ())
}
LOG_IN_AND_OUT = {"POST /api/v1/session", "DELETE /api/v1/session", "POST /logout", "POST /login"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    """Give the whole service: API, console and login by provider."""
    url = new_service_database(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else None
    root = tiny_project(tmp_path_factory.mktemp("every_route") / "project")
    (root / "access.toml").write_text(ACCESS, encoding="utf-8")
    project, clock = load_project(root), Clock()
    settings = Settings(
        database_url=url,
        public_url="https://testserver",
        oidc_issuer="https://login.example",
        oidc_client_id="tidlig",
        citizen_issuer="https://idporten.example",
        citizen_client_id="tidlig-innbygger",
        calls_per_minute=100_000,
        calls_per_minute_address=100_000,
    )
    app = create_app(settings, project, clock=clock)
    running = Review(app, project, settings, clock, app.state.database, app.state.person_keys)
    yield running
    app.state.http.close()
    running.database.close()


FITTING = {"level": "1", "month": "2026-10", "file": "report.html"}
"""What stands for a part of a path that is no id."""


def address_of(path: str, ids: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: ids.get(found[1]) or FITTING.get(found[1]) or "0" * 32, path)


class Knocking:
    """Calls routes as somebody would who has read the API's description."""

    def __init__(self, service: Review, client: TestClient, csrf: str = "") -> None:
        self.client, self.csrf = client, csrf
        self._contract: dict[str, Any] = service.app.openapi()

    def knock(self, route: str, **ids: str) -> tuple[int, str]:
        """Call a route; give status and code."""
        method, path = route.split(" ")
        address = address_of(path, ids)
        headers = {"X-CSRF-Token": self.csrf, "If-Match": '"1"'}
        if path in self._contract["paths"]:
            answer = self.client.request(method, address, headers=headers, json=example_body(self._contract, method, path))
        else:
            answer = self.client.request(
                method, address, headers=headers, data={"csrf": self.csrf, "version": "1"} if method == "POST" else None
            )
        found = re.search(r"TID\d{3}", answer.headers.get("location", "") + (answer.text if answer.status_code >= 400 else ""))
        return answer.status_code, found[0] if found else ""


def as_nobody(service: Review) -> Knocking:
    return Knocking(service, TestClient(service.app, base_url="https://testserver", follow_redirects=False))


def as_role(service: Review, role: Role) -> Knocking:
    caller = service.caller(f"{role}-9901" if ROLES[role].has_municipality else role.value)
    caller.client.follow_redirects = False
    return Knocking(service, caller.client, caller.csrf)


def is_for_people(route: str) -> bool:
    return "/api/" not in route and "/reports/" not in route


def is_turned_away(route: str, answer: tuple[int, str], role: Role) -> bool:
    """Say whether the role was refused. The console looks for the case first: who reads cases at all learns that it is not there."""
    looked_for_the_case_first = is_for_people(route) and "{case_id}" in route and role not in roles_for(ROUTES[route])
    return answer == (403, "TID712") or (looked_for_the_case_first and answer == (404, "TID710"))


def knocks_everywhere(service: Review) -> bool:
    """Say whether a role tries the routes too that are not its own: who is refused is refused before the database is asked for anything."""
    return service.database.engine.dialect.name == "sqlite"


@pytest.mark.requirement("R-28")
def test_every_route_says_what_it_asks_for(service: Review) -> None:
    found = {
        f"{method} {context.path}"
        for context in iter_route_contexts(service.app.routes)
        if context.path != "/static"
        for method in (context.methods or ())
        if method != "HEAD"
    }

    assert found == set(ROUTES)


@pytest.mark.requirement("R-28")
def test_nobody_gets_through_a_route_that_asks_for_somebody(service: Review) -> None:
    nobody = as_nobody(service)
    needing = {route for route, need in ROUTES.items() if need not in (Open.TO_EVERYBODY, Open.TO_THE_PROVIDER, Open.TO_THE_OPERATOR)}

    answers = {route: nobody.knock(route) for route in sorted(needing)}

    # A changing route may find the missing CSRF token first (403); a page sends to the login (303).
    let_in = {
        route: answer
        for route, answer in answers.items()
        if answer not in {(401, "TID711"), (401, "TID735"), (403, "TID713")} and not (is_for_people(route) and answer == (303, ""))
    }
    assert let_in == {}


@pytest.mark.requirement("R-28")
@pytest.mark.parametrize("role", [role for role in Role if ROLES[role].logs_in])
def test_each_role_gets_through_its_routes_and_no_others(service: Review, role: Role) -> None:
    somebody = as_role(service, role)
    knocked = {route: need for route, need in FOR_PEOPLE.items() if knocks_everywhere(service) or role in roles_for(need)}

    answers = {route: somebody.knock(route) for route in knocked}

    refused = {route for route, answer in answers.items() if is_turned_away(route, answer, role)}
    assert refused == {route for route, need in knocked.items() if role not in roles_for(need)}
    # What got through was looked at: nothing failed, and nothing was stopped by the login or by a form's token.
    odd = {route: answer for route, answer in answers.items() if answer[0] >= 500 or answer[1] in {"TID711", "TID713", "TID700"}}
    assert odd == {}


@pytest.mark.requirement("R-28")
@pytest.mark.requirement("R-06")
@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.SECOND_READER])
def test_another_municipality_s_case_is_no_case_on_any_route(service: Review, role: Role) -> None:
    somebody, theirs = as_role(service, role), service.add_case(municipality="9902")
    mine = {route: need for route, need in WITH_A_CASE.items() if role in roles_for(need)}

    answers = {route: (somebody.knock(route, case_id=theirs), somebody.knock(route, case_id="0" * 32)) for route in mine}

    assert {route: pair for route, pair in answers.items() if pair[0] != pair[1]} == {}
    assert {pair[0] for route, pair in answers.items() if not is_for_people(route)} == {(404, "TID710")}
    assert service.row(theirs).version == 1


@pytest.mark.requirement("R-28")
def test_a_leader_answers_no_objection_of_another_municipality(service: Review) -> None:
    leader, theirs = as_role(service, Role.LEADER), service.add_case(municipality="9902", state="STANSET")
    routes = {r for r, need in FOR_PEOPLE.items() if "{case_id}" in r and Role.LEADER in roles_for(need) and not is_for_people(r)}

    assert routes
    assert {leader.knock(route, case_id=theirs) for route in routes} == {(404, "TID710")}


def test_every_answer_carries_the_headers_and_no_page_runs_anything_inline(service: Review) -> None:
    somebody = as_role(service, Role.COORDINATOR)
    for route in ROUTES:
        method, path = route.split(" ")
        if method == "GET" and route not in LOG_IN_AND_OUT and "/login/oidc" not in path:
            answer = somebody.client.get(address_of(path, {}))
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], route
            assert answer.headers["x-content-type-options"] == "nosniff", route
            assert answer.headers["cache-control"] == "no-store", route
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=|<style|javascript:", answer.text), route
