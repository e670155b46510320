"""What log readers see: everything but what tells of a protected address, and no gap where that was left out."""

from __future__ import annotations

from base64 import urlsafe_b64decode

import pytest
from sqlalchemy import text

from serving.auditing import log
from serving.storage.tables import CaseRow
from tests.support.review import Review

pytestmark = pytest.mark.requirement("R-08")


def listed(review: Review) -> list[tuple[str, str, str | None]]:
    lines = review.caller("personvernombud").get("/audit?limit=200").json()["data"]
    return [(line["action"], line["role"], line["case_id"]) for line in lines]


def test_a_shielded_case_is_in_no_line_and_no_count_and_lines_have_no_number(review: Review) -> None:
    shielded, plain = review.add_case(municipality=None, is_shielded=True), review.add_case()
    caseworker, coordinator = review.caller("skjermet-saksbehandler"), review.caller("koordinator-9901")
    caseworker.step(shielded, "assign")
    coordinator.step(plain, "assign")
    caseworker.get(f"/cases/{shielded}")
    coordinator.get(f"/cases/{plain}")

    lines = listed(review)

    assert {case for *_, case in lines} == {None, plain}
    assert {role for _, role, _ in lines} == {"koordinator", "personvernombud"}
    line = review.caller("personvernombud").get("/audit?limit=1").json()["data"][0]
    assert set(line) == {"at", "action", "actor", "role", "case_id", "details", "hash"}
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

    assert case not in {seen for *_, seen in listed(review)}


def test_pages_follow_each_other_without_a_gap(review: Review) -> None:
    coordinator = review.caller("koordinator-9901")
    review.caller("skjermet-saksbehandler").get("/cases")
    for _ in range(5):
        coordinator.get("/cases")
        review.caller("skjermet-saksbehandler").get("/cases")
    with review.database.reading() as session:
        whole = log.read_page(session, before=None, limit=200)
        found, before = [], None
        while True:
            page = log.read_page(session, before=before, limit=2)
            found += page.lines
            before = page.end
            if before is None:
                break

    assert (tuple(found), whole.end) == (whole.lines, None)
    assert len(found) == 6  # a login and five looks at the queue; nothing of the shielded caseworker's


def test_a_cursor_tells_nothing_of_what_is_not_listed(review: Review) -> None:
    officer, caseworker = review.caller("personvernombud"), review.caller("skjermet-saksbehandler")
    officer.get("/audit")
    before = officer.get("/audit?limit=1").json()["next"]
    for _ in range(12):
        caseworker.get("/cases")
    after = officer.get("/audit?limit=1").json()["next"]

    assert len(before) == len(after)
    for cursor in (before, after):
        told = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        assert b"0000" not in told


def test_the_work_of_a_page_does_not_grow_with_the_log(review: Review) -> None:
    """The primary key is walked from where the page begins, and each case on the way is found by its own key."""
    asked = log.listed_before(5).limit(51).compile(review.database.engine, compile_kwargs={"literal_binds": True})
    is_sqlite = review.database.engine.dialect.name == "sqlite"
    with review.database.transaction() as session:
        for way in () if is_sqlite else ("seqscan", "bitmapscan", "hashjoin", "mergejoin"):
            session.execute(text(f"SET LOCAL enable_{way} = off"))  # the handful of rows here would be read whole
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        plan = "\n".join(str(row) for row in session.connection().exec_driver_sql(f"{explain} {asked}"))

    if is_sqlite:
        assert "SEARCH ledger_entries USING INTEGER PRIMARY KEY" in plan
        assert "SEARCH cases USING INDEX" in plan
        assert not {"SCAN", "TEMP B-TREE"} & set(plan.split())
    else:
        assert "Index Scan Backward using pk_ledger_entries" in plan
        assert "using pk_cases" in plan
        assert "Sort" not in plan
