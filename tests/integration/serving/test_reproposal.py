"""How many are proposed in a period, who is proposed again, who is drawn for the samples, and who is followed up by now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select

from features.declarations.project import Project
from features.intake.linkage import pseudonyms_for
from features.restrictions import write_restrictions
from features.store import open_store
from models.bands import Band
from serving.app import open_service
from serving.cases.proposal import Proposal
from serving.cases.states import CaseState
from serving.person_keys import PersonKeys
from serving.scoring.suppressors import OBJECTED, suppressors_now
from serving.screening.reproposal import find_earlier
from serving.screening.run import screen
from serving.settings import Settings
from serving.storage.database import Database
from serving.storage.tables import CaseRow, LogRow, ScreeningRow
from tests.support.projects import NOW
from tests.support.screenable import AS_OF, screenable_project, serve_model

LATER = NOW + timedelta(days=61)
"""In another month, and within the cool-down of six."""
MUCH_LATER = NOW + timedelta(days=200)
NEXT = date(2027, 6, 15)

Service = tuple[Project, Database, PersonKeys]


def started(project: Project) -> Service:
    database, keys = open_service(Settings(), project)
    return project, database, keys


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    found = started(screenable_project(tmp_path / "project"))
    yield found
    found[1].close()


def cases(database: Database) -> list[CaseRow]:
    with database.reading() as session:
        return list(session.scalars(select(CaseRow).order_by(CaseRow.created_at)))


def with_review(project: Project, **changes: Any) -> Project:
    """The same project with other words in `[review]`."""
    review = project.screening.review.model_copy(update=changes)
    return Project(project.root, project.screening.model_copy(update={"review": review}), project.catalogue, project.services)


def end_all(database: Database) -> None:
    """Close every case, its content kept."""
    with database.transaction() as session:
        for case in session.scalars(select(CaseRow)):
            case.state = CaseState.CLOSED.value


def known_earlier(database: Database, as_of: date) -> None:
    """Let the proposals there are stand on an earlier date: records that became known since are new."""
    with database.transaction() as session:
        for row in session.scalars(select(ScreeningRow)):
            row.as_of = as_of


@pytest.mark.requirement("R-31")
@pytest.mark.parametrize(("period", "n_cases"), [("month", 9), ("quarter", 5), ("year", 5)])
def test_capacity_holds_for_the_calendar_period_whatever_the_as_of_dates(service: Service, period: Any, n_cases: int) -> None:
    project, database, keys = service
    project = with_review(project, capacity_period=period)
    for version, when in ((1, NOW), (2, NOW + timedelta(days=1)), (3, NOW + timedelta(days=15))):  # 21 November, 22 November, 6 December
        if version > 1:
            serve_model(project, version=str(version))
            known_earlier(database, date(2026, 1, version))
        screen(project, database, keys, as_of=AS_OF, now=when)

    found = cases(database)
    assert len(found) == n_cases
    by_month = Counter((case.municipality, case.created_at.month) for case in found)
    assert all(n <= {"9901": 3, "9902": 2}[str(place)] for (place, _), n in by_month.items())


@pytest.mark.requirement("R-31")
def test_that_time_passed_and_the_case_closed_is_no_evidence(service: Service) -> None:
    project, database, keys = service
    screen(project, database, keys, as_of=AS_OF, now=NOW)
    first = {case.subject_id for case in cases(database)}
    end_all(database)
    serve_model(project, version="2")

    screen(project, database, keys, as_of=AS_OF, now=MUCH_LATER)

    assert not {case.subject_id for case in cases(database) if case.created_at == MUCH_LATER} & first


@pytest.mark.requirement("R-31")
def test_the_same_inputs_are_no_evidence_even_where_something_became_known(service: Service) -> None:
    project, database, keys = service
    kept = project.screening.retention.model_copy(update={"closed_days": 400})  # of a purged proposal nothing could be compared
    project = Project(project.root, project.screening.model_copy(update={"retention": kept}), project.catalogue, project.services)
    screen(project, database, keys, as_of=AS_OF, now=NOW)
    first = {case.subject_id for case in cases(database)}
    end_all(database)
    known_earlier(database, date(2026, 1, 1))
    serve_model(project, version="2")

    screen(project, database, keys, as_of=AS_OF, now=MUCH_LATER)

    assert not {case.subject_id for case in cases(database) if case.created_at == MUCH_LATER} & first


@pytest.mark.requirement("R-31")
def test_new_evidence_after_the_cool_down_proposes_again(service: Service) -> None:
    project, database, keys = service
    first = proposed_on_other_inputs(service, band=None)

    screen(project, database, keys, as_of=AS_OF, now=MUCH_LATER)

    assert {case.subject_id for case in cases(database) if case.created_at == MUCH_LATER} == first


@pytest.mark.requirement("R-31")
@pytest.mark.parametrize(("band", "again"), [(None, False), (Band.NO_FOLLOW_UP_NOW, True), (Band.SHOULD_BE_ASSESSED, False)])
def test_within_the_cool_down_new_evidence_also_takes_a_band_that_rose(service: Service, band: Band | None, *, again: bool) -> None:
    project, database, keys = service
    first = proposed_on_other_inputs(service, band=band)

    screen(project, database, keys, as_of=AS_OF, now=LATER)

    assert ({case.subject_id for case in cases(database) if case.created_at == LATER} == first) is again


def proposed_on_other_inputs(service: Service, *, band: Band | None) -> frozenset[str]:
    """Screen, then let the closed proposals stand on an earlier date with other inputs, and in another band where one is given."""
    project, database, keys = service
    screen(project, database, keys, as_of=AS_OF, now=NOW)
    end_all(database)
    known_earlier(database, date(2026, 1, 1))
    serve_model(project, version="2")
    with database.transaction() as session:
        for case in session.scalars(select(CaseRow)):
            content = keys.unseal(session, case.subject_id, case.sealed_proposal or b"")
            content = {**content, "inputs_sha256": "0" * 64, **({} if band is None else {"band": band.value})}
            case.sealed_proposal = keys.seal(session, case.subject_id, content, now=NOW)
    return frozenset(case.subject_id for case in cases(database))


def test_of_a_purged_proposal_nothing_is_known_but_when(service: Service) -> None:
    project, database, keys = service
    screen(project, database, keys, as_of=AS_OF, now=NOW)
    with database.transaction() as session:
        for case in session.scalars(select(CaseRow)):
            case.state, case.sealed_proposal = CaseState.EXPIRED.value, None
    subjects = [case.subject_id for case in cases(database)]

    with database.reading() as session:
        earlier = find_earlier(session, keys, subjects)

    assert set(earlier) == set(subjects)
    assert {(one.as_of, one.proposed_at, one.band, one.inputs_sha256) for one in earlier.values()} == {(AS_OF, NOW, None, None)}


def test_the_digest_of_the_inputs_is_sealed_in_case_and_log(service: Service) -> None:
    project, database, keys = service
    screen(project, database, keys, as_of=AS_OF, now=NOW)

    (case, *_) = cases(database)
    with database.reading() as session:
        proposal = Proposal.from_json(keys.unseal(session, case.subject_id, case.sealed_proposal or b""))
        entries = session.scalars(select(LogRow.entry).where(LogRow.case_id == case.id)).all()
    assert len(proposal.inputs_sha256) == 64
    assert proposal.inputs_sha256 not in "".join(entries)


@pytest.mark.requirement("R-17")
def test_the_samples_are_drawn_again_the_same_and_by_the_shares_declared(service: Service, tmp_path: Path) -> None:
    project, database, keys = service
    everybody = with_review(project, quality_share=1.0, study_mode=True, study_share=0.5)
    screen(everybody, database, keys, as_of=AS_OF, now=NOW)
    first = {case.subject_id: case for case in cases(database)}
    assert all(case.is_quality_sample and case.needs_second_reader for case in first.values())
    drawn = {subject for subject, case in first.items() if case.without_proposal}

    other, _ = open_service(Settings(database_url=f"sqlite:///{tmp_path / 'other.db'}"), project)
    screen(everybody, other, keys, as_of=AS_OF, now=NOW)
    assert {case.subject_id for case in cases(other) if case.without_proposal} == drawn
    other.close()


def test_nobody_is_decided_without_the_proposal_where_study_mode_is_off(service: Service) -> None:
    project, database, keys = service
    screen(with_review(project, study_share=0.5), database, keys, as_of=AS_OF, now=NOW)
    assert not any(case.without_proposal for case in cases(database))


@pytest.mark.requirement("R-17")
@pytest.mark.parametrize(("under", "needs"), [(12, False), (25, True)])
def test_the_project_says_under_which_age_a_second_reader_looks(service: Service, under: int, *, needs: bool) -> None:
    project, database, keys = service
    screen(with_review(project, second_reader_under=under), database, keys, as_of=AS_OF, now=NOW)
    assert all(case.needs_second_reader for case in cases(database) if not case.is_quality_sample) is needs


@pytest.mark.requirement("R-22")
def test_somebody_whom_others_follow_up_by_now_is_found_in_their_part_of_the_store(tmp_path: Path) -> None:
    rows = "".join(
        f"SYN-{n:03d},2026-{month}-01,2026-{month}-01,edu_followed_up,{v},f-{n}-{month},true\r\n"
        for n, month, v in ((50, "08", 1), (52, "03", 1), (52, "08", 0))
    )
    project = screenable_project(tmp_path / "project", extra_rows=rows)
    subjects = open_store(project, "score").subjects()["subject_id"].tolist()
    by_pseudonym = pseudonyms_for(project, subjects, purpose="score")
    assert len(by_pseudonym) == len(subjects)
    found = {subject: suppressors_now(project, subject, on=NOW.date()) for subject in subjects}
    before = {subject: suppressors_now(project, subject, on=date(2026, 7, 1)) for subject in subjects}

    assert Counter(found.values()) == {(): len(subjects) - 1, ("edu_followed_up",): 1}
    assert Counter(before.values()) == {(): len(subjects) - 1, ("edu_followed_up",): 1}
    assert [s for s in subjects if found[s]] != [s for s in subjects if before[s]]  # the one ended in August, the other began
    assert suppressors_now(project, "f" * 32, on=NOW.date()) == ()

    objected = subjects[0]
    row = {"subject_id": objected, "kind": "objection", "valid_from": NOW.date(), "valid_to": None}
    write_restrictions(project, pd.DataFrame([{**row, "recorded_at": NOW, "recorded_by_role": "koordinator"}]))
    assert suppressors_now(project, objected, on=NOW.date())[-1] == OBJECTED


def test_suppressors_are_those_by_which_a_screening_leaves_people_out(tmp_path: Path) -> None:
    from serving.scoring.suppressors import already_followed

    rng = np.random.default_rng(3)
    rows = "".join(
        f"SYN-{n:03d},2026-0{m}-01,2026-0{m}-0{1 + int(rng.integers(5))},edu_followed_up,{int(rng.integers(2))},f-{n}-{m},true\r\n"
        for n in range(50, 60)
        for m in rng.choice(range(1, 9), size=2, replace=False)
    )
    project = screenable_project(tmp_path / "project", extra_rows=rows)
    store = open_store(project, "score")
    for on in (AS_OF, NOW.date()):
        all_at_once = set(already_followed(project, store, as_of=on).tolist())
        one_by_one = {
            p for p, s in store.subjects()[["person", "subject_id"]].itertuples(index=False) if suppressors_now(project, s, on=on)
        }
        assert one_by_one == all_at_once != set()
