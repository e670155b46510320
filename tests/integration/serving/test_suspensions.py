"""The kill switch: who may turn it, what it stops at once, and what monitoring does with it (R-30)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from features.declarations.project import Project, load_project
from features.errors import ReviewError
from serving.app import open_service
from serving.auditing import log
from serving.person_keys import PersonKeys
from serving.scoring.suspensions import check_not_suspended, is_suspended, suspended_models
from serving.screening.run import screen
from serving.screening.stopping import list_findings, suspend_by_findings
from serving.settings import Settings
from serving.storage.database import Database
from serving.storage.tables import CaseRow, SuspensionRow
from tests.support.projects import NOW
from tests.support.review import Review
from tests.support.screenable import AS_OF, screenable_project, serve_model

MODEL = "tiny-not_completed-grade_10"
WHY = "The school register sends half of what it should since Monday."
MENDED = "The register delivers again and the figures of the month were checked."

Service = tuple[Project, Database, PersonKeys]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    project = screenable_project(tmp_path / "project")
    database, keys = open_service(Settings(), project)
    yield project, database, keys
    database.close()


def suspend(review: Review, login: str, **body: Any) -> Any:
    return review.caller(login).post("/suspensions", {"reason": WHY, **body})


def stopped(review: Review, municipality: str | None, model: str = MODEL) -> bool:
    with review.database.reading() as session:
        return is_suspended(session, model_name=model, municipality=municipality)


def write_report(project: Project, *, month: str, suspended_by: list[str], version: str = "1") -> Path:
    path = project.var / "reports" / MODEL / month / "report.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"version": version, "suspended_by": suspended_by}), encoding="utf-8")
    return path


@pytest.mark.requirement("R-30")
def test_a_leader_stops_their_own_municipality_at_once_and_lets_it_go_on(review: Review) -> None:
    line = suspend(review, "leder-9901")

    assert line.status_code == 201
    found = line.json()["data"]
    assert (found["municipality"], found["model_name"], found["role"], found["can_lift"]) == ("9901", None, "leder", True)
    assert [stopped(review, place) for place in ("9901", "9902", None)] == [True, False, False]

    lifted = review.caller("leder-9901").post(f"/suspensions/{found['id']}/lift", {"reason": MENDED})
    assert lifted.status_code == 200
    assert lifted.json()["data"]["lifted_at"] is not None
    assert not stopped(review, "9901")
    with review.database.reading() as session:
        lines = [one for one in log.read_page(session, before=None, limit=50).lines if one.action.startswith("suspension.")]
    assert [(one.action, one.role, one.details["municipality"], one.details["model"]) for one in lines] == [
        ("suspension.lifted", "leder", "9901", "all"),
        ("suspension.turned", "leder", "9901", "all"),
    ]
    assert lines[1].details["reason_sha256"] == log.digest(WHY)
    again = review.caller("leder-9901").post(f"/suspensions/{found['id']}/lift", {"reason": MENDED})
    assert (again.status_code, again.json()["code"]) == (404, "TID710")


@pytest.mark.requirement("R-30")
def test_while_stopped_nobody_takes_what_waits_and_the_list_leaves_it_out(review: Review) -> None:
    taken, waits, elsewhere = review.add_case(), review.add_case(), review.add_case(municipality="9902")
    caller, other = review.caller("koordinator-9901"), review.caller("koordinator-9902")
    caller.to_own_view(taken)
    line = suspend(review, "leder-9901").json()["data"]

    assert [row["case_id"] for row in caller.get("/cases").json()["data"]] == [taken]
    assert [row["case_id"] for row in other.get("/cases").json()["data"]] == [elsewhere]
    page = caller.get(f"/cases/{waits}").json()["data"]
    assert (page["is_suspended"], "assign" in page["steps"], "object" in page["steps"]) == (True, False, True)
    refused = caller.step(waits, "assign")
    assert (refused.status_code, refused.json()["code"]) == (409, "TID770")

    review.caller("leder-9901").post(f"/suspensions/{line['id']}/lift", {"reason": MENDED})
    assert {row["case_id"] for row in caller.get("/cases").json()["data"]} == {taken, waits}
    assert caller.step(waits, "assign").status_code == 200


@pytest.mark.requirement("R-30")
@pytest.mark.parametrize(
    ("login", "body", "code"),
    [
        ("leder-9901", {"municipality": "9902"}, "TID771"),
        ("modellforvalter", {}, "TID771"),
        ("modellforvalter", {"model_name": MODEL, "municipality": "9901"}, "TID771"),
        ("modellforvalter", {"model_name": "tiny-other-grade_10"}, "TID772"),
        ("dataansvarlig", {"municipality": "0301"}, "TID772"),
        ("dataansvarlig", {"reason": "too short"}, "TID703"),
        ("dataansvarlig", {"reason": "This is about the boy with number 01010750160 and his mother."}, "TID707"),
        ("koordinator-9901", {}, "TID712"),
        ("personvernombud", {"model_name": MODEL}, "TID712"),
    ],
)
def test_who_may_stop_what_and_how(review: Review, login: str, body: dict[str, str], code: str) -> None:
    answer = suspend(review, login, **body)

    assert answer.json()["code"] == code
    with review.database.reading() as session:
        assert session.scalars(select(SuspensionRow)).all() == []


@pytest.mark.requirement("R-30")
def test_what_the_controller_stopped_only_the_controller_lifts(review: Review) -> None:
    everything = suspend(review, "dataansvarlig").json()["data"]
    own = suspend(review, "dataansvarlig", municipality="9901").json()["data"]
    model = suspend(review, "modellforvalter", model_name=MODEL).json()["data"]

    assert [stopped(review, place) for place in ("9901", "9902", None)] == [True, True, True]
    for login, which in (("leder-9901", own), ("modellforvalter", everything), ("leder-9901", model)):
        refused = review.caller(login).post(f"/suspensions/{which['id']}/lift", {"reason": MENDED})
        assert (refused.status_code, refused.json()["code"]) == (403, "TID771")
    for which in (everything, own, model):
        assert review.caller("dataansvarlig").post(f"/suspensions/{which['id']}/lift", {"reason": MENDED}).status_code == 200
    assert not stopped(review, "9901")
    seen = review.caller("koordinator-9901").get("/suspensions").json()["data"]
    assert {(line["reason"], line["can_lift"]) for line in seen} == {(WHY, False)}


@pytest.mark.requirement("R-30")
def test_a_suspended_municipality_is_proposed_nobody_and_the_others_are(service: Service) -> None:
    project, database, keys = service
    with database.transaction() as session:
        session.add(SuspensionRow(**switch(municipality="9901")))

    screen(project, database, keys, as_of=AS_OF, now=NOW)

    with database.reading() as session:
        assert Counter(session.scalars(select(CaseRow.municipality))) == {"9902": 2}


def switch(**changes: Any) -> dict[str, Any]:
    row = {
        "id": "0" * 32,
        "model_name": None,
        "municipality": None,
        "reason": WHY,
        "turned_by": "x",
        "role": "dataansvarlig",
        "turned_at": NOW,
    }
    return {**row, **changes}


@pytest.mark.requirement("R-30")
@pytest.mark.parametrize("model", [None, MODEL])
def test_a_model_that_is_suspended_scores_nobody(service: Service, model: str | None) -> None:
    project, database, keys = service
    with database.transaction() as session:
        session.add(SuspensionRow(**switch(model_name=model)))

    with pytest.raises(ReviewError, match="TID770"):
        screen(project, database, keys, as_of=AS_OF, now=NOW)

    with database.reading() as session:
        assert session.scalars(select(CaseRow)).all() == []
        assert suspended_models(session) == (None if model is None else {MODEL})
        with pytest.raises(ReviewError, match="TID770"):
            check_not_suspended(session, model_name=MODEL)


@pytest.mark.requirement("R-30")
def test_a_signal_in_the_newest_report_stops_the_next_screening_until_somebody_lifts_it(service: Service) -> None:
    project, database, keys = service
    write_report(project, month="2026-09", suspended_by=[])
    write_report(project, month="2026-10", suspended_by=["S-02", "S-04"])

    with pytest.raises(ReviewError, match="TID770"):
        screen(project, database, keys, as_of=AS_OF, now=NOW)

    with database.transaction() as session:
        assert session.scalars(select(CaseRow)).all() == []
        (row,) = session.scalars(select(SuspensionRow)).all()
        assert (row.role, row.model_name, row.municipality) == ("system", MODEL, None)
        assert row.reason == "Report of 2026-10 on version 1: S-02, S-04."
        row.lifted_at, row.lifted_by = NOW, "x"
    screen(project, database, keys, as_of=AS_OF, now=NOW + timedelta(minutes=1))
    with database.transaction() as session:
        assert len(session.scalars(select(CaseRow)).all()) == 5
        assert suspend_by_findings(session, project, now=NOW) == ()  # a finding that was answered stops nothing a second time
    write_report(project, month="2026-10", suspended_by=["S-02", "S-04", "S-06"])
    with database.transaction() as session:
        assert [found.reason for found in suspend_by_findings(session, project, now=NOW)] == [
            "Report of 2026-10 on version 1: S-02, S-04, S-06."
        ]


@pytest.mark.requirement("R-30")
@pytest.mark.parametrize(("suspended_by", "stops"), [([], False), (["S-07"], False), (["S-01"], True), (["S-05"], True)])
def test_only_signals_that_the_project_declares_stop(service: Service, suspended_by: list[str], *, stops: bool) -> None:
    project, _, _ = service
    write_report(project, month="2026-10", suspended_by=suspended_by)

    assert bool(list_findings(project)) is stops


def test_a_report_on_another_version_says_nothing_of_the_one_that_serves(service: Service) -> None:
    project, _, _ = service
    write_report(project, month="2026-10", suspended_by=["S-04"])
    serve_model(project, version="2")
    assert list_findings(project) == []

    write_report(project, month="2026-09", suspended_by=["S-04"], version="2")
    assert [found.reason for found in list_findings(project)] == ["Report of 2026-09 on version 2: S-04."]


def test_a_report_or_a_bundle_that_can_not_be_read_stops_the_model(service: Service) -> None:
    project, _, _ = service
    path = write_report(project, month="2026-10", suspended_by=[])
    path.write_text("{", encoding="utf-8")
    assert [found.reason for found in list_findings(project)] == ["The report of 2026-10 can't be read."]

    (project.var / "models" / MODEL / "1" / "bundle.json").write_text("[]", encoding="utf-8")
    assert [found.reason for found in list_findings(project)] == ["The model's files can't be read (TID501)."]


@pytest.mark.requirement("R-30")
def test_another_catalogue_than_the_model_learnt_from_stops_it(service: Service) -> None:
    project, database, keys = service
    education = project.root / "indicators" / "education.toml"
    text = education.read_text(encoding="utf-8")
    education.write_text(text.replace('"count@90d"', '"count@180d"'), encoding="utf-8")
    changed = load_project(project.root)

    with pytest.raises(ReviewError, match="TID770"):
        screen(changed, database, keys, as_of=AS_OF, now=NOW)

    with database.reading() as session:
        (row,) = session.scalars(select(SuspensionRow)).all()
        assert row.reason.startswith("Version 1 learnt under contract ")
