"""Lists come in pages with a signed cursor; a case need not be sent twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ReviewError
from serving.http.cursors import Place, cut, read_cursor, write_cursor
from tests.support.review import Caller, Review

KEY = bytes(range(32))


def walk(caller: Caller, path: str, limit: int) -> list[dict[str, object]]:
    found, cursor = [], ""
    while True:
        page = caller.get(f"{path}?limit={limit}{cursor}").json()
        assert len(page["data"]) <= limit
        found += page["data"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def test_the_queue_in_pages_is_the_queue(review: Review) -> None:
    caller = review.caller("koordinator-9901")
    today = review.clock().date()
    cases = [review.add_case(due_on=today + timedelta(days=day % 3)) for day in range(7)]
    whole = caller.get("/cases").json()

    assert whole["next"] is None
    assert {row["case_id"] for row in whole["data"]} == set(cases)
    assert walk(caller, "/cases", 3) == whole["data"]


def test_what_goes_between_two_pages_neither_hides_nor_repeats_a_case(review: Review) -> None:
    caller, other = review.caller("koordinator-9901"), review.new_coordinator("9901")
    for _ in range(4):
        review.add_case()
    first = caller.get("/cases?limit=2").json()
    rest = [row["case_id"] for row in caller.get("/cases").json()["data"]][2:]
    assert other.post(f"/cases/{first['data'][1]['case_id']}/assign", version=1).status_code == 200

    second = caller.get(f"/cases?limit=5&cursor={first['next']}").json()

    assert [row["case_id"] for row in second["data"]] == rest


def test_the_log_in_pages_is_the_log(review: Review) -> None:
    officer = review.caller("personvernombud")
    for _ in range(5):
        review.add_case()
        review.caller("koordinator-9901").get("/cases")

    lines = walk(officer, "/audit", 2)

    hashes = [line["hash"] for line in lines]
    assert len(hashes) == len(set(hashes))
    assert [line["action"] for line in lines if line["action"] != "log.read"] == [*["queue.read"] * 5, "session.opened", "session.opened"]


@pytest.mark.parametrize("path", ["/screenings", "/models", "/reports"])
def test_other_lists_come_in_pages_too(review: Review, path: str) -> None:
    for _ in range(3):
        review.add_screening()
    auditor = review.caller("fairness-revisor")

    assert walk(auditor, path, 2) == auditor.get(path).json()["data"]


def test_a_cursor_is_good_for_its_list_and_its_reader(review: Review) -> None:
    caller, other = review.caller("koordinator-9901"), review.new_coordinator("9901")
    for _ in range(3):
        review.add_case()
    cursor = caller.get("/cases?limit=1").json()["next"]
    officer = review.caller("personvernombud")

    answers = [
        other.get(f"/cases?cursor={cursor}"),
        officer.get(f"/audit?cursor={cursor}"),
        caller.get(f"/cases?cursor={cursor[:-2]}"),
        caller.get("/cases?cursor=%C3%A6"),
        caller.get("/cases?cursor="),
    ]

    assert {(a.status_code, a.json()["code"]) for a in answers} == {(422, "TID741")}


@given(st.lists(st.tuples(st.text(max_size=3), st.integers()), unique=True), st.integers(1, 4), st.booleans())
def test_pages_of_any_list_are_the_list(rows: list[Place], limit: int, is_descending: bool) -> None:
    rows = sorted(rows, reverse=is_descending)
    found: list[Place] = []
    after: Place | None = None
    while True:
        page, after = cut(rows, place=lambda row: row, after=after, limit=limit, is_descending=is_descending)
        found += page
        if after is None:
            break
        assert read_cursor(write_cursor(after, of="a", key=KEY), of="a", key=KEY) == after
    assert found == rows


@given(st.text(max_size=60))
def test_no_text_is_a_cursor(text: str) -> None:
    with pytest.raises(ReviewError) as refused:
        read_cursor(text, of="a", key=KEY)
    assert refused.value.code == "TID741"


def test_a_case_that_the_reader_has_is_not_sent_again(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    tag = caller.get(f"/cases/{case}").headers["etag"]

    again = caller.client.get(f"/api/v1/cases/{case}", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)

    assert caller.client.post(f"/api/v1/cases/{case}/assign", headers={"X-CSRF-Token": caller.csrf, "If-Match": tag}).status_code == 200
    changed = caller.client.get(f"/api/v1/cases/{case}", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


def test_the_same_version_has_another_tag_when_it_reads_otherwise(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    tag = caller.get(f"/cases/{case}").headers["etag"]
    review.clock.forward(minutes=1)
    assert caller.get(f"/cases/{case}").headers["etag"] == tag

    review.clock.forward(days=40)
    review._clients.clear()
    late = review.caller("koordinator-9901").get(f"/cases/{case}")

    assert late.json()["data"]["row"]["is_overdue"] is True
    assert late.headers["etag"] != tag
    assert late.headers["etag"].startswith('"1.')


@pytest.mark.parametrize("tag", ["", "x", '"1.zz"', "*", '"-1"'])
def test_a_version_that_is_none_is_asked_for(review: Review, tag: str) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")

    answer = caller.client.post(f"/api/v1/cases/{case}/assign", headers={"X-CSRF-Token": caller.csrf, "If-Match": tag})

    assert (answer.status_code, answer.json()["code"]) == (428, "TID718")
