"""A change that is sent twice under one key is made once, and answered the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import func, select

from serving.api.routing import ApiRoute
from serving.http.idempotency import KEPT_FOR, forget_old_calls
from serving.person_keys import erase_person_key
from serving.storage.tables import IdempotentCallRow, LogRow
from tests.support.review import NEED, REASON, VIEW, Review

KEY = {"Idempotency-Key": "a-change-1"}


def kept(review: Review) -> int:
    with review.database.reading() as session:
        return session.scalar(select(func.count()).select_from(IdempotentCallRow)) or 0


def entries(review: Review) -> int:
    with review.database.reading() as session:
        return session.scalar(select(func.count()).select_from(LogRow)) or 0


def test_the_same_request_gets_the_same_answer_and_is_done_once(review: Review) -> None:
    keeper = review.caller("modellforvalter")
    body = {"model_name": "tiny-not_completed-grade_10", "reason": "Something is wrong with its inputs since Monday."}
    first = keeper.post("/suspensions", body, **KEY)
    logged = entries(review)

    second = keeper.post("/suspensions", body, **KEY)

    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert first.status_code == 201, first.text
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert (entries(review), kept(review)) == (logged, 1)


@pytest.mark.requirement("R-27")
def test_what_is_about_a_person_is_done_once_and_never_told_twice(review: Review) -> None:
    """The right to see it may have ended meanwhile, and a reading without an entry in the log would be none."""
    case, caller = review.add_case(), review.caller("koordinator-9901")
    caller.to_own_view(case)
    version = caller.version(case)
    first = caller.post(f"/cases/{case}/own-view", VIEW, version=version, **KEY)
    assert "worth_a_look" in first.text
    logged = entries(review)

    second = caller.post(f"/cases/{case}/own-view", VIEW, version=version, **KEY)

    assert (second.status_code, second.json()["code"]) == (409, "TID721")
    assert "worth_a_look" not in second.text
    assert (entries(review), kept(review)) == (logged, 1)
    assert caller.get(f"/cases/{case}").json()["data"]["row"]["state"] == "UNDER_VURDERING"
    with review.database.reading() as session:
        assert len(session.scalars(select(IdempotentCallRow)).one().sealed_answer) < 300


def test_a_key_is_good_for_one_request_and_one_account(review: Review) -> None:
    case, other = review.add_case(), review.add_case()
    caller = review.caller("koordinator-9901")
    assert caller.post(f"/cases/{case}/assign", version=1, **KEY).status_code == 200

    again = [
        caller.post(f"/cases/{other}/assign", version=1, **KEY),
        caller.post(f"/cases/{case}/assign", version=2, **KEY),
        caller.post(f"/cases/{case}/open", {"need_to_know": NEED}, version=2, **KEY),
    ]

    assert {(a.status_code, a.json()["code"]) for a in again} == {(409, "TID742")}
    assert review.row(other).state == "NY"
    assert review.new_coordinator("9901").post(f"/cases/{other}/assign", version=1, **KEY).status_code == 200


def test_a_refusal_is_not_kept(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    body = {"step": "decide_wondering", "reason": REASON}

    assert caller.post(f"/cases/{case}/assign", version=7, **KEY).status_code == 412
    assert kept(review) == 0
    assert caller.post(f"/cases/{case}/assign", version=1, **KEY).status_code == 200
    assert caller.post(f"/cases/{case}/decisions", body, version=2, **{"Idempotency-Key": "a-change-2"}).status_code in (404, 409)
    assert kept(review) == 1


@pytest.mark.parametrize("key", ["short", "x" * 101, "with blank 1", "æøå-æøå-1"])
def test_a_key_that_is_none_is_refused(review: Review, key: str) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")

    answer = caller.client.post(
        f"/api/v1/cases/{case}/assign", headers=[(b"X-CSRF-Token", caller.csrf.encode()), (b"Idempotency-Key", key.encode())]
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "TID749")


def test_nobody_gets_an_answer_without_logging_in_or_the_csrf_token(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    assert caller.post(f"/cases/{case}/assign", version=1, **KEY).status_code == 200
    path, match = f"/api/v1/cases/{case}/assign", {"If-Match": '"1"'}

    assert caller.client.post(path, headers={**KEY, **match}).status_code == 403
    assert review.anonymous().post(path, headers={**KEY, **match, "X-CSRF-Token": caller.csrf}).status_code in (401, 403)


@pytest.mark.requirement("R-25")
def test_answers_are_sealed_and_gone_after_a_day_or_with_the_person(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    caller.to_own_view(case)
    text = "Noe som bare står her og ingen andre steder."
    body = {"text": text, "inclination": "unsure"}
    assert caller.post(f"/cases/{case}/own-view", body, version=caller.version(case), **KEY).status_code == 200
    with review.database.reading() as session:
        row = session.scalars(select(IdempotentCallRow)).one()
    assert text.encode() not in row.sealed_answer

    with review.database.transaction() as session:
        forget_old_calls(session, now=review.clock() + KEPT_FOR / 2)
    assert kept(review) == 1
    with review.database.transaction() as session:
        erase_person_key(session, review.row(case).subject_id, now=review.clock())
    assert kept(review) == 0
    assert caller.post(f"/cases/{review.add_case()}/assign", version=1, **{"Idempotency-Key": "a-change-3"}).status_code == 200
    with review.database.transaction() as session:
        forget_old_calls(session, now=review.clock() + KEPT_FOR)
    assert kept(review) == 0


def test_after_a_day_the_key_is_free_again(review: Review) -> None:
    case, other = review.add_case(), review.add_case()
    assert review.caller("koordinator-9901").post(f"/cases/{case}/assign", version=1, **KEY).status_code == 200
    review.clock.forward(hours=25)
    review._clients.clear()

    assert review.caller("koordinator-9901").post(f"/cases/{other}/assign", version=1, **KEY).status_code == 200


def test_two_at_once_are_one(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: caller.post(f"/cases/{case}/assign", version=1, **KEY), range(4)))

    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409]
    assert {a.json().get("code") for a in answers} == {None, "TID721"}
    assert review.row(case).version == 2


def test_every_route_that_changes_something_is_of_that_kind(review: Review) -> None:
    routes = [context for context in iter_route_contexts(review.app.routes) if str(context.path).startswith("/api/v1/")]
    changing = [context for context in routes if "POST" in (context.methods or ())]

    assert len(changing) > 5
    assert not [context.path for context in changing if not isinstance(context.original_route, ApiRoute)]
