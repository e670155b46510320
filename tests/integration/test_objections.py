"""An objection or restriction holds before anything is computed, wherever it is computed, from the moment it is recorded (R-22, R-36)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.audit import audit_groups
from features.declarations.project import Project
from features.errors import DataError
from features.followup import matured_outcomes
from features.intake.linkage import translate_subjects
from features.manifest import StorePurpose
from features.progress import Silent
from features.restrictions import KINDS, restricted_persons, write_restrictions
from features.scored import read_scored, write_scored
from features.store import open_store
from features.tables import build_stage_table, find_stage_table
from serving.app import create_app, open_service
from serving.demo.accounts import create_demo_accounts
from serving.person_keys import PersonKeys
from serving.screening.run import screen
from serving.settings import Settings
from serving.storage.database import Database
from serving.storage.tables import CaseRow
from tests.support.projects import NOW
from tests.support.review import Caller
from tests.support.screenable import AS_OF, screenable_project
from training.gathering import build_stage_data, build_table

TODAY = NOW.date()
Service = tuple[Project, Database, PersonKeys]


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.delenv("TIDLIG_DATABASE_URL", raising=False)
    project = screenable_project(tmp_path / "project")
    database, keys = open_service(Settings(), project)
    yield project, database, keys
    database.close()


def restrict(project: Project, subject: str, kind: str = "objection", *, start: date = TODAY, end: date | None = None) -> None:
    row = {"subject_id": subject, "kind": kind, "valid_from": start, "valid_to": end, "recorded_at": NOW, "recorded_by_role": "leader"}
    write_restrictions(project, pd.DataFrame([row]))


def as_known_in(project: Project, subject: str, purpose: StorePurpose) -> str:
    return str(translate_subjects(project, [subject], from_purpose="score", to_purpose=purpose)["to_subject"].iloc[0])


def cohort_subjects(project: Project, purpose: str, *, on: date = TODAY, as_of: date | None = AS_OF) -> set[str]:
    cohort, table = build_stage_table(project, purpose, project.stages["grade_10"], on=on, as_of=as_of)  # type: ignore[arg-type]
    assert cohort.frame["subject_id"].tolist() == table.keys["subject_id"].tolist()
    return set(table.keys["subject_id"])


@pytest.mark.requirement("R-22")
@pytest.mark.requirement("R-36")
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_the_kind_nothing_is_computed_for_any_purpose(service: Service, kind: str) -> None:
    project, _, _ = service
    subject = sorted(cohort_subjects(project, "score"))[0]
    in_training = as_known_in(project, subject, "train")
    assert in_training in cohort_subjects(project, "train")
    restrict(project, subject, kind)
    assert subject not in cohort_subjects(project, "score")
    assert in_training not in cohort_subjects(project, "train")
    assert in_training not in cohort_subjects(project, "train", as_of=None)
    assert len(restricted_persons(project, "audit", on=TODAY)) == 1


@pytest.mark.requirement("R-22")
def test_an_ended_or_coming_restriction_does_not_hold_and_a_table_knows_its_day(service: Service) -> None:
    project, _, _ = service
    subject = sorted(cohort_subjects(project, "score"))[0]
    restrict(project, subject, start=TODAY, end=TODAY)
    assert subject in cohort_subjects(project, "score", on=TODAY - timedelta(days=1))
    assert subject not in cohort_subjects(project, "score", on=TODAY)
    assert subject in cohort_subjects(project, "score", on=TODAY + timedelta(days=1))
    table = find_stage_table(project, "score", project.stages["grade_10"], as_of=AS_OF)
    assert table is not None
    assert table.facts.about["lists_of"] == str(TODAY + timedelta(days=1))


@pytest.mark.requirement("R-36")
def test_training_refuses_features_that_are_older_than_an_objection(service: Service) -> None:
    project, _, _ = service
    stage = project.stages["grade_10"]
    data = build_stage_data(project, stage, known_by=TODAY, workers=1, progress=Silent())
    table, _ = build_table(data, "not_completed")
    restrict(project, sorted(cohort_subjects(project, "score", as_of=None))[0])
    with pytest.raises(DataError, match=r"TID457: .*Build it again; nothing is computed from it \(R-36\)"):
        build_table(data, "not_completed")
    fresh = build_stage_data(project, stage, known_by=TODAY, workers=1, progress=Silent())
    again, _ = build_table(fresh, "not_completed")
    assert len(again.label) in (len(table.label), len(table.label) - 1)
    assert len(fresh.cohort) == len(data.cohort) - 1


@pytest.mark.requirement("R-22")
def test_an_objection_between_computing_and_writing_keeps_a_score_from_being_kept(service: Service) -> None:
    project, database, keys = service
    screen(project, database, keys, as_of=AS_OF, now=NOW)
    scored = read_scored(project)
    back = translate_subjects(project, scored["subject_id"].tolist(), from_purpose="audit", to_purpose="score")
    frame = scored.drop(columns=["screening_id", "project", "synthetic"]).assign(subject_id=back["to_subject"].to_numpy())
    restrict(project, str(frame["subject_id"].iloc[0]))
    write_scored(project, str(scored["screening_id"].iloc[0]), frame, on=TODAY)
    assert set(scored["subject_id"]) - set(read_scored(project)["subject_id"]) == {scored["subject_id"].iloc[0]}


@pytest.mark.requirement("R-22")
def test_nobody_looks_up_what_became_of_somebody_who_objected_nor_who_they_are(service: Service) -> None:
    project, _, _ = service
    outcome, subjects = project.outcomes["not_completed"], open_store(project, "score").subjects()["subject_id"].tolist()
    audit = [as_known_in(project, subject, "audit") for subject in subjects]
    scored = pd.DataFrame({"subject_id": audit, "stage": "grade_10", "as_of": date(2018, 6, 15)})
    before = matured_outcomes(project, scored, outcome, on=TODAY)
    chosen = int(np.flatnonzero(~np.isnan(before))[0])
    restrict(project, subjects[chosen])
    after = matured_outcomes(project, scored, outcome, on=TODAY)
    assert np.flatnonzero(np.isnan(after) & ~np.isnan(before)).tolist() == [chosen]
    groups = audit_groups(project, audit, purpose="audit", on=TODAY)["sex"]
    assert np.flatnonzero(groups == "unknown").tolist() == [chosen]


@pytest.mark.requirement("R-22")
def test_an_objection_after_screening_takes_effect_before_the_case_is_read(service: Service) -> None:
    project, database, keys = service
    screen(project, database, keys, as_of=AS_OF, now=NOW)
    app = create_app(Settings(), project, clock=lambda: NOW, with_console=False)
    create_demo_accounts(database, project, settings=Settings(), now=NOW)
    caller = Caller(app, "koordinator-9901")
    case_id = caller.get("/cases").json()["data"][0]["case_id"]
    with database.reading() as session:
        subject = session.get_one(CaseRow, case_id).subject_id
    caller.to_review(case_id)
    assert caller.get(f"/cases/{case_id}/view").status_code == 200
    assert caller.step(case_id, "objections", {"statement": ""}).status_code == 201

    assert case_id not in {case["case_id"] for case in caller.get("/cases").json()["data"]}
    assert caller.get(f"/cases/{case_id}/view").status_code == 409
    assert subject not in cohort_subjects(project, "score")
    assert as_known_in(project, subject, "train") not in cohort_subjects(project, "train")
    app.state.database.close()
