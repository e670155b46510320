"""A young person's own page in three languages: what they can do, a no, and a consent taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from serving.persons.report import build_person_report
from serving.persons.told import Reader
from serving.roles import Role
from serving.storage.tables import AccountRow, ConsentRow, HandoverRow, LogRow
from tests.support.console import console_service, reader
from tests.support.follow_up import handover, to_consent
from tests.support.review import Review

TITLES = {"nb": "Min side", "nn": "Mi side", "en": "My page"}


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    with console_service(tmp_path_factory.mktemp("own") / "project") as running:
        yield running


def tie(review: Review, subject_id: str | None) -> None:
    """Let the demo's citizen be somebody."""
    with review.database.transaction() as session:
        session.scalars(select(AccountRow).where(AccountRow.role == Role.CITIZEN.value)).one().subject_id = subject_id


def handed_over(review: Review) -> str:
    """Bring a case to a handover that a consent lets a relay holder read."""
    case, caller = review.add_case(), review.caller("koordinator-9901")
    to_consent(caller, case)
    assert caller.step(case, "bti/2", handover()).status_code == 201
    return case


@pytest.mark.requirement("R-42")
@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_the_own_page_is_where_a_citizen_starts_in_every_language(review: Review, language: str) -> None:
    tie(review, review.row(review.add_case()).subject_id)
    person = reader(review, "innbygger", language=language)
    for path in ("/", "/my-page"):
        page = person.open(path)
        assert f"<h1>{TITLES[language]}</h1>" in page
        assert not re.search(r"\{\w+\}", page)
    assert "<h1>" in person.open("/my-page/objection")


@pytest.mark.requirement("R-23")
def test_a_consent_is_taken_back_by_oneself_and_nobody_reads_on(review: Review) -> None:
    case = handed_over(review)
    row = review.row(case)
    tie(review, row.subject_id)
    person = reader(review, "innbygger")
    page = person.open("/my-page")
    [path] = re.findall(r'action="(/my-page/consents/\w+/withdraw)"', page)

    status, page = person.send(page, path)

    assert (status, "Delingen har stanset" in page) == (200, True)
    assert review.row(case).state == "SAMTYKKE_TRUKKET"
    with review.database.reading() as session:
        assert session.scalars(select(ConsentRow.withdrawn_at).where(ConsentRow.case_id == case)).one() is not None
        assert session.scalars(select(HandoverRow.ended_at).where(HandoverRow.case_id == case)).one() is not None
        entries = list(session.scalars(select(LogRow.entry).where(LogRow.case_id == case)))
    assert [entry for entry in entries if '"consent.withdrawn"' in entry and '"by":"person"' in entry]
    assert [entry for entry in entries if '"consent.read"' in entry]
    assert "Samtykker som gjelder" not in person.open("/my-page")
    assert person.client.post(path, data={"csrf": csrf(person.open("/my-page")), "child": ""}).status_code == 404, "once"


@pytest.mark.requirement("R-23")
def test_nobody_takes_another_s_consent_back(review: Review) -> None:
    case = handed_over(review)
    with review.database.reading() as session:
        consent = session.scalars(select(ConsentRow.id).where(ConsentRow.case_id == case)).one()
    tie(review, review.row(review.add_case()).subject_id)
    person = reader(review, "innbygger")
    answer = person.client.post(f"/my-page/consents/{consent}/withdraw", data={"csrf": csrf(person.open("/my-page")), "child": ""})
    assert (answer.status_code, review.row(case).state) == (404, "BTI_2")


@pytest.mark.requirement("R-06")
def test_a_guardian_s_report_names_no_service_that_a_consent_lets_read(review: Review) -> None:
    subject = review.row(handed_over(review)).subject_id
    with review.database.reading() as session:
        told = {
            reader: build_person_report(session, review.keys, review.project, subject_id=subject, now=review.clock(), reader=reader)
            for reader in (Reader.PERSON, Reader.GUARDIAN)
        }
    fields = {reader: report.cases[0].consents[0].fields for reader, report in told.items()}
    assert {"services", "categories", "purpose"} <= set(fields[Reader.PERSON])
    assert set(fields[Reader.GUARDIAN]).isdisjoint({"services", "categories", "purpose"})
    assert told[Reader.GUARDIAN].cases[0].consents[0].valid_to == told[Reader.PERSON].cases[0].consents[0].valid_to


def test_whoever_has_nothing_here_is_told_whom_to_ask(review: Review) -> None:
    tie(review, None)
    page = reader(review, "innbygger").open("/my-page")
    assert "Vi har ikke noe å vise om deg" in page
    assert "personvernombudet" in page
    assert "/my-page/objection" not in page


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]
