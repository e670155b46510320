"""Passing a case on, on pages: from the list of what waits to the one who takes over; as a browser without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from serving.access.keeping_accounts import close_account
from serving.cases.leaving import release_left
from serving.storage.tables import CaseRow
from tests.support.console import console_service, reader
from tests.support.follow_up import decide, talk, to_second_view, to_wondering
from tests.support.review import VIEW, Review

WHY = "Familien venter på svar, og saken trenger en ny koordinator."


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    """Give one service to all tests of this file; each makes the cases that it needs."""
    with console_service(tmp_path_factory.mktemp("passing-on") / "project") as running:
        yield running


def leave(review: Review, login: str) -> None:
    with review.database.transaction() as session:
        close_account(session, login, now=review.clock())
        release_left(session, review.project, now=review.clock())


@pytest.mark.requirement("R-28")
def test_a_leader_passes_a_case_on_and_the_next_coordinator_opens_it(review: Review) -> None:
    leaving, case = review.new_coordinator("9901"), review.add_case()
    to_wondering(leaving, case)
    assert leaving.step(case, "talk", talk()).status_code == 200
    leave(review, leaving.login)
    leader, next_one = reader(review, "leder-9901"), reader(review, "koordinator-9901")

    overview = leader.open("/leader")
    assert f'href="/overdue/{case}"' in overview
    assert "Arbeider ikke lenger med sakene her" in overview
    form = leader.open(f"/overdue/{case}")
    for hidden in (VIEW["text"], talk()["about"], "Fravær"):
        assert hidden not in form
    status, page = leader.send(form, f"/overdue/{case}/pass-on", reason="kort")
    assert (status, 'id="to-error"' in page, 'id="reason-error"' in page) == (422, True, True)
    status, page = leader.send(page, f"/overdue/{case}/pass-on", to="koordinator-9901", reason=WHY)
    assert (status, f"/overdue/{case}" in page) == (200, False)
    assert leader.client.get(f"/overdue/{case}").status_code == 404

    before = next_one.open(f"/cases/{case}")
    assert "Saken er gitt videre til deg" in before
    assert talk()["about"] not in before
    status, page = next_one.send(before, f"/cases/{case}/open", need_to_know="Jeg tar over oppfølgingen av familien.")
    assert (status, talk()["about"] in page, VIEW["text"] in page) == (200, True, False)
    assert f'action="/cases/{case}/family"' in page
    assert f"/cases/{case}/access-requests" in page


def test_a_form_that_was_open_while_the_case_moved_on_is_refused_and_keeps_its_words(review: Review) -> None:
    away, case = review.new_coordinator("9901"), review.add_case()
    to_wondering(away, case)
    with review.database.transaction() as session:
        session.execute(update(CaseRow).where(CaseRow.id == case).values(due_on=review.clock().date().replace(day=1)))
    leader = reader(review, "leder-9901")
    form = leader.open(f"/overdue/{case}")
    with review.database.transaction() as session:
        session.execute(update(CaseRow).where(CaseRow.id == case).values(version=CaseRow.version + 1))

    status, page = leader.send(form, f"/overdue/{case}/pass-on", to="koordinator-9901", reason=WHY)

    assert (status, WHY in page) == (409, True)
    assert review.row(case).assignee_id == review.account_id(away.login)


@pytest.mark.requirement("R-08")
@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_shielded_caseworkers_have_the_list_on_a_page_of_their_own(review: Review, language: str) -> None:
    case = review.add_case(municipality=None, is_shielded=True)
    leaving, colleague = (review.new_account("skjermet-saksbehandler", municipality=None) for _ in range(2))
    to_second_view(leaving, colleague, case)
    decide(leaving, case, "decide_wondering", reason=f"Begge mener at en samtale om hverdagen vil gjøre godt. {language}")
    leave(review, leaving.login)
    somebody = reader(review, "skjermet-saksbehandler", language=language)

    page = somebody.open("/overdue")

    assert f'href="/overdue/{case}"' in page
    assert 'href="/overdue"' in page  # in the menu
    assert f'href="/overdue/{case}"' not in reader(review, "leder-9901").open("/leader")
    assert leaving.login in somebody.open(f"/overdue/{case}")
