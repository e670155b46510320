"""Whether the service runs: what an operator's monitoring may ask, and what it learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import event, text
from starlette.testclient import TestClient

from monitoring.incidents.steps import open_by_hand
from monitoring.reports.publishing import publish_report
from serving.app import create_app
from serving.auditing import log
from serving.person_keys import PersonKeys
from serving.settings import Settings
from tests.support.review import Clock, Review, review_service
from tests.support.reviews import MODEL
from tests.support.screenable import screenable_project, serve_model


def on_the_machine(review: Review, **headers: str) -> TestClient:
    return TestClient(review.app, base_url="https://testserver", client=("127.0.0.1", 5000), headers=headers)


def lines(review: Review) -> list[str]:
    answer = on_the_machine(review).get("/metrics")
    assert answer.status_code == 200, answer.text
    return [line for line in answer.text.splitlines() if not line.startswith("#")]


def value(review: Review, name: str) -> float | None:
    return next((float(line.rpartition(" ")[2]) for line in lines(review) if line.startswith(name)), None)


def test_metrics_count_requests_by_template_and_name_nobody(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    caller.get(f"/cases/{case}")
    caller.get(f"/cases/{'0' * 32}")
    caller.client.get("/nobody/has/this/0101075016")

    found = lines(review)

    assert 'tidlig_http_requests_total{method="GET",route="/api/v1/cases/{case_id}",status="2xx"} 1.0' in found
    assert 'tidlig_http_requests_total{method="GET",route="/api/v1/cases/{case_id}",status="4xx"} 1.0' in found
    assert 'tidlig_http_requests_total{method="GET",route="none",status="4xx"} 1.0' in found
    assert not any(case in line or "0101075016" in line or "koordinator" in line for line in found)


@pytest.mark.requirement("R-09")
@pytest.mark.requirement("R-08")
def test_a_state_with_few_cases_is_not_told_and_shielded_ones_never(review: Review) -> None:
    for _ in range(4):
        review.add_case()
    for _ in range(6):
        review.add_case(municipality=None, is_shielded=True)
    assert value(review, "tidlig_cases") is None

    review.add_case()

    assert value(review, 'tidlig_cases{state="NY"}') == 5.0
    assert value(review, "tidlig_last_screening_days") == 0.0
    assert value(review, "tidlig_database_up") == 1.0


NEWEST = "tidlig_log_newest_entry_timestamp_seconds"


@pytest.mark.requirement("R-08")
def test_the_log_is_told_by_its_newest_entry_and_nothing_done_for_a_shielded_person_shows(review: Review) -> None:
    case = review.add_case(municipality=None, is_shielded=True)
    review.caller("koordinator-9901").get("/cases")
    told = value(review, NEWEST)
    assert told == review.clock().timestamp()

    review.clock.forward(minutes=5)
    review.caller("skjermet-saksbehandler").to_own_view(case)
    assert value(review, NEWEST) == told
    review.log_in_again("koordinator-9901")

    assert value(review, NEWEST) == review.clock().timestamp()


def test_a_scrape_costs_the_same_however_long_the_log_is(tmp_path: Path) -> None:
    with review_service(tmp_path / "project") as review:
        review.caller("koordinator-9901").get("/cases")
        before = _steps_of_a_scrape(review)
        with review.database.transaction() as session:
            for _ in range(500):
                log.record(session, log.Event("queue.read", actor="x", role="koordinator"), now=review.clock())

        assert _steps_of_a_scrape(review) < 1.2 * before


def _steps_of_a_scrape(review: Review) -> int:
    """Count the steps of SQLite's machine that one scrape takes."""
    n_steps = 0

    def count() -> int:
        nonlocal n_steps
        n_steps += 1
        return 0

    def watch(connection: Any, *_: object) -> None:
        connection.set_progress_handler(count, 1)

    event.listen(review.database.engine, "checkout", watch)
    try:
        assert value(review, NEWEST) is not None
    finally:
        event.remove(review.database.engine, "checkout", watch)
    assert n_steps > 0
    return n_steps


