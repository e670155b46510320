"""The calendar: what lies ahead in one's own cases, by week, with Norwegian holidays, and nothing of a colleague's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import holidays
import pytest
from sqlalchemy import select, update

from serving.cases.calendar import Appointment
from serving.cases.states import STATES, CaseState
from serving.console.weeks import HOLIDAYS, weeks_of
from serving.storage.tables import CaseRow, LogRow
from tests.support.console import console_service, reader
from tests.support.follow_up import consent, handover, talk, to_consent, to_wondering
from tests.support.review import NEED, Review


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    """Give one service to all tests of this file; each makes the cases that it needs."""
    with console_service(tmp_path_factory.mktemp("calendar") / "project") as running:
        yield running


def on(day: date) -> Appointment:
    return Appointment(day, "talk", "c" * 32, "T-1", STATES[CaseState.TALK_PLANNED].wording)


def rows_of(page: str, case: str) -> list[str]:
    """Read what the calendar says of a case, in its order."""
    found = re.findall(rf'<p><a class="reference" href="/cases/{case}">.*?</p>', page, re.S)
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", row)).split(" · ")[1].strip() for row in found]


def test_a_planned_conversation_and_its_deadline_stand_in_their_weeks(review: Review) -> None:
    caller = review.new_coordinator("9901")
    case = review.add_case()
    to_wondering(caller, case)
    review_day = review.clock().date()
    planned = review_day + timedelta(days=9)
    assert caller.step(case, "talk", talk(planned_on=planned.isoformat())).status_code == 200
    page = caller.client.get("/calendar", headers={"Accept": "text/html"}).text
    assert rows_of(page, case) == ["Samtale", "Frist (Samtale planlagt)"]
    assert f"Uke {planned.isocalendar().week} " in page
    assert f'<time datetime="{planned.isoformat()}">' in page


def test_a_measure_has_its_evaluation_its_consent_and_its_deadline(review: Review) -> None:
    review.create_demo_account("stafettholder-9901")
    caller = review.new_coordinator("9901")
    case = review.add_case()
    to_consent(caller, case)
    assert caller.step(case, "bti/2", handover()).status_code == 201
    page = caller.client.get("/calendar").text
    assert sorted(rows_of(page, case)) == ["Evaluering avtalt", "Frist (BTI nivå 2)", "Samtykket går ut"]
    assert "Kan evalueres fra" in page
    assert consent()["purpose"] not in page, "days, not what was written"


@pytest.mark.requirement("R-28")
def test_a_colleagues_case_is_in_nobody_elses_calendar(review: Review) -> None:
    case = review.add_case()
    caller = review.new_coordinator("9901")
    caller.to_review(case)
    assert case in caller.client.get("/calendar").text
    assert case not in review.new_coordinator("9901").client.get("/calendar").text
    assert case not in reader(review, "koordinator-9901").open("/calendar")
    for login in ("leder-9901", "andreleser-9901", "planlegger"):
        assert reader(review, login).client.get("/calendar").status_code == 403


def test_what_is_late_comes_first_and_a_request_for_access_has_its_day(review: Review) -> None:
    caller = review.new_coordinator("9901")
    case = review.add_case()
    caller.to_review(case)
    late = review.clock().date() - timedelta(days=2)
    with review.database.transaction() as session:
        session.execute(update(CaseRow).where(CaseRow.id == case).values(due_on=late))
    assert caller.post(f"/cases/{case}/access-requests").status_code in (200, 201)
    page = caller.client.get("/calendar").text
    assert rows_of(page, case) == ["Frist (Under vurdering)", "Innsynskravet skal være besvart"]
    assert page.index("Skulle vært gjort") < page.index("Innsynskravet")
    assert "2 dager over" in page


@pytest.mark.requirement("R-20")
def test_a_case_that_was_passed_on_shows_its_deadline_alone_until_it_is_opened(review: Review) -> None:
    caller = review.new_coordinator("9901")
    case = review.add_case()
    to_wondering(caller, case)
    caller.step(case, "talk", talk())
    with review.database.transaction() as session:
        sealed = session.get_one(CaseRow, case).sealed_need
        session.execute(update(CaseRow).where(CaseRow.id == case).values(sealed_need=None))
    assert rows_of(caller.client.get("/calendar").text, case) == ["Frist (Samtale planlagt)"]
    assert sealed is not None
    assert caller.step(case, "open", {"need_to_know": NEED}).status_code == 200
    assert len(rows_of(caller.client.get("/calendar").text, case)) == 2


@pytest.mark.requirement("R-27")
def test_reading_the_calendar_is_logged(review: Review) -> None:
    reader(review, "koordinator-9901").open("/calendar")
    with review.database.reading() as session:
        newest = session.scalars(select(LogRow.entry).order_by(LogRow.seq.desc())).first()
    assert newest is not None
    assert '"action":"calendar.read"' in newest


def test_weeks_run_from_monday_with_their_numbers_across_a_year() -> None:
    found = weeks_of([on(date(2026, 12, 30)), on(date(2027, 1, 6))], today=date(2026, 12, 29))
    assert [(week.number, week.first, week.last) for week in found] == [
        (53, date(2026, 12, 28), date(2027, 1, 3)),
        (1, date(2027, 1, 4), date(2027, 1, 10)),
    ]
    assert [day.holidays for day in found[0].days] == [(), ("new_year",)]
    assert weeks_of([on(date(2026, 11, 2))], today=date(2026, 11, 20)) == [], "what is late is not ahead"


def test_every_public_holiday_of_fifty_years_has_a_name_here() -> None:
    named = {
        name for names in holidays.country_holidays("NO", years=range(2020, 2070), language="no").values() for name in names.split("; ")
    }
    assert named == set(HOLIDAYS)
