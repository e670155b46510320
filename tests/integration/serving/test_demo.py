"""The demo: an account for everybody who works here, and cases at every step that were made as people make them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from features.errors import ReviewError
from serving.auditing import log
from serving.cases.states import CaseState
from serving.demo.accounts import SHIELDED_COLLEAGUE, create_demo_accounts, demo_logins
from serving.demo.cases import FULL, SHORT, make_demo_cases
from serving.demo.past import make_demo_past
from serving.roles import Role
from serving.settings import Settings
from serving.storage.tables import AccountRow, CaseRow, DecisionRow
from tests.support.review import Review

ACTING = (*(f"{role}-9901" for role in ("koordinator", "andreleser", "stafettholder")), "koordinator-9902", SHIELDED_COLLEAGUE)


def make(review: Review) -> dict[str, int]:
    """Make the demo's cases with the accounts that act in them; creating all of them is a matter of seconds of hashing."""
    for login in ACTING:
        review.create_demo_account(login)
    return make_demo_cases(review.database, review.project, review.keys, settings=review.settings, now=review.clock())


def test_every_step_of_the_review_is_alive_in_the_first_municipality(review: Review) -> None:
    for _ in range(9):
        review.add_case()
    for _ in range(3):
        review.add_case(municipality="9902")

    made = make(review)

    with review.database.reading() as session:
        here = Counter(session.scalars(select(CaseRow.state).where(CaseRow.municipality == "9901")))
        there = Counter(session.scalars(select(CaseRow.state).where(CaseRow.municipality == "9902")))
        log.verify_log(session)
    steps = ["EGEN_VURDERING", "UNDER_VURDERING", "SAMTALE_PLANLAGT", "ANDRE_EGEN_VURDERING", "LUKKET", "BTI_2", "STANSET"]
    assert here == Counter({**dict.fromkeys(steps, 1), "NY": 2})
    assert there == Counter({"NY": 1, "SAMTALE_PLANLAGT": 1, "EGEN_VURDERING": 1})
    assert sum(made.values()) == len(FULL) + len(SHORT)

    assert len(review.caller("stafettholder-9901").get("/handovers").json()["data"]) == 1
    assert len(review.caller("leder-9901").get("/objections").json()["data"]) == 1
    assert len(review.caller("andreleser-9901").get("/second-readings").json()["data"]) == 1


@pytest.mark.requirement("R-08")
@pytest.mark.requirement("R-22")
def test_a_shielded_caseworker_has_an_objection_to_answer_and_a_case_that_waits_and_nobody_else_knows(review: Review) -> None:
    shielded = {review.add_case(municipality=None, is_shielded=True, needs_second_reader=True) for _ in range(2)}

    assert make(review) == {}, "a shielded case is counted nowhere"
    make(review)

    answering, working = review.caller("skjermet-saksbehandler"), review.caller(SHIELDED_COLLEAGUE)
    (objection,) = answering.get("/objections").json()["data"]
    (waiting,) = answering.get("/cases").json()["data"]
    assert {objection["case_id"], waiting["case_id"]} == shielded
    assert objection["statement"].startswith("Jeg vil ikke")
    assert working.get("/objections").json()["data"] == [], "who worked the case does not answer"
    reason = {"reason": "Barnets trygghet veier tyngre her; vi fortsetter med varsomhet og lytter videre."}
    path = f"/cases/{objection['case_id']}/objections/uphold-processing"
    assert answering.post(path, reason, version=objection["version"]).status_code == 200
    for login, lists in (("koordinator-9901", ["/cases"]), ("leder-9901", ["/objections"]), ("andreleser-9901", ["/second-readings"])):
        assert [review.caller(login).get(path).json()["data"] for path in lists] == [[]]
        assert review.caller(login).get(f"/cases/{waiting['case_id']}").status_code in (403, 404)
    with review.database.reading() as session:
        assert not shielded & {line.case_id for line in log.read_page(session, before=None, limit=500).lines}


def test_the_citizen_is_somebody_who_has_a_case(review: Review) -> None:
    create_demo_accounts(review.database, review.project, settings=review.settings, now=review.clock())
    with review.database.reading() as session:
        assert session.scalar(select(AccountRow.subject_id).where(AccountRow.login == "innbygger")) is None
    review.add_case(municipality=None, is_shielded=True)
    review.add_case(subject_id="c" * 32)

    create_demo_accounts(review.database, review.project, settings=review.settings, now=review.clock())

    with review.database.reading() as session:
        assert session.scalar(select(AccountRow.subject_id).where(AccountRow.login == "innbygger")) == "c" * 32


def test_a_past_is_worked_to_its_ends_and_the_log_follows_the_days(review: Review) -> None:
    first, second = datetime(2025, 2, 11, 8, tzinfo=UTC), datetime(2025, 5, 12, 8, tzinfo=UTC)
    for login in ACTING:
        review.create_demo_account(login)

    def propose(moment: datetime) -> None:
        for needs_second_reader in (*[False] * 8, moment == first):
            review.add_case(needs_second_reader=needs_second_reader, created_at=moment, expires_on=moment.date() + timedelta(days=60))
        review.add_case(municipality=None, is_shielded=True, created_at=moment)

    n_cases = make_demo_past(
        review.database,
        review.project,
        review.keys,
        settings=review.settings,
        screened_at=[second, first],
        propose=propose,
        until=second + timedelta(days=100),
    )

    assert n_cases == 18
    with review.database.reading() as session:
        here = Counter(session.scalars(select(CaseRow.state).where(CaseRow.municipality == "9901")))
        log.verify_log(session)
        lines = log.read_page(session, before=None, limit=2000).lines
        steps = Counter(session.scalars(select(DecisionRow.step)))
    assert here == {"LUKKET": 14, "NY": 2, "SAMTALE_PLANLAGT": 2}, "nobody takes one of eight, and two of the second still wait to be held"
    assert steps == {"decide_wondering": 11, "decide_no_need": 5}
    assert [line.at for line in lines] == sorted((line.at for line in lines), reverse=True)
    assert max(line.at for line in lines) < second + timedelta(days=100)


def test_a_second_run_leaves_what_people_work_on_alone(review: Review) -> None:
    for _ in range(len(FULL)):
        review.add_case()
    make(review)
    with review.database.reading() as session:
        before = session.scalars(select(CaseRow.state).order_by(CaseRow.id)).all()

    assert make(review) == {}

    with review.database.reading() as session:
        assert session.scalars(select(CaseRow.state).order_by(CaseRow.id)).all() == before
        assert CaseState.NEW.value not in before


def test_planners_are_there_at_three_levels_and_relay_holders_in_a_service_of_their_own(review: Review) -> None:
    logins = {login.login: login for login in demo_logins(review.project)}

    assert [name for name, login in logins.items() if login.role is Role.PLANNER] == [
        "planlegger",
        "planlegger-99",
        "planlegger-9901",
        "planlegger-9902",
    ]
    assert {login.service for login in logins.values() if login.role is Role.RELAY_HOLDER} == {"school_team"}
    assert all(login.service is None for login in logins.values() if login.role is not Role.RELAY_HOLDER)


@pytest.mark.requirement("R-29")
def test_demo_cases_are_refused_in_production(review: Review) -> None:
    with pytest.raises(ReviewError, match="TID716"):
        make_demo_cases(review.database, review.project, review.keys, settings=Settings(env="prod"), now=review.clock())
