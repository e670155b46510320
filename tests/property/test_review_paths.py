"""No path of steps reaches a decision without an own view, a reason, and the one who took the case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from serving.cases.states import BEFORE_THE_PROPOSAL, DECISIONS, CaseState
from serving.tables import DecisionRow, OwnViewRow
from tests.support.review import NEED, REASON, VIEW, Caller, Review, review_service

STEPS: dict[str, Any] = {
    "assign": None,
    "open": {"need_to_know": NEED},
    "own-view": VIEW,
    "close": None,
    "objections": {"statement": "Nei."},
    **{f"decisions:{step}": {"step": step.value, "reason": REASON} for step in DECISIONS},
}

tries = st.lists(st.tuples(st.sampled_from(("owner", "colleague", "elsewhere")), st.sampled_from(sorted(STEPS))), max_size=10)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Review, dict[str, Caller]]]:
    with review_service(tmp_path_factory.mktemp("review") / "project") as review:
        yield (
            review,
            {
                "owner": review.caller("koordinator-9901"),
                "colleague": review.new_coordinator("9901"),
                "elsewhere": review.caller("koordinator-9902"),
            },
        )


@pytest.mark.requirement("R-20")
@pytest.mark.requirement("R-01")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tries=tries)
def test_no_path_reaches_a_decision_without_own_view(running: tuple[Review, dict[str, Caller]], tries: list[tuple[str, str]]) -> None:
    review, callers = running
    case = review.add_case()
    for number, (who, what) in enumerate(tries):
        body = STEPS[what]
        if what.startswith("decisions"):
            body = {**body, "reason": f"{REASON} {case} {number}"}
        version = review.row(case).version
        answer = callers[who].post(f"/cases/{case}/{what.partition(':')[0]}", body, version=version)

        assert answer.status_code in (200, 201, 404, 409), answer.text
        _check(review, case, answer)


def _check(review: Review, case: str, answer: Any) -> None:
    row = review.row(case)
    with review.database.reading() as session:
        views = session.scalars(select(OwnViewRow).where(OwnViewRow.case_id == case)).all()
        decisions = session.scalars(select(DecisionRow).where(DecisionRow.case_id == case)).all()
    assert all(any(v.account_id == d.account_id == row.assignee_id and v.written_at <= d.decided_at for v in views) for d in decisions)
    if not views:
        assert CaseState(row.state) in BEFORE_THE_PROPOSAL | {CaseState.STOPPED}
        assert "worth_a_look" not in answer.text
