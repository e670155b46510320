"""What log readers see: everything but what tells of a protected address, and no gap where that was left out."""

from __future__ import annotations

import pytest

from serving.auditing import log
from serving.storage.tables import CaseRow
from tests.support.review import Review

pytestmark = pytest.mark.requirement("R-08")


def listed(review: Review) -> list[tuple[int, str, str, str | None]]:
    lines = review.caller("personvernombud").get("/audit?limit=200").json()["data"]
    return [(line["seq"], line["action"], line["role"], line["case_id"]) for line in lines]


def test_a_shielded_case_is_in_no_line_no_number_and_no_count(review: Review) -> None:
    shielded, plain = review.add_case(municipality=None, is_shielded=True), review.add_case()
    caseworker, coordinator = review.caller("skjermet-saksbehandler"), review.caller("koordinator-9901")
    caseworker.step(shielded, "assign")
    coordinator.step(plain, "assign")
    caseworker.get(f"/cases/{shielded}")
    coordinator.get(f"/cases/{plain}")

    lines = listed(review)

    assert {case for *_, case in lines} == {None, plain}
    assert {role for _, _, role, _ in lines} == {"koordinator", "personvernombud"}
    assert [number for number, *_ in lines] == list(range(len(lines), 0, -1))
    verdict = review.caller("personvernombud").get("/audit/verification").json()["data"]
    assert verdict["is_whole"] is True
    with review.database.reading() as session:
        assert verdict["n_entries"] == log.count_listed(session) < log.verify_log(session).count


def test_what_was_written_before_an_address_was_protected_leaves_the_list_too(review: Review) -> None:
    case, coordinator = review.add_case(), review.caller("koordinator-9901")
    coordinator.step(case, "assign")
    assert case in {seen for *_, seen in listed(review)}

    with review.database.transaction() as session:
        session.get_one(CaseRow, case).is_shielded = True

    lines = listed(review)
    assert case not in {seen for *_, seen in lines}
    assert [number for number, *_ in lines] == list(range(len(lines), 0, -1))


def test_pages_follow_each_other_without_a_gap(review: Review) -> None:
    coordinator = review.caller("koordinator-9901")
    review.caller("skjermet-saksbehandler").get("/cases")
    for _ in range(5):
        coordinator.get("/cases")
        review.caller("skjermet-saksbehandler").get("/cases")
    with review.database.reading() as session:
        whole = log.read_page(session, before=None, limit=200)
        first = log.read_page(session, before=None, limit=2)
        second = log.read_page(session, before=first[-1].seq, limit=2)
        last = log.read_page(session, before=2, limit=2)
        beyond = log.read_page(session, before=1, limit=2)

    assert whole[:4] == [*first, *second]
    assert (last, beyond) == (whole[-1:], [])
