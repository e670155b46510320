"""With real people's data nothing is screened or scored under a purpose whose words the controller has not approved, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from features.declarations.project import Project
from features.errors import ReviewError
from serving.access.accounts import account_of, find_account_row
from serving.access.desk import Desk
from serving.demo.accounts import create_demo_accounts
from serving.demo.purposes import approve_demo_purposes
from serving.purposes import approvals
from serving.storage.database import Database
from tests.support.databases import new_service_database
from tests.support.review import Review, review_service


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def review(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    url = new_service_database(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else None
    with review_service(tmp_path_factory.mktemp("approvals") / "project", url=url) as running:
        create_demo_accounts(running.database, running.project, settings=running.settings, now=running.clock())
        yield running


def with_data(project: Project, data: str, **purpose: object) -> Project:
    """Give the project as if of other people, with other words in its score purpose."""
    purposes = tuple(one.model_copy(update=purpose) if one.kind == "score" else one for one in project.screening.purpose)
    about = project.screening.project.model_copy(update={"data": data})
    return replace(project, screening=project.screening.model_copy(update={"project": about, "purpose": purposes}))


def check(database: Database, project: Project, review: Review) -> None:
    with database.reading() as session:
        approvals.check_score_approved(session, project, days=(review.clock().date(),))


def act(review: Review, project: Project, *, reason: str | None = None) -> None:
    with review.database.transaction() as session:
        row = find_account_row(session, "dataansvarlig")
        assert row is not None
        desk = Desk(session=session, keys=review.keys, project=project, account=account_of(row), now=review.clock())
        digest = approvals.digest_of(next(one for one in project.screening.purpose if one.kind == "score"))
        if reason is None:
            approvals.approve(desk, digest)
        else:
            approvals.withdraw(desk, digest, reason=reason)


@pytest.mark.requirement("R-02")
def test_real_people_are_neither_screened_nor_scored_until_the_present_words_are_approved(review: Review) -> None:
    real = with_data(review.project, "real")
    for data in ("synthetic", "public"):
        check(review.database, with_data(review.project, data), review)
    with pytest.raises(ReviewError, match=r"TID777.*dataansvarlig.*/purposes"):
        check(review.database, real, review)
    act(review, real)
    check(review.database, real, review)
    for change in ({"legal_basis": "Another basis"}, {"controller": "Another municipality"}):
        with pytest.raises(ReviewError, match="TID777"):
            check(review.database, with_data(review.project, "real", **change), review)
    act(review, real, reason="The basis was repealed, and a new one is not in force yet.")
    with pytest.raises(ReviewError, match="TID777"):
        check(review.database, real, review)
    with review.database.transaction() as session, pytest.raises(DatabaseError):
        session.execute(text("delete from purpose_approvals"))


def test_the_demo_s_controller_approves_each_purpose_once(review: Review, tmp_path: Path) -> None:
    n = approve_demo_purposes(review.database, review.project, review.keys, settings=review.settings, now=review.clock())
    assert n == sum(1 for _ in review.project.screening.purpose)
    again = approve_demo_purposes(review.database, review.project, review.keys, settings=review.settings, now=review.clock())
    assert again == 0
