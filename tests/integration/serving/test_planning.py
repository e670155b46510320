"""What planners see: each level its own area, a quarter once and for good, and never a case (R-09)."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import pytest
from sqlalchemy import delete

from features.declarations.project import Project
from serving.access.accounts import create_account, find_account_row
from serving.aggregates.periods import periods_screened
from serving.aggregates.planning import tell_due_periods
from serving.cases.states import CaseState, Step
from serving.roles import Role
from serving.storage.tables import DecisionRow, HandoverRow, StepNoteRow
from tests.support.review import Caller, Review

PROPOSED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
"""The fourth quarter of 2026, whose cases have expired by 2 March 2027."""
TOLD = timedelta(days=110)


def planner(review: Review, area: str | None) -> Caller:
    login = f"planlegger-{secrets.token_hex(3)}"
    with review.database.transaction() as session:
        create_account(session, login=login, holder=login, role=Role.PLANNER, municipality=area, password="plans", now=review.clock())
    return Caller(review.app, login, password="plans")


def with_cases(review: Review, municipality: str, *, talks: int, informed: int, closed: int, expired: int, days: int = 4) -> None:
    """Make cases of a quarter, by what came of them."""
    review.add_screening("5" * 32)
    wondered, closed_again = Step.DECIDE_WONDERING, Step.DECIDE_NO_NEED
    for step, is_informed, n in ((wondered, False, talks), (wondered, True, informed), (closed_again, False, closed)):
        for _ in range(n):
            case = review.add_case(municipality=municipality, state=CaseState.CLOSED.value)
            decide(review, case, step, after_days=days)
            if is_informed:
                inform(review, case, after_days=days + 3)
    for _ in range(expired):
        review.add_case(municipality=municipality, state=CaseState.EXPIRED.value)


def decide(review: Review, case: str, step: Step, *, after_days: int) -> None:
    review.create_demo_account("koordinator-9901")
    with review.database.transaction() as session:
        account = find_account_row(session, "koordinator-9901")
        assert account is not None
        row = {"id": secrets.token_hex(16), "case_id": case, "account_id": account.id, "step": step.value, "inclination": "unsure"}
        session.add(DecisionRow(**row, decided_at=PROPOSED + timedelta(days=after_days)))


def inform(review: Review, case: str, *, after_days: int) -> None:
    with review.database.transaction() as session:
        account = session.get_one(DecisionRow, session.query(DecisionRow.id).filter(DecisionRow.case_id == case).scalar()).account_id
        row = {"id": secrets.token_hex(16), "case_id": case, "account_id": account, "step": Step.INFORM_FAMILY.value}
        session.add(StepNoteRow(**row, written_at=PROPOSED + timedelta(days=after_days)))


def page(caller: Caller) -> dict[str, Any]:
    answer = caller.get("/planning")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


@pytest.mark.requirement("R-09")
def test_each_level_sees_its_own_area_and_what_lies_in_it(review: Review) -> None:
    with_cases(review, "9901", talks=6, informed=7, closed=9, expired=8)
    with_cases(review, "9902", talks=8, informed=6, closed=7, expired=5)
    review.clock.forward(days=110)

    seen = {area: page(planner(review, area)) for area in (None, "99", "9901")}

    assert {area: [line["area"] for line in found["figures"]] for area, found in seen.items()} == {
        None: ["", "99", "9901", "9902"],
        "99": ["99", "9901", "9902"],
        "9901": ["9901"],
    }
    own = seen["9901"]["figures"][0]
    assert (own["period"], own["n_proposed"], own["name"]) == ("2026-Q4", 30, "Storvik")
    assert own["share_informed"] is None  # nobody was handed over, and that there is nobody is a small number too
    assert own["median_days_to_decision"] == 4
    assert page(review.caller("leder-9901"))["figures"] == seen["9901"]["figures"]
    assert [line["level"] for line in seen[None]["figures"]] == ["country", "county", "municipality", "municipality"]


@pytest.mark.requirement("R-09")
def test_a_quarter_is_told_once_and_does_not_change(review: Review) -> None:
    with_cases(review, "9901", talks=6, informed=7, closed=9, expired=8)
    caller = planner(review, None)
    before = page(caller)
    assert (before["periods"], before["figures"], before["next_period"], before["told_from"]) == ([], [], "2026-Q4", "2027-03-02")

    review.clock.now = datetime(2027, 3, 2, 8, tzinfo=UTC)
    told = page(planner(review, None))
    assert told["periods"] == ["2026-Q4"]

    late = review.add_case(municipality="9901")  # of the next quarter
    decide(review, late, Step.DECIDE_WONDERING, after_days=102)
    inform(review, late, after_days=103)
    review.clock.forward(days=9)
    assert page(planner(review, None))["figures"] == told["figures"]


@pytest.mark.requirement("R-25")
def test_what_is_erased_after_a_quarter_was_told_does_not_show_by_its_absence(review: Review) -> None:
    with_cases(review, "9901", talks=6, informed=7, closed=9, expired=8)
    review.clock.forward(days=110)
    with review.database.reading() as session:
        assert tell_due_periods(session, review.project, now=review.clock()) == 1
        assert tell_due_periods(session, review.project, now=review.clock()) == 0
    before = page(planner(review, None))["figures"]
    with review.database.transaction() as session:
        session.execute(delete(DecisionRow))
        session.execute(delete(StepNoteRow))

    assert page(planner(review, None))["figures"] == before


@pytest.mark.requirement("R-09")
def test_a_small_number_hides_and_takes_others_with_it_at_every_level(review: Review) -> None:
    with_cases(review, "9901", talks=2, informed=7, closed=9, expired=8)
    with_cases(review, "9902", talks=9, informed=6, closed=7, expired=5)
    review.clock.forward(days=110)

    country, county, small, large = page(planner(review, None))["figures"]

    assert small["courses"]["talk"] is None
    others = [small["courses"][name] for name in ("family_informed", "no_further", "no_decision")]
    assert None in others  # the total and the rest would say that it was two
    assert large["courses"]["talk"] is None or country["courses"]["talk"] is None
    assert (country["courses"], country["n_proposed"]) == (county["courses"], county["n_proposed"])


@pytest.mark.requirement("R-08")
def test_shielded_persons_are_in_no_figure(review: Review) -> None:
    with_cases(review, "9901", talks=6, informed=7, closed=9, expired=8)
    for _ in range(9):
        review.add_case(municipality=None, is_shielded=True)
    review.clock.forward(days=110)

    assert page(planner(review, None))["figures"][0]["n_proposed"] == 30


def test_handed_over_counts_once_and_before_the_quarter_is_told(review: Review) -> None:
    for place in ("9901", "9902"):
        with_cases(review, place, talks=6, informed=12, closed=9, expired=8)
    with review.database.transaction() as session:
        notes = session.query(StepNoteRow).all()
        for note, when in zip(notes, ([30] * 6 + [104] * 6) * 2, strict=True):
            row = {"id": secrets.token_hex(16), "case_id": note.case_id, "level": 1, "holder_id": note.account_id}
            session.add(HandoverRow(**row, made_at=PROPOSED + timedelta(days=when)))
    review.clock.forward(days=110)

    courses = page(planner(review, "9901"))["figures"][0]["courses"]

    assert (courses["handed_over"], courses["family_informed"], courses["talk"]) == (6, 6, 6)
    assert page(planner(review, "9901"))["figures"][0]["share_informed"] == 0.67


@pytest.mark.parametrize("login", ["koordinator-9901", "fairness-revisor", "personvernombud", "systemdrift", "modellforvalter"])
def test_who_does_not_plan_sees_none(review: Review, login: str) -> None:
    answer = review.caller(login).get("/planning")
    assert (answer.status_code, answer.json()["code"]) == (403, "TID712")


def test_by_age_are_shown_where_somebody_put_them_there(review: Review) -> None:
    folder = review.project.var / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    areas = {"all": "nation", "99": "county", "9902": "municipality"}
    rows = [{"level": level, "area": area, "n": 90} for area, level in areas.items()]
    (folder / "planning-figures.json").write_text(json.dumps({"as_of": "2026-06-30", "outcomes": [], "places": rows}), encoding="utf-8")

    seen = {area: [row["area"] for row in page(planner(review, area))["by_age"]] for area in (None, "99", "9902", "9901")}

    assert seen == {None: ["", "99", "9902"], "99": ["99", "9902"], "9902": ["9902"], "9901": []}


def by(review: Review, period: Literal["quarter", "year"]) -> Project:
    """Give the project as if it told planners by this period."""
    screening = review.project.screening
    told = screening.review.model_copy(update={"planning_period": period})
    return replace(review.project, screening=screening.model_copy(update={"review": told}))


@pytest.mark.requirement("R-09")
def test_a_project_may_tell_by_the_year_and_never_a_year_beside_its_quarters(review: Review) -> None:
    with_cases(review, "9901", talks=6, informed=7, closed=9, expired=8)
    yearly, quarterly = by(review, "year"), by(review, "quarter")
    review.clock.now = datetime(2027, 3, 2, 8, tzinfo=UTC)
    with review.database.reading() as session:
        assert tell_due_periods(session, yearly, now=review.clock()) == 1
        assert [path.name for path in (review.project.var / "planning").iterdir()] == ["2026.json"]
        assert tell_due_periods(session, quarterly, now=review.clock()) == 0, "the year would tell its quarters by subtraction"
        assert periods_screened(session, quarterly) == []
        assert periods_screened(session, yearly) == [date(2026, 1, 1)]


def test_tables_told_under_the_older_name_are_read(review: Review) -> None:
    with_cases(review, "9901", talks=6, informed=7, closed=9, expired=8)
    review.clock.forward(days=110)
    before = page(planner(review, "9901"))["figures"]
    path = review.project.var / "planning" / "2026-Q4.json"
    older = [{("quarter" if name == "period" else name): value for name, value in row.items()} for row in json.loads(path.read_text())]
    path.write_text(json.dumps(older))

    assert page(planner(review, "9901"))["figures"] == before


@pytest.mark.requirement("R-09")
def test_a_conversation_is_told_where_what_came_of_it_is_too_small_to_be(review: Review) -> None:
    with_cases(review, "9901", talks=3, informed=4, closed=9, expired=8)
    with_cases(review, "9902", talks=9, informed=9, closed=9, expired=8)
    review.clock.forward(days=110)

    small = page(planner(review, "9901"))["figures"][0]

    assert (small["courses"]["talk"], small["courses"]["family_informed"], small["n_talks"]) == (None, None, 7)
