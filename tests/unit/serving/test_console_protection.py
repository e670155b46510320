"""The data protection officer's page: counts by age and date, small ones hidden, nobody's name, and staff by account."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.small_cells import SMALLEST_CELL
from serving.access.accounts import account_of, find_account_row
from serving.aggregates.overview import hide_small, total_of
from serving.console.language import LANGUAGES
from serving.protection.standing import Standing, build_standing
from serving.storage.tables import ConsentRow, RestrictionRow
from tests.support.console import console_service, reader
from tests.support.review import NEED, VIEW, Review


@pytest.fixture
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    with console_service(tmp_path_factory.mktemp("protection") / "project") as running:
        yield running


def add_objection(review: Review, *, days_ago: int, **case: Any) -> str:
    identity = review.add_case(state="STANSET", **case)
    with review.database.transaction() as session:
        row = RestrictionRow(
            id=secrets.token_hex(16),
            subject_id=review.row(identity).subject_id,
            case_id=identity,
            kind="objection",
            role="koordinator",
            sealed_statement=None,
            registered_at=review.clock() - timedelta(days=days_ago),
            lifted_at=None,
        )
        session.add(row)
    return identity


def add_consent(review: Review, *, ends_in: int, withdrawn: bool = False, **case: Any) -> None:
    identity, now = review.add_case(state="BTI_1", **case), review.clock()
    with review.database.transaction() as session:
        row = ConsentRow(
            id=secrets.token_hex(16),
            case_id=identity,
            subject_id=review.row(identity).subject_id,
            sealed=None,
            given_on=now.date(),
            valid_to=now.date() + timedelta(days=ends_in),
            recorded_at=now,
            withdrawn_at=now if withdrawn else None,
        )
        session.add(row)


def standing(review: Review) -> Standing:
    with review.database.reading() as session:
        row = find_account_row(session, "personvernombud")
        assert row is not None
        return build_standing(session, account_of(row), review.project, today=review.clock().date())


@pytest.mark.requirement("R-09")
def test_counts_stand_by_age_and_small_ones_are_hidden(review: Review) -> None:
    for days, n in ((1, 6), (10, 7), (40, 2)):
        for _ in range(n):
            add_objection(review, days_ago=days)
    found = standing(review).objections
    assert found.by_kind == {"under_a_week": None, "under_a_month": 7, "longer": None}  # the second hidden one protects the first
    assert found.total == 15
    page = reader(review, "personvernombud").open("/protection")
    assert page.count("skjult*") >= 2


@pytest.mark.requirement("R-08")
def test_persons_with_a_protected_address_are_in_no_count(review: Review) -> None:
    before = standing(review)
    for _ in range(6):
        add_objection(review, days_ago=1, is_shielded=True, municipality=None)
        add_consent(review, ends_in=90, is_shielded=True, municipality=None)
    assert standing(review) == before


def test_consents_are_in_force_run_out_are_over_or_withdrawn(review: Review) -> None:
    for ends_in, withdrawn, n in ((90, False, 5), (30, False, 6), (-1, False, 7), (90, True, 8)):
        for _ in range(n):
            add_consent(review, ends_in=ends_in, withdrawn=withdrawn)
    assert standing(review).consents.by_kind == {"in_force": 5, "runs_out": 6, "over": 7, "withdrawn": 8}


@pytest.mark.requirement("R-25")
def test_what_is_due_is_told_by_when_and_the_day_is_of_five_or_more(review: Review) -> None:
    today = review.clock().date()
    for _ in range(4):
        review.add_case(expires_on=today + timedelta(days=1))
    assert standing(review).unreviewed.next_on is None
    for _ in range(5):
        review.add_case(expires_on=today + timedelta(days=20))
    found = standing(review).unreviewed
    assert found.next_on == today + timedelta(days=21)
    assert found.counts.by_kind == {"overdue": 0, "week": None, "month": None, "later": 0}
    review.add_case(state="LUKKET", state_since=review.clock() - timedelta(days=review.project.screening.retention.closed_days))
    assert standing(review).closed.counts.total is None


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(0, 12), min_size=1))
def test_a_reader_who_solves_learns_no_number_under_five(counts: dict[str, int]) -> None:
    """The oracle: every way to fill in what is hidden that fits what is shown; a hidden count of one to four is never the only way."""
    shown, total = hide_small(counts), total_of(counts)
    hidden = [name for name, n in shown.items() if n is None]
    if total is None or not hidden:
        return
    left = total - sum(n for n in shown.values() if n is not None)
    for name in hidden:
        if 0 < counts[name] < SMALLEST_CELL:
            others = len(hidden) - 1
            possible = [n for n in range(1, left + 1) if others <= left - n and (others > 0 or left == n)]
            assert len(possible) > 1


@pytest.mark.requirement("R-28")
def test_who_opened_what_stands_by_account_and_leads_to_their_lines(review: Review) -> None:
    coordinator, cases = reader(review, "koordinator-9901"), [review.add_case() for _ in range(2)]
    for case in cases:
        _, page = coordinator.send(coordinator.open(f"/cases/{case}"), f"/cases/{case}/assign")
        _, page = coordinator.send(page, f"/cases/{case}/open", need_to_know=NEED)
    coordinator.send(page, f"/cases/{case}/own-view", **VIEW)  # after which the page shows the proposal
    officer = reader(review, "personvernombud")
    page = officer.open("/protection")
    row = re.search(r"<tr><td><a href=\"(/audit-log\?by=[0-9a-f]{32})\">koordinator-9901</a>.*?</tr>", page, re.S)
    assert row is not None
    assert re.findall(r'<td class="number">(\d+)</td>', row[0]) == ["2", "1", "0", "0"]
    assert all(review.row(case).reference not in page and review.row(case).subject_id not in page for case in cases)
    assert NEED not in page
    lines = officer.open(row[1])
    assert "Bare linjer fra kontoen koordinator-9901." in lines
    assert "<td>Personvernombud</td>" not in lines
    assert "Personvernsiden lest" in officer.open("/audit-log")


@pytest.mark.requirement("R-08")
def test_what_shielded_caseworkers_open_is_not_told(review: Review) -> None:
    case = review.add_case(is_shielded=True, municipality=None)
    shielded = reader(review, "skjermet-saksbehandler")
    _, page = shielded.send(shielded.open(f"/cases/{case}"), f"/cases/{case}/assign")
    shielded.send(page, f"/cases/{case}/open", need_to_know=NEED)
    assert "skjermet-saksbehandler" not in reader(review, "personvernombud").open("/protection")


def test_what_was_opened_long_ago_is_not_counted(review: Review) -> None:
    case, coordinator = review.add_case(), reader(review, "koordinator-9901")
    _, page = coordinator.send(coordinator.open(f"/cases/{case}"), f"/cases/{case}/assign")
    coordinator.send(page, f"/cases/{case}/open", need_to_know=NEED)
    review.clock.forward(days=31)
    assert "Ingen har åpnet noe." in reader(review, "personvernombud").open("/protection")


@pytest.mark.requirement("R-42")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_officer_starts_here_in_each_language_and_nobody_else_comes_in(review: Review, language: str) -> None:
    assert f'<html lang="{language}"' in reader(review, "personvernombud", language=language).open("/protection")
    assert 'aria-current="page"' in reader(review, "personvernombud").open("/")
    assert reader(review, "leder-9901").client.get("/protection").status_code == 403
