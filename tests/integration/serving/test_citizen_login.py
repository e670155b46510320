"""Young people and guardians log in with ID-porten: recognised by the vault, without the service keeping who they are."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import MetaData, select

from features.restrictions import read_restrictions, restricted_subjects
from serving.oidc.provider import CITIZEN_MARK
from serving.roles import Role
from serving.storage.tables import AccountRow, CaseRow, LogRow, SessionRow
from tests.support.citizens import Village, ages, village
from tests.support.databases import new_service_database
from tests.support.oidc_provider import OidcProvider, oidc_provider
from tests.support.postgres import new_database
from tests.support.projects import raw_ids
from tests.support.review import Clock

GUARDIAN = "SYN-PARENT-1"
NOBODY = "SYN-NOBODY"


@pytest.fixture
def provider() -> Iterator[OidcProvider]:
    with oidc_provider(Clock()) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def here(request: pytest.FixtureRequest, tmp_path: Path, provider: OidcProvider) -> Iterator[Village]:
    """Give the service on both databases, and the vault on another of the same kind."""
    urls: dict[str, Any] = {}
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_url")
        urls = {"url": new_service_database(server), "vault_url": new_database(server)}
    with village(tmp_path, provider, **urls) as running:
        yield running


@pytest.fixture
def one(tmp_path: Path, provider: OidcProvider) -> Iterator[Village]:
    """The same on SQLite alone, for what does not touch the database."""
    with village(tmp_path, provider) as running:
        yield running


def with_case(here: Village, number: int = 0) -> tuple[str, CaseRow]:
    """Find somebody with a case: their identifier, and the case."""
    with here.review.database.reading() as session:
        cases = {case.subject_id: case for case in session.scalars(select(CaseRow).order_by(CaseRow.reference))}
    found = [(raw, cases[subject]) for raw in sorted(raw_ids()) if (subject := here.subject(raw)) in cases]
    return found[number]


def without_case(here: Village) -> str:
    with here.review.database.reading() as session:
        cases = set(session.scalars(select(CaseRow.subject_id)))
    return next(raw for raw in sorted(raw_ids()) if here.subject(raw) not in cases)


def everything_kept(here: Village) -> str:
    """Read every table of the service's database and of the vault as text."""
    found = []
    for engine in (here.review.database.engine, here.vault.engine):
        tables = MetaData()
        tables.reflect(engine)
        with engine.connect() as connection:
            found += [repr(row) for table in tables.sorted_tables for row in connection.execute(select(table))]
    return "\n".join(found)


def told(page: httpx.Response) -> str:
    """Give a page without what differs from one session to the next."""
    return re.sub(r'name="csrf" value="[^"]*"', "", page.text)


