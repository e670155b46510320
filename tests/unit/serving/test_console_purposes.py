"""Purposes and permissions in the console: the words that are declared, approved by the controller alone, and why each role may what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from features.nationalid import holds_national_id
from serving.access.permissions import MATRIX, Action
from serving.access.reasons import IN_NORWEGIAN
from serving.auditing import log
from serving.console.language import LANGUAGES, tongue
from serving.console.pages.permissions import reason_in_words
from serving.purposes.approvals import digest_of
from tests.support.console import console_service, reader
from tests.support.review import Review

WHY = "Hjemmelen er opphevet fra nyttår, og en ny er ikke på plass."


@pytest.fixture
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    with console_service(tmp_path_factory.mktemp("purposes") / "project") as running:
        yield running


@pytest.mark.requirement("R-02")
def test_the_controller_approves_the_words_and_takes_that_back_with_a_reason(review: Review) -> None:
    controller = reader(review, "dataansvarlig")
    page = controller.open("/purposes")
    purpose = next(one for one in review.project.screening.purpose if one.kind == "score")
    path = f"/purposes/{digest_of(purpose)}"
    assert purpose.legal_basis in unescape(page)
    assert "Ikke godkjent av den dataansvarlige." in page
    form = controller.open(path)
    status, page = controller.send(form, f"{path}/approve")
    assert status == 200
    assert page.count("Godkjent av den dataansvarlige, ") == 1
    assert controller.send(form, f"{path}/approve")[0] == 409
    status, page = controller.send(controller.open(path), f"{path}/withdraw", reason="kort")
    assert status == 422
    assert '<a href="#reason">' in page
    status, page = controller.send(controller.open(path), f"{path}/withdraw", reason=WHY)
    assert status == 200
    assert WHY in page
    with review.database.reading() as session:
        lines = [line for line in log.read_page(session, before=None, limit=20).lines if line.action.startswith("purpose.")]
    assert [(line.action, line.role, line.details["kind"]) for line in lines] == [
        ("purpose.withdrawn", "dataansvarlig", "score"),
        ("purpose.approved", "dataansvarlig", "score"),
    ]


@pytest.mark.requirement("R-02")
def test_nobody_else_approves_and_no_approval_is_changed_or_removed(review: Review) -> None:
    path = f"/purposes/{digest_of(review.project.screening.purpose[0])}"
    auditor = reader(review, "fairness-revisor")
    assert path not in auditor.open("/purposes")
    assert auditor.client.get(path).status_code == 403
    assert auditor.client.post(f"{path}/approve", data={"csrf": review.caller("fairness-revisor").csrf}).status_code == 403
    controller = reader(review, "dataansvarlig")
    controller.send(controller.open(path), f"{path}/approve")
    for statement in (
        "update purpose_approvals set act = 'withdrawn'",
        "delete from purpose_approvals",
        "insert or replace into purpose_approvals select * from purpose_approvals",
    ):
        with pytest.raises(DatabaseError), review.database.transaction() as session:
            session.execute(text(statement))


def test_a_reason_names_nobody(review: Review) -> None:
    number = "01010750160"
    assert holds_national_id(number)
    controller, path = reader(review, "dataansvarlig"), f"/purposes/{digest_of(review.project.screening.purpose[0])}"
    controller.send(controller.open(path), f"{path}/approve")
    status, page = controller.send(controller.open(path), f"{path}/withdraw", reason=f"Gjelder {number}, som har klaget på dette.")
    assert status == 422
    assert "ligner et fødselsnummer" in page
    assert controller.client.get(f"/purposes/{'0' * 64}").status_code == 404


@pytest.mark.requirement("R-42")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_what_each_sector_gives_on_which_basis(review: Review, language: str) -> None:
    page = unescape(reader(review, "fairness-revisor", language=language).open("/purposes"))
    t = tongue(language)
    for sector in review.project.catalogue.sectors:
        if sector.is_on and sector.source and sector.sector.value != "audit":
            assert t(f"purposes.sector.{sector.sector.value}") in page
            assert all(t.words(one.label) in page for one in sector.indicator if one.is_on)
    assert len(page) < 100_000


@pytest.mark.requirement("R-28")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_right_stands_with_its_reason_in_words(review: Review, language: str) -> None:
    t = tongue(language)
    by_role, by_action = (
        unescape(reader(review, "fairness-revisor", language=language).open(f"/permissions{q}")) for q in ("", "?by=action")
    )
    for role, rights in MATRIX.items():
        section = by_role[by_role.index(f'id="role-{role.value}"') :].partition("</section>")[0]
        assert section.count("<tr>") == len(rights) + 1
        for action, why in rights.items():
            assert t(f"action.{action.value}") in section
            assert reason_in_words(why, t) in section
    assert len(re.findall(r'<h2 id="action-', by_action)) == len(Action)


def test_the_reasons_in_norwegian_are_those_of_the_matrix_and_no_others() -> None:
    said = {why for rights in MATRIX.values() for why in rights.values()}
    assert set(IN_NORWEGIAN) == said
    assert all(nb and nn and nb != why and nn != why for why, (nb, nn) in IN_NORWEGIAN.items())
