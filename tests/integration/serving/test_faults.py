"""A fault of ours: the answer is a problem like any other, with every header, and says nothing of what it happened with."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

import serving.operation.timer
from serving.cases.expiry import expire_overdue
from tests.support.review import Review

SECRET = "a subject's words"


def test_a_fault_answers_as_a_problem_with_every_header(review: Review) -> None:
    @review.app.get("/api/v1/faulty")
    def faulty() -> None:
        raise RuntimeError(SECRET)

    answer = TestClient(review.app).get("/api/v1/faulty")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "TID799"
    assert SECRET not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-tidlig-synthetic"] == "true"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.requirement("R-25")
def test_a_running_service_keeps_looking_for_cases_past_their_deadline(review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def expire(opened: object, project: object, *, now: object) -> int:
        seen.append(now)
        return expire_overdue(opened, project, now=now)  # type: ignore[arg-type]

    monkeypatch.setattr(serving.operation.timer, "expire_overdue", expire)
    monkeypatch.setattr(serving.operation.timer, "LOOK_SECONDS", 0.01)
    with TestClient(review.app) as client:
        review.clock.now += timedelta(days=1)
        while len(set(seen)) < 2:
            assert client.get("/health/live").status_code == 200
    assert len(set(seen)) == 2, "once when it starts, and again while it runs"