@pytest.mark.requirement("R-21")
@pytest.mark.requirement("R-29")
@pytest.mark.requirement("R-07")
def test_a_young_person_comes_in_and_no_identifier_stays(here: Village, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    pid, case = with_case(here)
    with here.browser() as browser:
        page = here.log_in(browser, pid)
        assert "Se hva vi vet" in page.text
        report = browser.get("/my-report")
        assert case.reference in report.text
        assert pid not in " ".join((page.text, report.text, str(browser.cookies.jar), str(page.headers), str(page.history)))

    with here.review.database.reading() as session:
        [row] = session.scalars(select(AccountRow).where(AccountRow.role == Role.CITIZEN.value))
        assert (row.subject_id, row.municipality, row.external_id) == (case.subject_id, None, CITIZEN_MARK + here.provider.person["sub"])
    assert pid not in everything_kept(here)
    assert pid not in caplog.text
    assert here.provider.asked[0]["acr_values"] == "idporten-loa-high"


@pytest.mark.requirement("R-29")
def test_a_login_that_is_not_sure_enough_or_says_nobody_is_none(one: Village) -> None:
    pid, _ = with_case(one)
    with one.browser() as browser:
        for claims in ({"acr": "idporten-loa-substantial"}, {"pid": 7}, {"pid": ""}, {"pid": "1" * 400}):
            answer = one.log_in(browser, pid, **claims)
            assert (answer.status_code, "TID731" in answer.text) == (403, True)
        assert (one.log_in(browser, None).status_code, browser.get("/api/v1/session").status_code) == (403, 401)
    with one.review.database.reading() as session:
        assert session.scalars(select(AccountRow).where(AccountRow.issuer.is_not(None))).all() == []


@pytest.mark.requirement("R-21")
def test_without_a_vault_nobody_is_sent_away_and_the_page_says_whom_to_ask(tmp_path: Path, provider: OidcProvider) -> None:
    with village(tmp_path, provider, has_vault=False) as here, here.browser() as browser:
        answer = here.log_in(browser, "SYN-000")
        assert (answer.status_code, "TID764" in answer.text, "personvernombud" in answer.text) == (503, True, True)
        assert provider.asked == []


@pytest.mark.requirement("R-06")
@pytest.mark.requirement("R-08")
def test_who_is_unknown_erased_or_hidden_sees_the_very_same_page(here: Village) -> None:
    hidden, erased = sorted(raw_ids())[:2]
    here.grade(hidden, "strengtFortrolig")
    pages = []
    here.vault.remove(here.subject(erased))
    for pid in (NOBODY, hidden, erased):
        with here.browser() as browser:
            pages.append(told(here.log_in(browser, pid)))
            pages.append(told(browser.get("/my-page")))
            assert "ingen rapport" in browser.get("/my-report").text
            assert browser.get("/my-page/objection").status_code == 404
            assert browser.get("/api/v1/me/report").status_code == 404
    assert len(set(pages)) == 1


@pytest.mark.requirement("R-21")
def test_who_is_too_young_to_log_in_alone_is_told_what_everybody_unknown_is(tmp_path: Path, provider: OidcProvider) -> None:
    with village(tmp_path, provider, alone_from=18) as here:
        pid = next(raw for raw in sorted(raw_ids()) if ages(here.review.project)[here.subject(raw)].year > 2009)
        with here.browser() as young, here.browser() as nobody:
            assert told(here.log_in(young, pid)) == told(here.log_in(nobody, NOBODY))


@pytest.mark.requirement("R-21")
def test_a_guardian_picks_a_child_and_sees_the_guardian_s_report(here: Village) -> None:
    (child, case), (other, _) = with_case(here), with_case(here, 1)
    here.fill([(child, GUARDIAN, ""), (other, "SYN-PARENT-2", "")])
    with here.browser() as browser, here.browser() as stranger:
        page = here.log_in(browser, GUARDIAN)
        [key] = re.findall(r"/my-page\?child=(\w+)", page.text)
        report = browser.get("/my-report", params={"child": key})
        assert "laget for en foresatt" in report.text
        data = browser.get("/api/v1/me/report", params={"child": key}).json()["data"]
        assert (data["reader"], [one["reference"] for one in data["cases"]]) == ("guardian", [case.reference])
        assert {line["indicator"] for line in data["records"]}.isdisjoint({"edu_municipality"})
        here.log_in(stranger, "SYN-PARENT-2")
        assert stranger.get("/my-report", params={"child": key}).status_code == 404, "a key is one guardian's alone"
        assert "født" not in here.log_in(stranger, NOBODY).text

    with here.review.database.reading() as session:
        made = [entry for entry in session.scalars(select(LogRow.entry)) if '"person.report_made"' in entry]
        account = session.scalars(select(AccountRow.id).where(AccountRow.external_id == CITIZEN_MARK + _sub(GUARDIAN))).one()
    assert len(made) == 2
    assert all(f'"{account}"' in entry and '"guardian"' in entry and f'"{case.id}"' in entry for entry in made)
    assert not [raw for raw in (GUARDIAN, child, other) if raw in everything_kept(here)]


def _sub(pid: str) -> str:
    return f"sub-of-{hash(pid) % 10_000}"


@pytest.mark.requirement("R-08")
def test_a_child_with_a_protected_address_is_no_child_of_anybody_s(one: Village) -> None:
    child, case = with_case(one)
    one.fill([(child, GUARDIAN, "")])
    with one.browser() as browser, one.browser() as nobody:
        page = one.log_in(browser, GUARDIAN)
        [key] = re.findall(r"/my-page\?child=(\w+)", page.text)
        one.grade(child, "fortrolig")
        assert told(browser.get("/my-page")) == told(one.log_in(nobody, NOBODY))
        refused = [
            browser.get(path, params={"child": key}) for path in ("/my-page", "/my-report", "/my-page/objection", "/api/v1/me/report")
        ]
        assert {answer.status_code for answer in refused} == {404}
        wrong = browser.get("/api/v1/me/report", params={"child": "0" * 24})
        assert wrong.json() == refused[-1].json()
    with one.browser() as themselves:
        assert case.reference in one.log_in(themselves, child, to="/my-report").text, "the person reads their own"


@pytest.mark.requirement("R-23")
def test_a_guardian_answers_for_nobody_too_old_past_the_last_day_or_by_an_old_extract(one: Village) -> None:
    child, _ = with_case(one)
    today = one.review.clock().date()
    for last, days, is_there in (("", 0, True), (today.isoformat(), 0, True), ((today - timedelta(days=1)).isoformat(), 0, False)):
        one.fill([(child, GUARDIAN, last)])
        with one.browser() as browser:
            assert ("Barn født" in one.log_in(browser, GUARDIAN).text) is is_there, (last, days)
    one.fill([(child, GUARDIAN, "")])
    clock = one.review.clock
    for after, is_there in ((31, True), (1, False)):
        clock.forward(days=after)
        with one.browser() as browser:
            assert ("Barn født" in one.log_in(browser, GUARDIAN).text) is is_there
    clock.forward(days=-32)
    old = next(raw for raw in sorted(raw_ids()) if ages(one.review.project)[one.subject(raw)].year < 2008)
    one.fill([(old, GUARDIAN, "")])
    with one.browser() as browser:
        assert "Barn født" not in one.log_in(browser, GUARDIAN).text


@pytest.mark.requirement("R-22")
def test_a_no_from_oneself_stops_the_case_at_once_and_stands_once(here: Village) -> None:
    pid, case = with_case(here)
    with here.browser() as browser:
        here.log_in(browser, pid)
        done = here.send(browser, browser.get("/my-page/objection").text, "/my-page/objection")
        assert (done.status_code, "Neiet er registrert" in done.text) == (200, True)
        assert here.review.row(case.id).state == "STANSET"
        assert 'action="/my-page/objection"' not in done.text, "what stands is not asked for again"
        again = browser.post("/my-page/objection", data={"csrf": _csrf(done.text), "child": ""})
        assert again.status_code == 200
        assert "Neiet gjelder fra" in browser.get("/my-page").text
        assert browser.post("/my-page/objection", data={"child": ""}).status_code == 403, "no form of this session"
    table = read_restrictions(here.review.project)
    assert table[table["subject_id"] == case.subject_id]["kind"].tolist() == ["objection"]
    leader = here.review.caller(f"leder-{case.municipality}")
    assert [line["reference"] for line in leader.get("/objections").json()["data"]] == [case.reference]
    with here.review.database.reading() as session:
        entries = [entry for entry in session.scalars(select(LogRow.entry)) if '"objection.own"' in entry]
    assert len(entries) == 1
    assert '"by":"person"' in entries[0]


@pytest.mark.requirement("R-22")
def test_a_no_of_somebody_without_a_case_keeps_them_out_of_every_run(here: Village) -> None:
    pid = without_case(here)
    subject = here.subject(pid)
    with here.browser() as browser:
        here.log_in(browser, pid)
        here.send(browser, browser.get("/my-page/objection").text, "/my-page/objection")
        report = browser.get("/api/v1/me/report").json()["data"]
    assert subject in restricted_subjects(here.review.project, on=here.review.clock().date())
    assert [(one["kind"], one["role"]["nb"]) for one in report["restrictions"]] == [("objection", "Innbygger")]


@pytest.mark.requirement("R-22")
def test_a_guardian_says_no_for_their_child_and_the_log_says_so(one: Village) -> None:
    child, case = with_case(one)
    one.fill([(child, GUARDIAN, "")])
    with one.browser() as browser:
        page = one.log_in(browser, GUARDIAN)
        [key] = re.findall(r"/my-page\?child=(\w+)", page.text)
        asked = browser.get("/my-page/objection", params={"child": key})
        assert "Neiet er registrert" in one.send(browser, asked.text, "/my-page/objection").text
    assert one.review.row(case.id).state == "STANSET"
    with one.review.database.reading() as session:
        assert [entry for entry in session.scalars(select(LogRow.entry)) if '"objection.own"' in entry and '"by":"guardian"' in entry]


def test_logging_out_at_the_provider_ends_the_session_here(here: Village) -> None:
    pid, _ = with_case(here)
    with here.browser() as browser:
        here.log_in(browser, pid)
        token = here.provider.logout_token(sub=here.provider.person["sub"])
        assert httpx.post(f"{here.address}/logout/citizen/backchannel", data={"logout_token": token}).status_code == 200
        assert browser.get("/api/v1/session").status_code == 401


def test_another_person_behind_the_same_login_ends_what_was_open(one: Village) -> None:
    (first, _), (second, case) = with_case(one), with_case(one, 1)
    with one.browser() as before, one.browser() as now:
        one.log_in(before, first, sub="the-same")
        one.log_in(now, second, sub="the-same")
        assert before.get("/api/v1/session").status_code == 401
        assert case.reference in now.get("/my-report").text
    with one.review.database.reading() as session:
        assert len(session.scalars(select(SessionRow).where(SessionRow.ended_at.is_(None))).all()) == 1


def test_a_closed_account_stays_out(one: Village) -> None:
    pid, _ = with_case(one)
    with one.browser() as browser:
        one.log_in(browser, pid)
    with one.review.database.transaction() as session:
        session.scalars(select(AccountRow).where(AccountRow.role == Role.CITIZEN.value)).one().closed_at = one.review.clock()
    with one.browser() as browser:
        answer = one.log_in(browser, pid)
        assert (answer.status_code, "TID733" in answer.text) == (403, True)


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]
