"""Logging in and out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from features.errors import ReviewError
from serving.access import sessions
from serving.access.accounts import create_account
from serving.access.keeping_accounts import close_account
from serving.demo.accounts import create_demo_accounts
from serving.roles import ROLES, Role
from serving.settings import Settings
from serving.storage.tables import AccountRow, SessionRow
from tests.support.review import Caller, Review

LOGIN = {"login": "koordinator-9901", "password": "demo-koordinator"}


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(review: Review) -> None:
    review.create_demo_account("koordinator-9901")
    cookie = review.anonymous().post("/api/v1/session", json=LOGIN).headers["set-cookie"]

    assert cookie.startswith("__Host-tidlig_session=")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert part in cookie


def test_passwords_are_hashed_at_a_cost_and_a_login_that_is_not_there_costs_the_same(password_cost: int) -> None:
    assert password_cost == 2**14
    assert sessions._NOBODY.split("$")[1] == str(password_cost)


def test_only_a_digest_of_the_token_is_kept(review: Review) -> None:
    caller = review.caller("koordinator-9901")
    token = caller.client.cookies["__Host-tidlig_session"]

    with review.database.reading() as session:
        kept = session.scalars(select(SessionRow.token_digest)).all()
    assert token not in kept
    assert len(kept) == 1


def test_a_session_ends_when_it_is_not_used_and_after_a_day_s_work(review: Review) -> None:
    caller = review.caller("koordinator-9901")
    for _ in range(4):
        review.clock.forward(minutes=20)
        assert caller.get("/session").status_code == 200
    review.clock.forward(minutes=31)
    assert caller.get("/session").status_code == 401

    review.create_demo_account("koordinator-9902")
    busy = Caller(review.app, "koordinator-9902")
    for _ in range(30):
        review.clock.forward(minutes=20)
        last = busy.get("/session").status_code
    assert last == 401


def test_logging_out_ends_the_session_on_the_server(review: Review) -> None:
    caller = review.caller("koordinator-9901")
    token = caller.client.cookies["__Host-tidlig_session"]

    gone = caller.client.delete("/api/v1/session", headers={"X-CSRF-Token": caller.csrf})
    caller.client.cookies.set("__Host-tidlig_session", token, domain="testserver.local", path="/")

    assert gone.status_code == 204
    assert caller.get("/session").status_code == 401


def test_a_login_ends_the_session_that_the_browser_held_before(review: Review) -> None:
    caller = review.caller("koordinator-9901")
    planted = caller.client.cookies["__Host-tidlig_session"]
    again = caller.client.post("/api/v1/session", json=LOGIN)

    left = review.anonymous()
    left.cookies.set("__Host-tidlig_session", planted)

    assert again.status_code == 201
    assert caller.client.cookies["__Host-tidlig_session"] != planted
    assert left.get("/api/v1/session").status_code == 401


def test_without_tls_the_cookie_goes_without_the_prefix_that_asks_for_it(review: Review) -> None:
    review.create_demo_account("koordinator-9901")
    cookie = TestClient(review.app, base_url="http://testserver").post("/api/v1/session", json=LOGIN).headers["set-cookie"]

    assert cookie.startswith("tidlig_session=")
    assert "Secure" not in cookie


def test_an_unknown_login_and_a_wrong_password_read_the_same(review: Review) -> None:
    review.create_demo_account("koordinator-9901")
    client = review.anonymous()

    unknown = client.post("/api/v1/session", json={"login": "nobody", "password": "x"})
    wrong = client.post("/api/v1/session", json={**LOGIN, "password": "x"})

    assert unknown.status_code == wrong.status_code == 401
    assert unknown.text == wrong.text


def test_guessing_is_slowed_down(review: Review) -> None:
    review.create_demo_account("koordinator-9901")
    client = review.anonymous()
    statuses = [client.post("/api/v1/session", json={**LOGIN, "password": str(n)}).status_code for n in range(6)]
    review.clock.forward(minutes=6)

    assert statuses == [401] * 5 + [429]
    assert client.post("/api/v1/session", json=LOGIN).status_code == 201


@pytest.mark.requirement("R-28")
def test_a_role_that_changed_holds_at_the_next_call_of_an_open_session(review: Review) -> None:
    caller = review.caller("koordinator-9901")
    assert caller.get("/cases").status_code == 200

    with review.database.transaction() as session:
        session.scalars(select(AccountRow)).one().role = Role.SECOND_READER.value

    assert caller.get("/session").json()["data"]["role"] == "andreleser"
    assert caller.get("/cases").json()["code"] == "TID712"


@pytest.mark.requirement("R-28")
@pytest.mark.parametrize("how", ["closed", "moved"])
def test_a_change_that_waits_for_its_turn_is_not_made_by_somebody_who_lost_the_right_meanwhile(review: Review, how: str) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    with ThreadPoolExecutor(1) as other:
        with review.database.transaction() as session:
            row = session.scalars(select(AccountRow)).one()  # from here on other writers wait
            waiting = other.submit(caller.post, f"/cases/{case}/assign", version=1)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
            if how == "closed":
                close_account(session, row.login, now=review.clock())
            else:
                row.municipality = "9902"
        answer = waiting.result(timeout=30)

    assert (answer.status_code, answer.json()["code"]) == (401, "TID711")
    assert (review.row(case).state, review.row(case).version) == ("NY", 1)


@pytest.mark.requirement("R-29")
def test_the_demo_has_an_account_per_role_and_municipality(review: Review) -> None:
    logins = create_demo_accounts(review.database, review.project, settings=review.settings, now=review.clock())
    again = create_demo_accounts(review.database, review.project, settings=review.settings, now=review.clock())

    assert {login.role for login in logins} == {role for role in Role if ROLES[role].logs_in}
    assert [login.login for login in logins if login.role is Role.COORDINATOR] == ["koordinator-9901", "koordinator-9902"]
    assert logins == again
    assert Caller(review.app, "modellforvalter").get("/session").json()["data"]["role"] == "modellforvalter"


@pytest.mark.requirement("R-29")
def test_demo_accounts_are_refused_in_production(review: Review) -> None:
    review.create_demo_account("koordinator-9901")
    review.app.state.settings = Settings(env="prod")

    answer = review.anonymous().post("/api/v1/session", json=LOGIN)
    with pytest.raises(ReviewError, match="TID716"):
        create_demo_accounts(review.database, review.project, settings=Settings(env="prod"), now=review.clock())

    # No password at all is looked at in production: TID734 comes before the question whose account it is.
    assert (answer.status_code, answer.json()["code"]) == (403, "TID734")


@pytest.mark.requirement("R-28")
def test_nobody_is_both_leader_and_data_protection_officer(review: Review) -> None:
    with review.database.transaction() as session:
        create_account(session, login="a", holder="kari", role=Role.LEADER, municipality="9901", password="p", now=review.clock())

    with pytest.raises(ReviewError, match="TID717"), review.database.transaction() as session:
        create_account(
            session, login="b", holder="kari", role=Role.DATA_PROTECTION_OFFICER, municipality=None, password="p", now=review.clock()
        )

    with review.database.reading() as session:
        assert session.scalar(select(AccountRow).where(AccountRow.login == "b")) is None
