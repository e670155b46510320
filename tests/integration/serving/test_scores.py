"""Histories that a machine client posts: scored as screening would, and kept nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text
from starlette.testclient import TestClient

from features.declarations.project import Project, load_project
from features.store import EventStore, open_store
from features.tables import build_stage_table
from serving.app import create_app
from serving.auditing.log import read_page, verify_log
from serving.cases.proposal import Proposal, build_view
from serving.scoring.deployed import DeployedModels
from serving.screening.run import screen
from serving.settings import Settings
from serving.storage.database import Database
from serving.storage.tables import Base, CaseRow, LogRow, SuspensionRow
from tests.support.machines import TOKEN, history_of, let_machine_in
from tests.support.projects import NOW
from tests.support.review import Clock
from tests.support.screenable import AS_OF, screenable_project, serve_model


@dataclass
class Scoring:
    """A service with a model, and a machine client of it."""

    app: FastAPI
    project: Project
    database: Database
    store: EventStore
    client: TestClient
    clock: Clock

    def body(self, *people: int, **changes: Any) -> dict[str, Any]:
        """Ask for these persons of the store."""
        histories = [history_of(self.project, self.store, person, key=f"k{person}") for person in people]
        return {"stage": "grade_10", "outcome": "not_completed", "as_of": AS_OF.isoformat(), "histories": histories, **changes}

    def post(self, body: Any) -> Any:
        return self.client.post("/api/v1/scores", json=body)

    def codes(self, body: Any) -> tuple[int, str]:
        answer = self.post(body)
        return answer.status_code, answer.json()["code"]


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return screenable_project(tmp_path_factory.mktemp("made") / "project", bands="worth_a_look = 0.3\nshould_be_assessed = 0.6").root


@pytest.fixture
def scoring(made_once: Path, tmp_path: Path) -> Iterator[Scoring]:
    project = load_project(Path(copytree(made_once, tmp_path / "project")))
    clock = Clock(NOW)
    app = create_app(Settings(), project, clock=clock, with_console=False)
    let_machine_in(app)
    client = TestClient(app, base_url="https://testserver", headers=TOKEN)
    yield Scoring(app, project, app.state.database, open_store(project, "score"), client, clock)
    app.state.database.close()


def cohort_of(scoring: Scoring) -> list[int]:
    cohort, _ = build_stage_table(scoring.project, "score", scoring.project.stages["grade_10"], on=NOW.date(), as_of=AS_OF)
    return [int(person) for person in cohort.frame["person"]]


@pytest.mark.requirement("R-18")
def test_the_same_person_gets_the_same_band_and_reasons_as_from_screening(scoring: Scoring) -> None:
    screen(scoring.project, scoring.database, scoring.app.state.person_keys, as_of=AS_OF, now=NOW)
    subjects = scoring.store.subjects().set_index("subject_id")["person"]
    with scoring.database.reading() as session:
        cases = session.scalars(select(CaseRow)).all()
        proposals = [Proposal.from_json(scoring.app.state.person_keys.unseal(session, c.subject_id, c.sealed_proposal)) for c in cases]
    people = [int(subjects[case.subject_id]) for case in cases]
    assert len(people) >= 2

    answer = scoring.post(scoring.body(*people))

    assert answer.status_code == 200, answer.text
    for proposal, score in zip(proposals, answer.json()["data"]["scores"], strict=True):
        view = json.loads(json.dumps(build_view(scoring.project, proposal, municipality=None), default=_plain))
        assert {name: score[name] for name in score if name != "key"} == {name: view[name] for name in score if name != "key"}


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else getattr(value, "__dict__", None) or value.isoformat()


@pytest.mark.requirement("R-18")
def test_no_number_of_the_model_s_is_in_an_answer(scoring: Scoring) -> None:
    people = cohort_of(scoring)
    answer = scoring.post(scoring.body(*people)).json()["data"]

    assert [score["key"] for score in answer["scores"]] == [f"k{person}" for person in people]
    assert {score["band"] for score in answer["scores"]} <= {"no_follow_up_now", "worth_a_look", "should_be_assessed"}
    assert len({score["band"] for score in answer["scores"]}) > 1
    assert not {"probability", "log_odds", "contribution", "score", "rank"} & set(_names(answer))


def _names(content: Any) -> list[str]:
    if isinstance(content, dict):
        return [name for key, value in content.items() for name in (key, *_names(value))]
    return [name for item in content for name in _names(item)] if isinstance(content, list) else []


@pytest.mark.requirement("R-05")
@pytest.mark.requirement("R-06")
def test_a_confidential_record_changes_nothing_that_is_shown(scoring: Scoring) -> None:
    body = scoring.body(*cohort_of(scoring)[:3])
    silent = deepcopy(body)
    for history in silent["histories"]:
        history["records"] = [r for r in history["records"] if r["indicator"] != "nav_low_income_hh"]
    told = deepcopy(silent)
    for history in told["histories"]:
        history["records"].append({"indicator": "nav_low_income_hh", "value": 1, "happened_on": "2025-01-01", "known_on": "2025-02-01"})

    scores = [scoring.post(one).json()["data"]["scores"] for one in (silent, told)]

    for without, with_it in zip(*scores, strict=True):
        assert without["coarse"] == with_it["coarse"]
        assert (without["raises"], without["lowers"], without["missing"]) == (with_it["raises"], with_it["lowers"], with_it["missing"])


def test_nothing_is_stored_but_that_it_was_done(scoring: Scoring) -> None:
    people = cohort_of(scoring)[:2]
    with scoring.database.reading() as session:
        before = {t.name: session.scalar(select(func.count()).select_from(t)) for t in Base.metadata.sorted_tables}

    assert scoring.post(scoring.body(*people)).status_code == 200

    with scoring.database.reading() as session:
        after = {t.name: session.scalar(select(func.count()).select_from(t)) for t in Base.metadata.sorted_tables}
        entry = read_page(session, before=None, limit=1).lines[0]
        written = session.scalars(select(LogRow.entry)).all()
        assert verify_log(session).count == len(written)
    assert after == {**before, "ledger_entries": before["ledger_entries"] + 1}
    assert (entry.action, entry.role, entry.details["n"]) == ("histories.scored", "maskinklient", 2)
    assert not any(f'"k{person}"' in line for person in people for line in written)
    assert "edu_absence_days" not in written[-1]


@pytest.mark.requirement("R-02")
def test_without_a_valid_purpose_nobody_is_scored(scoring: Scoring) -> None:
    body = scoring.body(cohort_of(scoring)[0])
    scoring.clock.forward(days=365 * 5)

    assert scoring.codes(body) == (403, "TID202")


@pytest.mark.requirement("R-30")
def test_a_suspended_model_scores_nobody(scoring: Scoring) -> None:
    body = scoring.body(cohort_of(scoring)[0])
    with scoring.database.transaction() as session:
        session.add(SuspensionRow(id="a" * 32, reason="Tallene er feil.", turned_by="b" * 32, role="modellforvalter", turned_at=NOW))

    assert scoring.codes(body) == (409, "TID745")


@pytest.mark.requirement("R-02")
def test_histories_of_real_people_are_not_scored_under_words_that_are_not_approved(scoring: Scoring) -> None:
    body, project = scoring.body(cohort_of(scoring)[0]), scoring.project
    about = project.screening.project.model_copy(update={"data": "real"})
    scoring.app.state.deployed = DeployedModels(replace(project, screening=project.screening.model_copy(update={"project": about})))

    assert scoring.codes(body) == (409, "TID777")


def test_what_may_not_be_scored_is_refused_by_place_and_without_the_value(scoring: Scoring) -> None:
    body = scoring.body(*cohort_of(scoring)[:2])
    secret = "7319"
    for change in (
        {"indicator": "edu_not_there"},
        {"indicator": "edu_absence_days", "value": f"-{secret}"},
        {"happened_on": (NOW.date() + timedelta(days=2)).isoformat()},
    ):
        wrong = deepcopy(body)
        wrong["histories"][1]["records"][0] |= change
        answer = scoring.post(wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "TID743"), change
        assert "histories.1.records.0" in answer.json()["detail"]
        assert secret not in answer.text


@pytest.mark.requirement("R-07")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"key": "01010750160"}, "TID743"),
        ({"key": "k0"}, "TID743"),
        ({"key": "with blank"}, "TID700"),
        ({"born_on": None}, "TID743"),
        ({"born_on": "1970-01"}, "TID743"),
        ({"born_on": "2018-06"}, "TID743"),
        ({"pseudonym": "SYN-1"}, "TID700"),
    ],
)
def test_who_it_is_may_not_be_told_and_who_is_not_of_the_stage_is_not_scored(scoring: Scoring, change: dict[str, Any], code: str) -> None:
    body = scoring.body(*cohort_of(scoring)[:2])
    body["histories"][0]["key"] = "k0"
    body["histories"][1] |= change

    assert scoring.codes(body) == (422, code)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"stage": "grade_1"}, 422, "TID744"),
        ({"outcome": "completed"}, 422, "TID744"),
        ({"as_of": "2026-11-22"}, 422, "TID430"),
        ({"histories": []}, 422, "TID700"),
    ],
)
def test_what_is_asked_about_has_to_be_there(scoring: Scoring, change: dict[str, Any], status: int, code: str) -> None:
    assert scoring.codes(scoring.body(cohort_of(scoring)[0], **change)) == (status, code)


def test_a_promotion_holds_from_the_next_request(scoring: Scoring) -> None:
    body = scoring.body(cohort_of(scoring)[0])
    assert scoring.post(body).json()["data"]["model_version"] == "1"

    serve_model(scoring.project, version="2", seed=2)

    assert scoring.post(body).json()["data"]["model_version"] == "2"


def test_nobody_else_scores_histories(scoring: Scoring) -> None:
    body = scoring.body(cohort_of(scoring)[0])
    scoring.app.state.machines = None

    assert scoring.post(body).status_code == 401
    let_machine_in(scoring.app)
    del scoring.client.headers["Authorization"]
    assert scoring.post(body).status_code == 401


def test_posted_text_stands_in_no_table(scoring: Scoring) -> None:
    body = scoring.body(cohort_of(scoring)[0])
    body["histories"][0]["key"] = "findme-4711"

    assert scoring.post(body).status_code == 200

    with scoring.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            rows = session.execute(text(f"SELECT * FROM {table.name}")).all()
            assert not any("findme-4711" in str(cell) for row in rows for cell in row), table.name
