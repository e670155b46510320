"""The list of cases: what waits for whom, how much of the capacity is used, and a long list a part at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from serving.access.accounts import account_of, find_account_row
from serving.access.desk import Desk
from serving.cases.access import in_reach
from serving.cases.queue import list_part, place_of, read_queue
from serving.cases.states import OPEN_STATES, CaseState
from serving.console.pages.queue import MOST_ROWS
from serving.storage.tables import CaseRow
from tests.support.console import console_service, reader
from tests.support.review import Review

LOGIN = "koordinator-9901"


@pytest.fixture
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    """Give each test a service of its own: lists are of everything there is."""
    with console_service(tmp_path_factory.mktemp("queue") / "project") as running:
        yield running


def cases_of(page: str) -> list[str]:
    return re.findall(r'<a class="reference" href="/cases/(\w+)">', page)


def test_a_long_list_is_shown_a_part_at_a_time_and_nothing_twice(review: Review) -> None:
    today = review.clock().date()
    waiting = {review.add_case(due_on=today + timedelta(days=n % 4)) for n in range(MOST_ROWS + 5)}
    person = reader(review, LOGIN)
    first = person.open("/queue")
    assert f"{MOST_ROWS + 5} nye saker venter" in first
    assert len(cases_of(first)) == MOST_ROWS
    following = re.search(r'href="(/queue\?free=[^"#]+)#free"', first)
    assert following is not None
    rest = person.open(following[1].replace("&amp;", "&"))
    assert set(cases_of(first)) | set(cases_of(rest)) == waiting
    assert not set(cases_of(first)) & set(cases_of(rest))
    assert "Vis flere" not in rest
    assert "Til begynnelsen av listene" in rest
    assert person.client.get("/queue?free=tull").status_code == 422


def test_the_page_says_on_whom_own_cases_wait_and_what_of_the_capacity_is_used(review: Review) -> None:
    caller = review.caller(LOGIN)
    for _ in range(2):
        caller.to_review(review.add_case())
    handed_on = review.add_case()
    caller.to_review(handed_on)
    decided = caller.step(
        handed_on, "decisions", {"step": "decide_second_reader", "reason": "Jeg vil at en kollega ser på dette med egne øyne først."}
    )
    assert decided.status_code == 201, decided.text
    page = reader(review, LOGIN).open("/queue")
    assert "3 saker er åpne hos deg. 2 venter på deg, 1 på andreleser." in re.sub(r"\s+", " ", page)
    capacity = next(m.capacity for m in review.project.screening.municipality if m.number == "9901")
    assert f"3 forslag er gitt i november 2026, av {capacity} som tjenestene her rekker å se på." in page


@pytest.mark.requirement("R-08")
def test_shielded_caseworkers_are_told_no_capacity(review: Review) -> None:
    assert "rekker å se på" not in reader(review, "skjermet-saksbehandler").open("/queue")


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), limit=st.integers(1, 9))
def test_parts_are_the_whole_list_in_its_order(review: Review, data: st.DataObject, limit: int) -> None:
    today, own = review.clock().date(), review.account_id(LOGIN)
    for day, mine, state in data.draw(
        st.lists(
            st.tuples(st.one_of(st.none(), st.integers(-2, 3)), st.booleans(), st.sampled_from([CaseState.NEW, CaseState.CLOSED])),
            max_size=5,
        )
    ):
        due = None if day is None else today + timedelta(days=day)
        if mine:
            review.add_case(due_on=due, state=CaseState.ASSIGNED.value if state is CaseState.NEW else state.value, assignee_id=own)
        else:
            review.add_case(due_on=due, state=state.value)
    with review.database.transaction() as session:
        row = find_account_row(session, LOGIN)
        assert row is not None
        desk = Desk(session=session, keys=review.keys, project=review.project, account=account_of(row), now=review.clock())
        every = session.scalars(select(CaseRow)).all()
        reached = set(session.scalars(select(CaseRow.id).where(in_reach(desk.account))))
        expected = sorted(
            ((case.due_on or case.expires_on).isoformat(), case.reference)
            for case in every
            if case.id in reached and CaseState(case.state) in OPEN_STATES
        )
        found, after = [], None
        while True:
            part = list_part(desk, after=after, limit=limit)
            assert len(part.rows) <= limit
            found += [place_of(line) for line in part.rows]
            after = part.end
            if after is None:
                break
        assert found == expected
        queue = read_queue(desk, mine_after=None, free_after=None, limit=1000)
        assert sorted(place_of(line) for line in (*queue.mine.rows, *queue.free.rows)) == expected
        assert (queue.n_mine, queue.n_free) == (len(queue.mine.rows), len(queue.free.rows))
        assert all(line.is_mine for line in queue.mine.rows)
        assert sum(queue.waits_for.values()) == queue.n_mine
