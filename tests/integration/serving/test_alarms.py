"""The alarm on snooping: when it comes, that it comes once, and who sees it."""

from __future__ import annotations

import secrets

import pytest
from sqlalchemy import select

from serving.settings import Settings
from serving.storage.tables import AlarmRow, LogRow, LookRow
from tests.support.review import Caller, Review

FEW = Settings(alarm_cases_hour=3, alarm_cases_day=5, alarm_probes_hour=3)


@pytest.fixture
def strict(review: Review) -> Review:
    """Give a service that wonders early."""
    review.app.state.settings = FEW
    return review


def kinds(review: Review) -> list[tuple[str, int]]:
    with review.database.reading() as session:
        return [(row.kind, row.count) for row in session.scalars(select(AlarmRow).order_by(AlarmRow.raised_at))]


def read(caller: Caller, *cases: str) -> None:
    assert {caller.get(f"/cases/{case}").status_code for case in cases} == {200}


@pytest.mark.requirement("R-28")
def test_reading_far_more_cases_than_work_explains_raises_one_alarm_a_day(strict: Review) -> None:
    caller, cases = strict.caller("koordinator-9901"), [strict.add_case() for _ in range(6)]

    read(caller, *cases[:3], *cases[:3])  # the same ones again are no more
    assert kinds(strict) == []
    read(caller, *cases[3:5])
    assert kinds(strict) == [("cases_hour", 4)]
    strict.clock.forward(hours=2)
    caller = Caller(strict.app, "koordinator-9901")
    read(caller, cases[5])
    assert kinds(strict) == [("cases_hour", 4), ("cases_day", 6)]

    strict.clock.forward(days=1)
    caller = Caller(strict.app, "koordinator-9901")
    read(caller, *cases[:4])
    assert [kind for kind, _ in kinds(strict)] == ["cases_hour", "cases_day", "cases_hour"]
    with strict.database.reading() as session:
        assert sum('"alarm.raised"' in entry for entry in session.scalars(select(LogRow.entry))) == 3
        assert len(session.scalars(select(LookRow)).all()) == 4  # yesterday's looks are not kept


@pytest.mark.requirement("R-28")
def test_a_day_s_own_work_raises_none(review: Review) -> None:
    caller = review.caller("koordinator-9901")
    for _ in range(10):
        caller.to_review(review.add_case())
        review.clock.forward(minutes=20)

    assert kinds(review) == []


@pytest.mark.requirement("R-28")
def test_trying_ids_raises_an_alarm_and_an_old_bookmark_does_not(strict: Review) -> None:
    caller, theirs = strict.caller("koordinator-9901"), [strict.add_case(municipality="9902") for _ in range(2)]
    guessed = [secrets.token_hex(16) for _ in range(2)]

    for _ in range(6):
        assert caller.get(f"/cases/{theirs[0]}").status_code == 404
        assert caller.get("/nowhere").status_code == 404
    assert kinds(strict) == []
    for case in (theirs[1], *guessed):
        assert caller.post(f"/cases/{case}/assign", version=1).status_code == 404

    assert kinds(strict) == [("probes_hour", 4)]
    with strict.database.reading() as session:
        assert not set(session.scalars(select(LookRow.target))) & {*theirs, *guessed}


@pytest.mark.requirement("R-28")
def test_the_officer_sees_who_and_how_much_and_notes_that_they_asked(strict: Review) -> None:
    cases = [strict.add_case() for _ in range(4)]
    read(strict.caller("koordinator-9901"), *cases)
    officer = strict.caller("personvernombud")

    [alarm] = officer.get("/alarms").json()["data"]
    assert (alarm["account"], alarm["role"], alarm["municipality"]) == ("koordinator-9901", "koordinator", "9901")
    assert (alarm["kind"], alarm["count"], alarm["seen_at"]) == ("cases_hour", 4, None)
    assert not any(case in str(alarm) for case in cases)
    seen = officer.post(f"/alarms/{alarm['id']}/seen").json()["data"]["seen_at"]
    strict.clock.forward(minutes=5)
    assert officer.post(f"/alarms/{alarm['id']}/seen").json()["data"]["seen_at"] == seen
    assert officer.post(f"/alarms/{'0' * 32}/seen").json()["code"] == "TID710"
    with strict.database.reading() as session:
        entries = "".join(session.scalars(select(LogRow.entry)))
    assert entries.count('"alarm.seen"') == 1
    assert '"alarms.read"' in entries


def test_what_was_rolled_back_was_not_looked_at(strict: Review) -> None:
    caller, cases = strict.caller("koordinator-9901"), [strict.add_case() for _ in range(5)]
    for case in cases:
        assert caller.post(f"/cases/{case}/close", version=1).status_code == 404  # not theirs to close

    with strict.database.reading() as session:
        assert session.scalars(select(LookRow).where(LookRow.kind == "case")).all() == []
