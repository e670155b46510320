"""Incidents in the console: the command's book, the role of whoever is logged in, each step in the log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from features.nationalid import holds_national_id
from monitoring.incidents import steps
from monitoring.incidents.book import read_incidents, verify_incidents
from monitoring.incidents.record import State
from serving.auditing import log
from serving.console.language import LANGUAGES
from tests.support.console import MODEL, console_service, reader
from tests.support.review import Review

WHAT = "Fravær mangler fra to skoler siden mandag."
BOOK = "/monitoring/incidents"


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    with console_service(tmp_path_factory.mktemp("incidents") / "project") as running:
        yield running


def opened(review: Review) -> str:
    """Open an incident as the auditor does, through the form."""
    auditor = reader(review, "fairness-revisor")
    status, page = auditor.send(auditor.open(BOOK), BOOK, model=MODEL, what=WHAT)
    assert status == 200
    assert WHAT in page
    return read_incidents(review.project)[-1].id


def logged(review: Review) -> list[tuple[str, str]]:
    with review.database.reading() as session:
        lines = log.read_page(session, before=None, limit=50).lines
    return [(line.action, line.role) for line in lines if line.action.startswith("incident.")]


@pytest.mark.requirement("R-41")
def test_an_incident_is_taken_from_opened_to_closed_by_the_role_that_answers(review: Review) -> None:
    incident = opened(review)
    keeper = reader(review, "modellforvalter")
    path = f"{BOOK}/{incident}"
    status, page = keeper.send(
        keeper.open(path), f"{path}/assess", breach="possible", harm="none", why="Navn kan ha vært synlige for flere."
    )
    assert status == 200
    assert "Ikke besvart ennå" in page
    status, page = keeper.send(
        page, f"{path}/notify", duty="gdpr_33", answer="not_notifiable", words="Ingen opplysninger forlot kommunen; loggen viser det."
    )
    assert status == 200
    status, page = keeper.send(page, f"{path}/close", done="Skolene leverer igjen, og rapporten er laget på nytt.")
    assert status == 200
    assert '<form method="post" action="/monitoring' not in page
    found = read_incidents(review.project)[-1]
    assert found.state is State.CLOSED
    assert [told.role for told in found.history] == ["fairness-revisor", "modellforvalter", "modellforvalter", "modellforvalter"]
    assert logged(review)[:4] == [
        ("incident.closed", "modellforvalter"),
        ("incident.not_notifiable", "modellforvalter"),
        ("incident.assessed", "modellforvalter"),
        ("incident.opened", "fairness-revisor"),
    ]
    assert verify_incidents(review.project).count >= 4


@pytest.mark.requirement("R-41")
def test_only_the_role_that_answers_and_the_controller_take_steps(review: Review) -> None:
    incident = opened(review)
    path = f"{BOOK}/{incident}"
    officer = reader(review, "personvernombud")
    page = officer.open(path)
    assert f'action="{path}' not in page
    assert "Stegene tas av Modellforvalter og av dataansvarlig." in page
    refused = officer.client.post(f"{path}/close", data={"csrf": review.caller("personvernombud").csrf, "done": "x" * 30})
    assert refused.status_code == 403
    n_entries = verify_incidents(review.project).count
    controller = reader(review, "dataansvarlig")
    status, _ = controller.send(
        controller.open(path), f"{path}/assess", breach="no", harm="none", why="Det gjelder bare to skolers levering."
    )
    assert status == 200
    assert verify_incidents(review.project).count == n_entries + 1


def test_a_role_can_not_be_typed(review: Review) -> None:
    incident = opened(review)
    controller = reader(review, "dataansvarlig")
    path = f"{BOOK}/{incident}"
    page = controller.open(path)
    controller.send(page, f"{path}/assess", breach="no", harm="none", why="Det gjelder bare to skolers levering.", role="leder", by="leder")
    assert read_incidents(review.project)[-1].history[-1].role == "dataansvarlig"


def test_what_is_wrong_with_a_form_stands_beside_its_field_and_writes_nothing(review: Review) -> None:
    incident = opened(review)
    path, controller = f"{BOOK}/{incident}", reader(review, "dataansvarlig")
    n_entries, n_logged = verify_incidents(review.project).count, len(logged(review))
    number = "01010750160"
    assert holds_national_id(number)
    for fields, said in (
        ({"breach": "", "harm": "none", "why": "x" * 30}, '<a href="#breach">Velg'),
        ({"breach": "no", "harm": "none", "why": "kort"}, '<a href="#why">Teksten er for kort til å forklare noe.'),
        ({"breach": "no", "harm": "none", "why": f"Gjelder {number} på en av skolene"}, '<a href="#why">Teksten inneholder'),
        ({"breach": "no", "harm": "none", "why": "x" * 30, "aware_at": "2099-01-01T10:00"}, '<a href="#aware_at">Gi et tidspunkt'),
        ({"breach": "no", "harm": "none", "why": "x" * 30, "aware_at": "i går"}, '<a href="#aware_at">Gi et tidspunkt'),
    ):
        status, page = controller.send(controller.open(path), f"{path}/assess", **fields)
        assert status == 422
        assert said in page or "ligner et fødselsnummer" in page
    assert (verify_incidents(review.project).count, len(logged(review))) == (n_entries, n_logged)


def test_overdue_ones_come_first_and_say_so(review: Review) -> None:
    incident, later = opened(review), opened(review)
    now = review.clock()
    steps.assess(review.project, incident, breach="possible", harm="none", why="Navn kan ha vært synlige.", role="dataansvarlig", now=now)
    review.clock.forward(hours=73)
    try:
        page = reader(review, "fairness-revisor").open(BOOK)
        assert page.index("En frist er gått ut") < page.index(incident) < page.index("Åpne hendelser") < page.index(later)
        assert "Ikke besvart, og fristen er gått ut" in reader(review, "fairness-revisor").open(f"{BOOK}/{incident}")
    finally:
        review.clock.forward(hours=-73)


def test_what_monitoring_opened_says_which_signal_named_whom_in_the_reader_s_words(review: Review) -> None:
    evidence = {"places": "Elvemark", "sectors": "education", "n_places_judged": 4}
    signal = {"code": "S-08", "title": "Each municipality's records are as they were there", "verdict": "FAILED", "evidence": evidence}
    content = {"model": MODEL, "month": "2026-09", "version": "1", "signals": [signal]}
    (found,) = steps.open_for_report(review.project, content, now=review.clock())
    page = reader(review, "fairness-revisor").open(f"{BOOK}/{found.incident.id}")
    assert "Signal S-08 slo ut i rapporten for 2026-09." in page
    assert "Elvemark" in page
    assert "opplæring" in page
    assert f'href="/monitoring/{MODEL}/2026-09"' in page
    assert "failed in the report" not in page  # the book's own English


@pytest.mark.requirement("R-42")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_are_whole_in_each_language(review: Review, language: str) -> None:
    incident = opened(review)
    keeper = reader(review, "modellforvalter", language=language)
    for path in (BOOK, f"{BOOK}?model={MODEL}", f"{BOOK}/{incident}"):
        assert f'<html lang="{language}"' in keeper.open(path)
    assert keeper.client.get(f"{BOOK}/I-9999").status_code == 404
