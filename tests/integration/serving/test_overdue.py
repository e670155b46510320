"""Deadlines that pass: a reminder, then the leader, and never a case that closes under a family."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from features.declarations.project import Project, load_project
from features.declarations.reviewing import Review, StateDeadline
from features.errors import ProjectError
from serving.app import open_service
from serving.cases.deadlines import check_deadlines, due_in_state
from serving.cases.expiry import expire_overdue
from serving.cases.overdue import remind_and_escalate
from serving.cases.states import CaseState
from serving.settings import Settings
from tests.support import review as support
from tests.support.follow_up import ok, refused, to_family
from tests.support.projects import tiny_project
from tests.support.review import NEED


def look(review: support.Review) -> tuple[int, int]:
    """Look for passed deadlines, as the service's timer does."""
    with review.database.transaction() as session:
        expire_overdue(session, review.project, now=review.clock())
        return remind_and_escalate(session, review.project, now=review.clock())


def test_a_reviewer_is_reminded_once_and_the_open_form_stays_good(review: support.Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    ok(caller.step(case, "assign"))
    review.clock.forward(days=20)
    caller = review.log_in_again("koordinator-9901")
    version = caller.version(case)

    found = [look(review), look(review)]

    assert found == [(1, 0), (0, 0)]
    assert [(row["is_reminded"], row["is_overdue"]) for row in ok(caller.get("/cases"))] == [(True, True)]
    assert "case.reminded" in [line["event"] for line in ok(caller.get(f"/cases/{case}"))["history"]]
    opened = ok(caller.post(f"/cases/{case}/open", {"need_to_know": NEED}, version=version))
    assert opened["row"]["is_reminded"] is False


def test_before_the_family_was_met_the_leader_is_not_told_and_time_closes_the_case(review: support.Review) -> None:
    case = review.add_case()
    review.clock.forward(days=20)
    first = look(review)
    review.clock.forward(days=20)
    second = look(review)
    review.clock.forward(days=25)
    look(review)

    assert (first, second, review.row(case).state) == ((1, 0), (0, 0), "UTLØPT")


def test_after_the_family_was_met_the_leader_is_told_and_nothing_ever_closes_it(review: support.Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    to_family(caller, case)
    found = []
    for days in (20, 3, 4, 400):
        review.clock.forward(days=days)
        found.append(look(review))

    row = review.row(case)

    assert found == [(1, 0), (0, 0), (0, 1), (0, 0)]
    assert (row.state, row.escalated_on is not None) == ("FAMILIE_INFORMERT", True)


@pytest.mark.requirement("R-28")
@pytest.mark.requirement("R-08")
def test_a_leader_sees_which_cases_are_late_and_with_whom_and_nothing_of_them(review: support.Review) -> None:
    case, free = review.add_case(), review.add_case()
    review.add_case(municipality="9902")
    review.add_case(municipality=None, is_shielded=True)
    ok(review.caller("koordinator-9901").step(case, "assign"))
    review.clock.forward(days=20)
    leader = review.caller("leder-9901")

    answer = leader.get("/overdue")

    assert {(line["case_id"], line["assignee"]) for line in ok(answer)} == {(case, "koordinator-9901"), (free, None)}
    of_its_place = {"case_id", "reference", "state", "state_label", "since", "due_on", "assignee", "is_escalated"}
    assert set(ok(answer)[0]) == of_its_place | {"has_left", "version", "steps"}, "what passing it on takes, and nothing of what is in it"
    assert refused(review.log_in_again("koordinator-9901").get("/overdue")) == (403, "TID712")


def test_a_deadline_for_a_state_that_there_is_not_is_refused_when_the_service_opens(tmp_path: Path) -> None:
    project = load_project(tiny_project(tmp_path / "project"))

    def with_deadline(state: str) -> Project:
        own = project.screening.review.model_copy(update={"deadlines": {state: StateDeadline(amount=5, unit="days")}})
        return replace(project, screening=project.screening.model_copy(update={"review": own}))

    check_deadlines(with_deadline("TILDELT"))
    for state in ("TILDELLT", "LUKKET"):
        with pytest.raises(ProjectError, match="TID781"):
            open_service(Settings(), with_deadline(state))


def test_a_project_s_own_deadline_counts() -> None:
    own = Review(deadlines={"TILDELT": StateDeadline(amount=2, unit="working_days")})

    assert due_in_state(CaseState.ASSIGNED, date(2026, 11, 20), own) == date(2026, 11, 24)
    assert due_in_state(CaseState.OWN_VIEW, date(2026, 11, 20), own) == date(2026, 12, 4)
