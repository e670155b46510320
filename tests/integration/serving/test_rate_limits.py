"""Who calls too often waits, and nobody else does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from serving.http.rate_limits import build_rate_limits
from serving.settings import Settings
from tests.support.machines import TOKEN, let_machine_in
from tests.support.review import Review, review_service


@pytest.fixture
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    """The limits are those of a process, whatever database it has."""
    with review_service(tmp_path_factory.mktemp("limited") / "project") as running:
        yield running


def limit(review: Review, **limits: int) -> None:
    review.app.state.rate_limits = build_rate_limits(Settings(**limits))


def test_an_account_that_calls_too_often_waits(review: Review) -> None:
    caller, other = review.caller("koordinator-9901"), review.new_coordinator("9901")
    limit(review, calls_per_minute=3)
    answers = [caller.get("/cases") for _ in range(5)]

    assert [a.status_code for a in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].json()["code"] == "TID740"
    assert answers[-1].headers["content-type"] == "application/problem+json"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert other.get("/cases").status_code == 200


def test_an_address_is_counted_before_anybody_is_looked_up(review: Review) -> None:
    limit(review, calls_per_minute_address=2)
    nobody = review.anonymous()

    assert [nobody.get("/api/v1/cases").status_code for _ in range(4)] == [401, 401, 429, 429]
    assert nobody.get("/health/live").status_code == 200


def test_scoring_is_held_more_strictly(review: Review) -> None:
    let_machine_in(review.app)
    limit(review, score_calls_per_minute=1)
    body = {"stage": "grade_1", "outcome": "x", "as_of": "2026-06-15", "histories": [{"key": "a", "records": []}]}
    answers = [review.anonymous().post("/api/v1/scores", json=body, headers=TOKEN) for _ in range(2)]

    assert [a.status_code for a in answers] == [422, 429]
    assert Settings().score_calls_per_minute < Settings().calls_per_minute < Settings().calls_per_minute_address
