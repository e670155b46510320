"""From reviews over HTTP to what an auditor's report counts of them, on both databases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from features.finished_reviews import as_audit_subjects, read_finished_reviews
from features.scored import read_scored
from monitoring.oversight.paths import PATHS
from monitoring.oversight.reviews import Oversight, measure_oversight
from serving.storage.tables import CaseRow
from tests.support.follow_up import consent, decide, informed, ok, talk
from tests.support.review import VIEW, Caller, Review
from tests.support.screened import cases_in


def counted(review: Review) -> tuple[Oversight, dict[str, int]]:
    """Count as the monthly report does, and give how many are on each path."""
    scored = read_scored(review.project)
    reviews = as_audit_subjects(review.project, read_finished_reviews(review.project))
    subjects, label = scored["subject_id"].tolist(), np.full(len(scored), np.nan)
    oversight = measure_oversight(subjects, scored["proposed"], reviews, label=label, groups={"everybody": [""] * len(scored)})
    cells = oversight.tables.everybody.cells
    assert cells is not None
    people = cells.reshape(len(PATHS), -1).sum(axis=1)
    return oversight, {path: int(n) for path, n in zip(PATHS, people, strict=True) if n}


def one_reader_cases(review: Review) -> list[str]:
    """Give the cases of one municipality, without those that the quality sample drew: which these are differs from run to run."""
    with review.database.transaction() as session:
        session.execute(update(CaseRow).values(needs_second_reader=False, is_quality_sample=False))
    return [case.id for case in cases_in(review, "9901")]


def review_case(review: Review, caller: Caller, case: str, inclination: str, step: str) -> Any:
    """Take a case from the list to a decision."""
    caller.to_own_view(case)
    ok(caller.step(case, "own-view", {**VIEW, "inclination": inclination}))
    review.clock.forward(minutes=1)
    return ok(decide(caller, case, step), 201)


@pytest.mark.requirement("R-37")
def test_what_reviewers_did_is_what_the_report_counts(screened: Review) -> None:
    first, second, third = one_reader_cases(screened)
    caller = screened.caller("koordinator-9901")
    n_screened = len(read_scored(screened.project))
    assert counted(screened)[1] == {"left": n_screened - 5, "waiting": 5}

    review_case(screened, caller, first, "no_concern", "decide_wondering")
    review_case(screened, caller, second, "concern", "decide_no_need")
    review_case(screened, caller, third, "unsure", "decide_wrong_basis")
    oversight, paths = counted(screened)

    assert paths == {"left": n_screened - 5, "waiting": 2, "not_worried talk": 1, "worried no_need": 1, "unsure data_error": 1}
    assert (oversight.n_reviews, oversight.n_agreed) == (2, 1)
    shares = oversight.tables.everybody.shares
    assert (shares["towards"].point, shares["away"].point, shares["data_error"].point) == (1, 1, 1 / 3)
    assert oversight.workload.reviews == (3,)
    speed = next(table for table in oversight.tables.by_mark if table.attribute == "speed")
    assert {row.group: row.n_decided for row in speed.rows} == {"fast": 3, "not decided": 0}

    ok(caller.step(first, "talk", talk()))
    ok(caller.step(first, "family-informed", informed()))
    assert counted(screened)[1]["not_worried told"] == 1
    ok(caller.step(first, "consents", consent()), 201)
    assert counted(screened)[1]["not_worried consented"] == 1


@pytest.mark.requirement("R-22")
def test_who_objects_is_in_no_count_of_reviews_from_then_on(screened: Review) -> None:
    first, second, _ = one_reader_cases(screened)
    caller = screened.caller("koordinator-9901")
    for case in (first, second):
        review_case(screened, caller, case, "concern", "decide_wondering")
    assert counted(screened)[0].n_reviews == 2

    assert caller.step(first, "objections", {"statement": ""}).status_code == 201

    assert counted(screened)[0].n_reviews == 1
