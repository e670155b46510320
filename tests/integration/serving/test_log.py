"""The log: in the transaction of what it tells of, never rewritten, and whole after a person is erased."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from features.errors import LedgerError, ReviewError
from serving.auditing import log
from serving.person_keys import erase_person_key
from serving.storage.tables import CaseRow, LogRow
from tests.support.review import NEED, REASON, Review


def actions(review: Review) -> list[str]:
    with review.database.reading() as session:
        return [json.loads(entry)["action"] for entry in session.scalars(select(LogRow.entry).order_by(LogRow.seq))]


@pytest.mark.requirement("R-27")
def test_every_read_and_step_of_a_case_leaves_its_entry(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    caller.get("/cases")
    caller.get(f"/cases/{case}")
    caller.post(f"/cases/{case}/assign", version=1)
    caller.post(f"/cases/{case}/open", {"need_to_know": NEED}, version=2)

    assert actions(review) == ["session.opened", "queue.read", "case.read", "case.assigned", "case.opened"]


@pytest.mark.requirement("R-27")
def test_a_failure_takes_the_change_and_its_entry_back_together(review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    before = actions(review)

    def fail(*args: object, **kwargs: object) -> None:
        raise ReviewError("TID701", "broken on purpose")

    monkeypatch.setattr("serving.cases.building.build_page", fail)
    assert caller.post(f"/cases/{case}/assign", version=1).status_code == 409

    assert review.row(case).state == "NY"
    assert review.row(case).version == 1
    assert actions(review) == before


@pytest.mark.requirement("R-27")
def test_a_failing_entry_takes_the_change_back(review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")

    def fail(*args: object, **kwargs: object) -> None:
        raise LedgerError("TID800", "broken on purpose")

    monkeypatch.setattr("serving.auditing.log.record", fail)
    assert caller.post(f"/cases/{case}/assign", version=1).status_code == 500
    assert review.row(case).state == "NY"


@pytest.mark.requirement("R-27")
@pytest.mark.parametrize("statement", ["UPDATE ledger_entries SET entry = '{}'", "DELETE FROM ledger_entries"])
def test_the_database_refuses_to_rewrite_the_log(review: Review, statement: str) -> None:
    review.caller("koordinator-9901").get("/cases")

    with pytest.raises(DBAPIError, match="append-only"), review.database.transaction() as session:
        session.execute(text(statement))

    assert len(actions(review)) == 2


def _tamper(review: Review, *statements: str) -> None:
    """Do what somebody with the database's own password could do: take the triggers away first."""
    with review.database.transaction() as session:
        if review.database.engine.dialect.name == "postgresql":
            session.execute(text("ALTER TABLE ledger_entries DISABLE TRIGGER USER"))
        else:
            for name in ("update", "delete", "replace"):
                session.execute(text(f"DROP TRIGGER ledger_entries_{name}"))
        for statement in statements:
            session.execute(text(statement))


@pytest.mark.requirement("R-27")
@pytest.mark.parametrize(
    "statements",
    [
        pytest.param(["UPDATE ledger_entries SET entry = replace(entry, 'queue.read', 'queue.seen') WHERE seq = 2"], id="edited"),
        pytest.param(["UPDATE ledger_entries SET entry = substr(entry, 1, 40) WHERE seq = 2"], id="no entry any more"),
        pytest.param(["DELETE FROM ledger_entries WHERE seq = 2"], id="removed"),
        pytest.param(["DELETE FROM ledger_entries WHERE seq = 1"], id="first removed"),
        pytest.param(
            [
                "UPDATE ledger_entries SET seq = 99 WHERE seq = 2",
                "UPDATE ledger_entries SET seq = 2 WHERE seq = 3",
                "UPDATE ledger_entries SET seq = 3 WHERE seq = 99",
            ],
            id="moved",
        ),
    ],
)
def test_verifying_finds_what_was_tampered_with(review: Review, statements: list[str]) -> None:
    caller = review.caller("koordinator-9901")
    for _ in range(3):
        caller.get("/cases")
    with review.database.reading() as session:
        assert log.verify_log(session).count == 4

    _tamper(review, *statements)

    with pytest.raises(LedgerError), review.database.reading() as session:
        log.verify_log(session)
    assert review.caller("personvernombud").get("/audit/verification").status_code == 500


@pytest.mark.requirement("R-27")
def test_an_anchor_kept_elsewhere_shows_a_log_that_was_cut_off(review: Review) -> None:
    caller = review.caller("koordinator-9901")
    caller.get("/cases")
    with review.database.reading() as session:
        anchor = log.verify_log(session).anchor
    caller.get("/cases")
    with review.database.reading() as session:
        assert log.verify_log(session, anchor=anchor).count == 3

    _tamper(review, "DELETE FROM ledger_entries WHERE seq >= 2")

    with review.database.reading() as session:
        assert log.verify_log(session).count == 1
        with pytest.raises(LedgerError):
            log.verify_log(session, anchor=anchor)


@pytest.mark.requirement("R-27")
@pytest.mark.requirement("R-25")
def test_erasing_a_person_s_key_erases_the_person_and_leaves_the_chain_whole(review: Review) -> None:
    case, other, caller = review.add_case(), review.add_case(), review.caller("koordinator-9901")
    caller.to_review(case)
    caller.step(case, "decisions", {"step": "decide_no_need", "reason": REASON})
    caller.to_review(other)
    with review.database.transaction() as session:
        subject = session.get_one(CaseRow, case).subject_id
        erase_person_key(session, subject, now=review.clock())

    with review.database.reading() as session:
        assert log.verify_log(session).count == session.scalar(select(func.count()).select_from(LogRow))
        with pytest.raises(ReviewError, match="TID708"):
            review.keys.unseal(session, subject, session.get_one(CaseRow, case).sealed_proposal or b"")
    page = caller.get(f"/cases/{case}").json()["data"]
    assert (page["need_to_know"], page["own_view"], page["proposal"], page["decision"]) == (None, None, None, None)
    assert caller.get(f"/cases/{other}").json()["data"]["proposal"] is not None
