"""Looking back on the cohorts: numbers that are about nobody, and one's own cases, which open one by one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest

from features.declarations.catalogue import Sector
from serving.aggregates.cohort_records import CohortRecord, build_record, find_record, write_record
from serving.auditing import log
from serving.cases.states import CaseState, Step
from serving.operation.timer import look
from serving.storage.tables import DecisionRow, ScreeningRow
from tests.support.console import console_service, reader
from tests.support.review import Review, proposal

SCREENING = "5" * 32


@pytest.fixture
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    """Give each test a service of its own: what is counted are all cases of a cohort."""
    with console_service(tmp_path_factory.mktemp("cohorts") / "project") as running:
        yield running


def with_cohort(review: Review, *, talks: int, closed: int, new: int) -> None:
    """Make the cases of one screening in 9901, all a colleague's but the new ones."""
    cases = [
        (review.add_case(state=CaseState.CLOSED.value), step)
        for step, n in ((Step.DECIDE_WONDERING, talks), (Step.DECIDE_NO_NEED, closed))
        for _ in range(n)
    ]
    for _ in range(new):
        review.add_case()
    colleague = review.account_id("koordinator-9902")
    with review.database.transaction() as session:
        for case, step in cases:
            row = {"id": secrets.token_hex(16), "case_id": case, "account_id": colleague, "step": step.value, "inclination": "unsure"}
            session.add(DecisionRow(**row, decided_at=review.clock()))
        session.get_one(ScreeningRow, SCREENING).cases_by_municipality = {"9901": talks + closed + new, "9902": 0}


def facts_of(page: str) -> dict[str, str]:
    """Read a page's list of facts."""
    return {name: re.sub(r"<[^>]*>", "", value).strip() for name, value in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page, re.S)}


@pytest.mark.requirement("R-09")
def test_a_cohort_is_told_in_fives_until_its_period_is_told_and_then_once(review: Review) -> None:
    with_cohort(review, talks=7, closed=6, new=7)
    write_record(review.project, SCREENING, CohortRecord({"9901": 120, "9902": None}, None))
    coordinator = reader(review, "koordinator-9901")
    assert f'href="/cohorts/{SCREENING}"' in coordinator.open("/cohorts")
    page = coordinator.open(f"/cohorts/{SCREENING}")
    facts = facts_of(page)
    assert (facts["Gjennomgått i kommunen"], facts["Foreslått i kommunen"], facts["Vurdert til nå"]) == ("120", "20", "minst 10")
    assert "Vises én gang" in page

    review.clock.forward(days=110)
    look(review.database, review.project, review.clock, review.app.state.metrics)

    page = reader(review, "koordinator-9901").open(f"/cohorts/{SCREENING}")
    rows = dict(re.findall(r'<th scope="row".*?>(.*?)</th><td class="number">(.*?)</td>', page))
    assert rows["Samtale bestemt"] == "7"
    assert rows["Ikke fulgt videre"] == "6"
    assert rows["Ingen beslutning"] == "7"
    assert (rows["Familien informert"], rows["Fått oppfølging"]) == ("skjult*", "skjult*"), "that nobody was is a small number too"
    assert "Vurdert til nå" not in page


@pytest.mark.requirement("R-01")
def test_own_cases_open_one_by_one_and_a_colleagues_are_not_there(review: Review) -> None:
    mine, other = review.add_case(), review.add_case()
    review.caller("koordinator-9901").to_review(mine)
    review.new_coordinator("9901").to_review(other)
    page = reader(review, "koordinator-9901").open(f"/cohorts/{SCREENING}")
    assert f'href="/cases/{mine}"' in page
    assert other not in page
    assert review.row(other).reference not in page
    main = page[page.index("<main") : page.index("</main>")]
    assert "<form" not in main, "nothing is done to several cases at once"


@pytest.mark.requirement("R-27")
def test_reading_a_cohort_is_logged(review: Review) -> None:
    review.add_case()
    coordinator = reader(review, "koordinator-9901")
    coordinator.open("/cohorts")
    coordinator.open(f"/cohorts/{SCREENING}")
    with review.database.reading() as session:
        lines = [line for line in log.read_page(session, before=None, limit=50).lines if line.action in ("cohorts.read", "cohort.read")]
    assert [line.action for line in lines] == ["cohort.read", "cohorts.read"], "newest first"
    assert lines[0].details["screening"] == SCREENING


@pytest.mark.requirement("R-28")
def test_nobody_else_looks_back_on_a_cohort(review: Review) -> None:
    review.add_case()
    assert reader(review, "koordinator-9901").client.get(f"/cohorts/{'0' * 32}").status_code == 404
    for login in ("leder-9901", "skjermet-saksbehandler", "planlegger"):
        assert reader(review, login).client.get(f"/cohorts/{SCREENING}").status_code == 403


def test_reasons_are_told_of_many_together_and_only_what_every_reviewer_may_see(review: Review) -> None:
    many = [proposal()] * 24
    record = build_record({"9901": 200, "9902": 3}, many)
    assert record.screened == {"9901": None, "9902": None}, "the three would be the total less the others"
    assert record.raised is not None
    assert [one.indicator for one in record.raised] == ["edu_absence_days"], "a confidential reason is not named, nor one that lowered"
    assert build_record({}, many[:19]).raised is None

    review.add_case()
    catalogue = review.project.catalogue
    code = next(code for code in catalogue.indicators if catalogue.sector_of(code) is Sector.EDUCATION)
    renamed = replace(record, raised=(replace(record.raised[0], indicator=code),))
    write_record(review.project, SCREENING, renamed)
    assert find_record(review.project, SCREENING) == renamed
    page = reader(review, "koordinator-9901").open(f"/cohorts/{SCREENING}")
    assert "Trakk opp hos de fleste" in page
    assert review.project.catalogue.declared[code].label.nb in page
