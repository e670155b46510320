"""Screening a real, tiny project: who is proposed, how many, and that doing it again changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select

from features.declarations.project import Project
from features.errors import DataError, ModelError, PurposeError, ReviewError
from features.intake.linkage import pseudonyms_for
from features.restrictions import write_restrictions
from features.scored import read_scored
from features.store import open_store
from serving.app import create_app, open_service
from serving.auditing import log
from serving.auditing.log import verify_log
from serving.cases.proposal import Proposal
from serving.demo.accounts import create_demo_accounts
from serving.person_keys import PersonKeys
from serving.screening.explaining import check_person_output, explain_person
from serving.screening.run import screen
from serving.settings import Settings
from serving.storage.database import Database
from serving.storage.tables import CaseRow
from tests.support.projects import NOW
from tests.support.review import Caller
from tests.support.screenable import AS_OF, screenable_project, serve_model

Service = tuple[Project, Database, PersonKeys]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    project = screenable_project(tmp_path / "project")
    database, keys = open_service(Settings(), project)
    yield project, database, keys
    database.close()


def cases(database: Database) -> list[CaseRow]:
    with database.reading() as session:
        return list(session.scalars(select(CaseRow)))


@pytest.mark.requirement("R-31")
def test_at_most_the_capacity_of_each_municipality_is_proposed_and_the_highest_of_it(service: Service) -> None:
    project, database, keys = service

    report = screen(project, database, keys, as_of=AS_OF, now=NOW)

    assert Counter(case.municipality for case in cases(database)) == {"9901": 3, "9902": 2}
    assert [s.is_repeat for s in report.screened] == [False]
    scored = read_scored(project)
    for municipality, capacity in (("9901", 3), ("9902", 2)):
        here = scored[scored["municipality"] == municipality].sort_values("log_odds", ascending=False)
        assert here["proposed"].tolist() == [True] * capacity + [False] * (len(here) - capacity)


def test_screening_again_proposes_nobody_twice(service: Service) -> None:
    project, database, keys = service
    screen(project, database, keys, as_of=AS_OF, now=NOW)
    before = {case.id for case in cases(database)}

    again = screen(project, database, keys, as_of=AS_OF, now=NOW + timedelta(hours=1))

    assert {case.id for case in cases(database)} == before
    assert [s.is_repeat for s in again.screened] == [True]


@pytest.mark.requirement("R-18")
def test_the_log_numbers_cases_in_no_order_of_score(service: Service) -> None:
    project, database, keys = service
    screen(project, database, keys, as_of=AS_OF, now=NOW)

    with database.reading() as session:
        proposed = [line.case_id for line in log.read_page(session, before=None, limit=50).lines if line.action == "case.proposed"][::-1]
    subjects = {case.id: case.subject_id for case in cases(database)}
    places = [sha256(subjects[case].encode()).hexdigest() for case in proposed if case is not None]
    assert places == sorted(places)
    assert len(places) == 5


@pytest.mark.requirement("R-31")
def test_another_model_on_the_same_date_finds_no_capacity_left(service: Service) -> None:
    project, database, keys = service
    screen(project, database, keys, as_of=AS_OF, now=NOW)
    serve_model(project, version="2")

    again = screen(project, database, keys, as_of=AS_OF, now=NOW)

    assert len(cases(database)) == 5
    assert [(s.model_version, s.is_repeat) for s in again.screened] == [("2", False)]


@pytest.mark.requirement("R-19")
def test_a_proposal_s_reasons_add_up_to_the_served_score_and_carry_dates(service: Service) -> None:
    project, database, keys = service
    screen(project, database, keys, as_of=AS_OF, now=NOW)

    for case in cases(database):
        with database.reading() as session:
            proposal = Proposal.from_json(keys.unseal(session, case.subject_id, case.sealed_proposal or b""))
        total = proposal.base_log_odds + sum(reason.contribution for reason in proposal.reasons)
        assert total == pytest.approx(proposal.log_odds, abs=1e-9)
        dates = {r.indicator: r.happened_on for r in proposal.reasons}
        assert dates["edu_grade_mean"] == date(2026, 6, 10)
        assert all(day <= AS_OF for day in dates.values() if day is not None)


@pytest.mark.requirement("R-22")
def test_somebody_who_objected_is_not_proposed(service: Service) -> None:
    project, database, keys = service
    screen(project, database, keys, as_of=AS_OF, now=NOW)
    objected = cases(database)[0]
    with database.transaction() as session:
        for table in ("cases", "screenings"):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
    row = {"subject_id": objected.subject_id, "kind": "objection", "valid_from": NOW.date(), "valid_to": None}
    write_restrictions(project, pd.DataFrame([{**row, "recorded_at": NOW, "recorded_by_role": "koordinator"}]))

    screen(project, database, keys, as_of=AS_OF, now=NOW)

    assert objected.subject_id not in {case.subject_id for case in cases(database)}
    assert len(cases(database)) == 5


def test_somebody_who_is_followed_up_already_is_not_proposed(tmp_path: Path) -> None:
    header = "person,happened_on,known_on,indicator,value,record,synthetic"
    rows = "".join(f"SYN-{n:03d},2026-03-01,2026-03-01,edu_followed_up,{v},f-{n},true\r\n" for n, v in ((50, 1), (52, 1), (54, 1), (56, 0)))
    project = screenable_project(tmp_path / "project", extra_rows=rows)
    assert (project.root / "data" / "school.csv").read_text(encoding="utf-8").startswith(header)
    database, keys = open_service(Settings(), project)

    screen(project, database, keys, as_of=AS_OF, now=NOW)

    assert Counter(case.municipality for case in cases(database)) == {"9901": 2, "9902": 2}
    database.close()


def test_the_cool_down_keeps_somebody_from_being_proposed_again(service: Service) -> None:
    project, database, keys = service
    screen(project, database, keys, as_of=AS_OF, now=NOW)
    first = {case.subject_id for case in cases(database)}
    later = NOW + timedelta(days=61)
    serve_model(project, version="2")
    with database.transaction() as session:
        session.connection().exec_driver_sql("UPDATE screenings SET as_of = '2020-01-01'")

    report = screen(project, database, keys, as_of=AS_OF, now=later)

    assert report.n_expired == 5
    new = {case.subject_id for case in cases(database)} - first
    assert len(new) == len(cases(database)) - len(first) == 4


@pytest.mark.requirement("R-02")
@pytest.mark.parametrize("as_of", [date(2019, 6, 15), date(2026, 6, 15)])
def test_no_screening_without_a_score_purpose_on_both_days(service: Service, as_of: date) -> None:
    project, database, keys = service
    now = NOW if as_of.year == 2019 else datetime(2031, 2, 1, tzinfo=UTC)

    with pytest.raises(PurposeError, match="TID202"):
        screen(project, database, keys, as_of=as_of, now=now)

    assert cases(database) == []


def test_a_date_without_a_cohort_and_a_project_without_a_model_are_said_plainly(service: Service) -> None:
    project, database, keys = service

    with pytest.raises(DataError, match="TID426"):
        screen(project, database, keys, as_of=date(2026, 1, 1), now=NOW)
    (project.var / "models" / "tiny-not_completed-grade_10" / "champion.json").unlink()
    with pytest.raises(ModelError, match="TID507"):
        screen(project, database, keys, as_of=AS_OF, now=NOW)


def test_a_failure_in_the_middle_leaves_no_half_screening(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    project, database, keys = service

    def fail(*args: object, **kwargs: object) -> None:
        raise DataError("TID410", "broken on purpose")

    monkeypatch.setattr("serving.screening.proposing.write_scored", fail)
    with pytest.raises(DataError, match="TID410"):
        screen(project, database, keys, as_of=AS_OF, now=NOW)

    assert cases(database) == []
    with database.reading() as session:
        assert verify_log(session).count == 0


@pytest.mark.requirement("R-18")
def test_one_person_is_explained_only_where_no_real_person_can_be_looked_up(service: Service) -> None:
    project, _, _ = service
    subject = str(open_store(project, "score").subjects()["subject_id"].iloc[-1])
    pseudonym = pseudonyms_for(project, [subject], purpose="score")["pseudonym"].iloc[0]
    real = project.screening.model_copy(update={"project": project.screening.project.model_copy(update={"data": "real"})})

    with pytest.raises(PurposeError, match="TID210"):
        check_person_output(Project(project.root, real, project.catalogue, project.services), today=NOW.date())
    with pytest.raises(PurposeError, match="TID210"):
        explain_person(Project(project.root, real, project.catalogue, project.services), pseudonym, as_of=AS_OF, now=NOW)
    with pytest.raises(DataError, match="TID406"):
        explain_person(project, "SYN-NOBODY", as_of=AS_OF, now=NOW)


@pytest.mark.requirement("R-02")
def test_real_people_are_not_screened_under_words_that_the_controller_has_not_approved(service: Service) -> None:
    project, database, keys = service
    real = project.screening.model_copy(update={"project": project.screening.project.model_copy(update={"data": "real"})})

    with pytest.raises(ReviewError, match=r"TID777.*dataansvarlig.*/purposes"):
        screen(replace(project, screening=real), database, keys, as_of=AS_OF, now=NOW)

    assert cases(database) == []


def test_what_was_screened_waits_in_the_municipality_s_queue(service: Service) -> None:
    project, database, keys = service
    screen(project, database, keys, as_of=AS_OF, now=NOW)
    app = create_app(Settings(), project, clock=lambda: NOW, with_console=False)
    create_demo_accounts(database, project, settings=Settings(), now=NOW)

    caller = Caller(app, "koordinator-9901")
    queue = caller.get("/cases").json()["data"]
    caller.to_review(queue[0]["case_id"])
    view = caller.get(f"/cases/{queue[0]['case_id']}/view").json()["data"]

    assert len(queue) == 3
    assert [row["reference"] for row in queue] == sorted(row["reference"] for row in queue)
    assert view["band"] in ("worth_a_look", "should_be_assessed")
    assert view["model_version"] == "1"
    app.state.database.close()