def test_metrics_are_for_this_machine_or_by_token(review: Review) -> None:
    assert review.anonymous().get("/metrics").json()["code"] == "TID747"
    for name in ("X-Forwarded-For", "Forwarded", "Via"):
        assert on_the_machine(review, **{name: "127.0.0.1"}).get("/metrics").status_code == 403

    review.app.state.settings = review.settings.model_copy(update={"metrics_token": SecretStr("æ-lang-og-tilfeldig")})

    assert on_the_machine(review).get("/metrics").status_code == 403
    bearer = {"Authorization": "Bearer æ-lang-og-tilfeldig".encode()}
    assert review.anonymous().get("/metrics", headers=bearer).status_code == 200  # type: ignore[arg-type]
    assert "tilfeldig" not in repr(review.app.state.settings)


def test_metrics_say_that_the_database_is_down(review: Review) -> None:
    with review.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE cases RENAME TO elsewhere"))

    assert value(review, "tidlig_database_up") == 0.0
    assert value(review, NEWEST) is None


def test_a_service_that_can_work_says_so_part_by_part(review: Review) -> None:
    review.add_case()

    answer = review.anonymous().get("/health/ready")

    assert (answer.status_code, answer.json()["parts"]) == (200, {"database": "of this version", "models": "0 serve", "keys": "open"})


def test_the_part_that_fails_is_named_without_telling_more(review: Review) -> None:
    review.add_case()
    review.app.state.person_keys = PersonKeys(b"x" * 32)

    answer = review.anonymous().get("/health/ready")

    assert (answer.status_code, answer.json()["code"]) == (503, "TID748")
    assert "keys (TID809)" in answer.json()["detail"]
    assert "database" not in answer.json()["detail"].partition(".")[0]
    assert str(review.project.root) not in answer.text


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_service_that_starts_loads_its_models_and_says_when_one_does_not(tmp_path: Path, is_whole: bool) -> None:
    project = screenable_project(tmp_path / "project")
    champion = serve_model(project, version="2", seed=2)
    if not is_whole:
        (project.var / "models" / champion.name / champion.version / "reference.json").write_text("{}", encoding="utf-8")
    app = create_app(Settings(), project, clock=Clock(), with_console=False)

    with TestClient(app, base_url="https://testserver") as client:
        answer = client.get("/health/ready")

    assert set(app.state.deployed._kept) == ({champion.name} if is_whole else set())
    assert answer.status_code == (200 if is_whole else 503)
    assert ("models (TID503)" in answer.text) is not is_whole


@pytest.mark.requirement("R-30")
@pytest.mark.requirement("R-41")
def test_metrics_tell_the_newest_report_of_each_model_and_its_incidents(review: Review) -> None:
    assert value(review, "tidlig_signal") is None
    folder = review.project.var / "reports" / MODEL / "2026-09"
    content = {
        "model": MODEL,
        "made_at": "2026-10-01T08:00:00+00:00",
        "as_of": ["2026-09-15"],
        "bands": {"all": 120},
        "signals": [{"code": "S-04", "verdict": "FAILED"}],
        "suspended_by": ["S-04"],
        "stopped_by": ["S-04"],
    }
    publish_report(review.project, content, {"report.html": "<p></p>"}, folder)
    open_by_hand(review.project, model=MODEL, what="The scores of a whole week were equal.", role="leder", now=review.clock.now)

    found = lines(review)

    assert f'tidlig_signal{{model="{MODEL}",signal="S-04",verdict="FAILED"}} 1.0' in found
    assert f'tidlig_report_people{{model="{MODEL}"}} 120.0' in found
    assert f'tidlig_incidents_open{{model="{MODEL}"}} 1.0' in found
    assert f'tidlig_report_sign_off{{model="{MODEL}",state="unsigned"}} 1.0' in found
