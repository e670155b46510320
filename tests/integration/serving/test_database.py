"""The schema and the two kinds of transaction, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from features.errors import ReviewError
from serving.auditing import log
from serving.storage.migrate import check_schema, upgrade
from serving.storage.tables import AccountRow, Base
from tests.support.review import Review


def test_the_migrations_make_exactly_the_tables_that_are_declared(review: Review) -> None:
    with review.database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_upgrading_again_changes_nothing_and_an_older_schema_is_refused(review: Review) -> None:
    upgrade(review.database)
    check_schema(review.database)
    assert review.anonymous().get("/health/ready").json()["status"] == "ok"

    with review.database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))

    with pytest.raises(ReviewError, match="TID719"):
        check_schema(review.database)
    assert review.anonymous().get("/health/ready").status_code == 503
    assert review.anonymous().get("/health/live").status_code == 200


def test_times_come_back_as_aware_utc(review: Review) -> None:
    review.create_demo_account("systemdrift")
    oslo = datetime(2026, 7, 1, 14, 30, tzinfo=timezone(timedelta(hours=2)))
    with review.database.transaction() as session:
        session.query(AccountRow).one().created_at = oslo
    with review.database.reading() as session:
        read = session.query(AccountRow).one().created_at
    assert read == oslo
    assert read.tzinfo is UTC


def test_a_reading_session_can_t_write(review: Review) -> None:
    with pytest.raises(DBAPIError), review.database.reading() as session:
        session.execute(text("DELETE FROM sessions"))


@pytest.mark.requirement("R-27")
def test_writers_at_the_same_time_make_one_chain(review: Review) -> None:
    def write(number: int) -> None:
        for _ in range(5):
            with review.database.transaction() as session:
                log.record(session, log.Event("test.written", actor=f"writer-{number}", role="test"), now=review.clock())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))

    with review.database.reading() as session:
        assert log.verify_log(session).count == 20


def test_of_two_who_take_the_same_case_at_once_one_wins_and_nothing_is_lost(review: Review) -> None:
    case = review.add_case()
    callers = [review.caller("koordinator-9901"), review.new_coordinator("9901")]

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda caller: caller.post(f"/cases/{case}/assign", version=1).status_code, callers))

    assert sorted(answers) in ([200, 404], [200, 412])
    assert review.row(case).version == 2
    with review.database.reading() as session:
        log.verify_log(session)


def test_a_failing_statement_is_told_without_its_parameters(review: Review) -> None:
    with pytest.raises(DBAPIError) as refused, review.database.transaction() as session:
        session.execute(text("INSERT INTO nothing VALUES (:one)"), {"one": "about a person"})
    assert "about a person" not in str(refused.value)
