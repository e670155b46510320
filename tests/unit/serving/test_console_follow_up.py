"""The review's second half on pages: second reading, errors, the family, consent, handover, objections; as a browser without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from serving.console.forms import MAX_TEXT
from serving.console.language import tongue
from tests.support.console import Reader, console_service, reader
from tests.support.follow_up import (
    EVALUATION,
    HOW,
    NEEDS,
    SECOND_VIEW,
    WEIGHTY,
    WRONG,
    consent,
    day,
    decide,
    handover,
    informed,
    talk,
    to_consent,
    to_family,
    to_second_reading,
    to_second_view,
    to_wondering,
)
from tests.support.review import REASON, VIEW, Review

BAND = "Kan være verdt å se nærmere på</li>"


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    """Give one service to all tests of this file; each makes the cases that it needs."""
    with console_service(tmp_path_factory.mktemp("follow-up") / "project") as running:
        yield running


@pytest.fixture(scope="module")
def coordinator(review: Review) -> Reader:
    return reader(review, "koordinator-9901")


def sent(form: dict[str, object]) -> dict[str, object]:
    """Write a form's values as a browser sends them."""
    return {name: {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value for name, value in form.items()}


def errors_of(page: str) -> dict[str, str]:
    """Read the error summary: anchor and words, each of which must also stand beside its field."""
    summary = re.search(r'class="ds-error-summary".*?</div>', page, re.S)
    assert summary is not None
    found = dict(re.findall(r'<a href="#([\w-]+)">(.*?)</a>', summary[0]))
    for field in found.keys() - {"main"}:
        assert f'id="{field}-error"' in page, field
        assert re.search(rf'id="{field}"', page), f"the summary leads to {field}, which is not there"
    return found


@pytest.mark.requirement("R-17")
def test_a_second_reader_sees_neither_proposal_nor_colleague_before_they_have_written(review: Review, coordinator: Reader) -> None:
    case = review.add_case()
    to_second_reading(review.caller("koordinator-9901"), case)
    waiting = coordinator.open(f"/cases/{case}")
    second = reader(review, "andreleser-9901")
    assert f"/cases/{case}" in second.open("/second-readings")
    page = second.open(f"/cases/{case}")
    status, writing = second.send(page, f"/cases/{case}/second-reading")
    assert status == 200
    for blind in (page, writing):
        assert VIEW["text"] not in blind
        assert BAND not in blind
        assert "trakk" not in blind
    status, refused = second.send(writing, f"/cases/{case}/second-view", text="kort")
    assert (status, set(errors_of(refused))) == (422, {"text", "inclination"})
    assert ">kort</textarea>" in refused
    status, both = second.send(refused, f"/cases/{case}/second-view", **SECOND_VIEW)
    assert status == 200
    assert "En kollega leser saken" in waiting
    assert 'href="/second-readings">Til alle saker' in page
    for shown in (both, coordinator.open(f"/cases/{case}")):
        assert VIEW["text"] in shown
        assert SECOND_VIEW["text"] in shown
        assert BAND in shown
    assert f"/cases/{case}/decide" not in both
    assert f"/cases/{case}/decide" in coordinator.open(f"/cases/{case}")


@pytest.mark.requirement("R-24")
def test_an_error_is_reported_by_choosing_among_what_was_shown(review: Review, coordinator: Reader) -> None:
    case = review.add_case()
    caller = review.caller("koordinator-9901")
    caller.to_review(case)
    assert decide(caller, case, "decide_wrong_basis").status_code == 201
    page = coordinator.open(f"/cases/{case}")
    assert 'value="edu_absence_days"' in page
    assert "nav_low_income_hh" not in page, "what the reader may not see can't be chosen"
    status, page = coordinator.send(page, f"/cases/{case}/correction", text="")
    assert (status, set(errors_of(page))) == (422, {"indicators", "text"})
    status, page = coordinator.send(page, f"/cases/{case}/correction", indicators=["edu_absence_days"], text=WRONG)
    assert status == 200
    assert review.row(case).state == "RETTING_MELDT"
    assert WRONG in page
    assert "Er opplysningene rettet?" in page


@pytest.mark.requirement("R-23")
@pytest.mark.requirement("R-39")
def test_from_wondering_to_a_relay_holder(review: Review, coordinator: Reader) -> None:
    case = review.add_case()
    to_wondering(review.caller("koordinator-9901"), case)

    status, page = coordinator.send(coordinator.open(f"/cases/{case}"), f"/cases/{case}/talk", planned_on="", talks="", about="kort")
    assert status == 422
    assert errors_of(page) == {
        "planned_on": "Når: Fyll inn en dato.",
        "talks": "Hvem snakker med familien: Skriv noe her.",
        "with_whom": "Hvem skal være med: Velg minst ett svar.",
        "about": "Hva lurer dere på: Teksten er 4 tegn. Skriv minst 10.",
    }
    status, page = coordinator.send(page, f"/cases/{case}/talk", **sent(talk(planned_on=day(-1))))
    assert set(errors_of(page)) == {"planned_on"}
    assert 'value="guardian_a" checked' in page
    status, page = coordinator.send(page, f"/cases/{case}/talk", **sent(talk()))
    assert (status, review.row(case).state) == (200, "SAMTALE_PLANLAGT")

    assert 'href="/family-sheet"' in page
    status, page = coordinator.send(page, f"/cases/{case}/family", **sent(informed(sheet_given=False)))
    assert set(errors_of(page)) == {"sheet_given"}
    status, page = coordinator.send(page, f"/cases/{case}/family", **sent(informed()))
    assert (status, review.row(case).state) == (200, "FAMILIE_INFORMERT")

    assert not re.search(r"<input[^>]* checked", page), "nothing is chosen for anybody"
    status, page = coordinator.send(page, f"/cases/{case}/consent", **sent(consent(given_by="child")))
    assert set(errors_of(page)) == {"given_by"}
    status, page = coordinator.send(page, f"/cases/{case}/consent", **sent(consent(valid_to=day(500))))
    assert set(errors_of(page)) == {"valid_to"}
    status, page = coordinator.send(page, f"/cases/{case}/consent", **sent(consent()))
    assert (status, review.row(case).state) == (200, "SAMTYKKE_GITT")

    assert "stafettholder-9901" in page
    status, page = coordinator.send(page, f"/cases/{case}/handover", **sent(handover(holder="", evaluate_on="")))
    assert set(errors_of(page)) == {"step", "holder", "evaluate_on"}
    status, page = coordinator.send(page, f"/cases/{case}/handover", step="hand_over_2", **sent(handover(child_heard="not_yet")))
    assert set(errors_of(page)) == {"child_heard"}
    status, page = coordinator.send(page, f"/cases/{case}/handover", step="hand_over_2", **sent(handover()))
    assert (status, review.row(case).state) == (200, "BTI_2")
    assert "Oppfølgingen er i gang" in page

    holder = reader(review, "stafettholder-9901")
    link = re.search(rf'href="(/handovers/\w+)">Sak {review.row(case).reference}', holder.open("/handovers"))
    assert link is not None
    read = holder.open(link[1])
    assert NEEDS in read
    assert HOW in read
    for hidden in (REASON, VIEW["text"], BAND, "trakk"):
        assert hidden not in read

    status, page = coordinator.send(page, f"/cases/{case}/withdrawal", withdrawal="")
    assert (status, review.row(case).state) == (200, "SAMTYKKE_TRUKKET")
    assert holder.client.get(link[1]).status_code == 404


def test_a_measure_is_evaluated_when_it_has_had_its_time(review: Review) -> None:
    case = review.add_case()
    caller = review.caller("koordinator-9901")
    to_consent(caller, case)
    assert caller.step(case, "bti/2", handover()).status_code == 201
    before = review.clock.now
    try:
        review.clock.forward(days=57)
        person = reader(review, "koordinator-9901")
        status, page = person.send(person.open(f"/cases/{case}"), f"/cases/{case}/evaluation", wellbeing="", outcome="", child_said="")
        assert (status, set(errors_of(page))) == (422, {"wellbeing", "outcome", "child_said"})
        status, page = person.send(page, f"/cases/{case}/evaluation", **EVALUATION)
        assert (status, review.row(case).state) == (200, "EVALUERT")
        assert EVALUATION["outcome"] in page
        assert f"/cases/{case}/handover" in page
        assert f"/cases/{case}/consent" in page
        status, page = person.send(page, f"/cases/{case}/close")
        assert review.row(case).state == "LUKKET"
    finally:
        review.clock.now = before


def test_a_no_closes_without_a_question(review: Review, coordinator: Reader) -> None:
    case = review.add_case()
    to_family(review.caller("koordinator-9901"), case)
    status, page = coordinator.send(coordinator.open(f"/cases/{case}"), f"/cases/{case}/no-consent", note="")
    assert (status, review.row(case).state) == (200, "SAMTYKKE_IKKE_GITT")
    assert "nobody" in page, "the own service may go on without sharing"
    assert 'value="hand_over_2"' not in page
    status, page = coordinator.send(page, f"/cases/{case}/close")
    assert review.row(case).state == "LUKKET"


@pytest.mark.requirement("R-22")
def test_a_leader_answers_an_objection_and_the_review_begins_anew(review: Review, coordinator: Reader) -> None:
    case = review.add_case()
    caller = review.caller("koordinator-9901")
    caller.to_review(case)
    status, page = coordinator.send(coordinator.open(f"/cases/{case}"), f"/cases/{case}/objection", statement="Vil ikke være med.")
    assert status == 200
    leader = reader(review, "leder-9901")
    assert f"/objections/{case}" in leader.open("/leader")
    page = leader.open(f"/objections/{case}")
    assert "Vil ikke være med." in page
    assert VIEW["text"] not in page
    status, page = leader.send(page, f"/objections/{case}/uphold", reason="kort")
    assert (status, set(errors_of(page))) == (422, {"reason"})
    status, page = leader.send(page, f"/objections/{case}/uphold", reason=WEIGHTY)
    assert (status, review.row(case).state) == (200, "OPPRETTHOLDT_BEGRUNNET")
    status, page = coordinator.send(coordinator.open(f"/cases/{case}"), f"/cases/{case}/resume")
    assert (status, review.row(case).state) == (200, "TILDELT")
    assert VIEW["text"] not in page, "what was written before stays sealed"


@pytest.mark.requirement("R-22")
def test_an_objection_that_is_upheld_erases(review: Review, coordinator: Reader) -> None:
    case = review.add_case()
    review.caller("koordinator-9901").to_review(case)
    coordinator.send(coordinator.open(f"/cases/{case}"), f"/cases/{case}/objection", statement="")
    leader = reader(review, "leder-9901")
    page = leader.open(f"/objections/{case}")
    assert "De sa ikke hvorfor" in page
    confirmed = {"reference": f" {review.row(case).reference.lower()} ", "understood": "yes"}
    status, _ = leader.send(page, f"/objections/{case}/erase", **confirmed)
    assert (status, review.row(case).state) == (200, "SLETTET")
    assert leader.client.get(f"/objections/{case}").status_code == 404


@pytest.mark.requirement("R-22")
def test_nothing_is_erased_before_it_is_said_in_words_which_case_and_that_it_can_not_be_undone(review: Review, coordinator: Reader) -> None:
    case, other = review.add_case(), review.add_case()
    for one in (case, other):
        coordinator.send(coordinator.open(f"/cases/{one}"), f"/cases/{one}/objection", statement="")
    leader = reader(review, "leder-9901")
    page = leader.open(f"/objections/{case}")
    assert "Dette går tapt" in page
    mine, others = review.row(case).reference, review.row(other).reference
    assert 'value="T-' not in page, "the reference is typed, not ready-made"

    for sent_fields, wrong in (
        ({}, {"reference", "understood"}),
        ({"reference": others, "understood": "yes"}, {"reference"}),
        ({"reference": mine}, {"understood"}),
    ):
        status, shown = leader.send(page, f"/objections/{case}/erase", **sent_fields)
        assert (status, set(errors_of(shown)), review.row(case).state) == (422, wrong, "STANSET")
        assert 'role="alert" aria-labelledby="error-summary-title" tabindex="-1" autofocus' in shown
        assert f'value="{sent_fields.get("reference", "")}"' in shown

    assert leader.send(page, f"/objections/{case}/erase", reference=mine, understood="yes")[0] == 200
    assert (review.row(case).state, review.row(other).state) == ("SLETTET", "STANSET")


@pytest.mark.requirement("R-30")
def test_a_leader_stops_proposals_here_and_lifts_the_stop(review: Review, coordinator: Reader) -> None:
    case = review.add_case()
    review.caller("koordinator-9901").to_review(case)
    leader = reader(review, "leder-9901")
    status, page = leader.send(leader.open("/suspensions"), "/suspensions", reason="kort")
    assert (status, set(errors_of(page))) == (422, {"model", "reason"})
    status, page = leader.send(page, "/suspensions", model="all", reason="Vi har fått spørsmål om bruken som vi må svare på først.")
    assert status == 200
    assert "Forslag er stanset her" in coordinator.open("/queue")
    stopped = coordinator.open(f"/cases/{case}")
    assert "Forslag herfra er stanset" in stopped
    assert BAND not in stopped
    link = re.search(r'href="(/suspensions/\w+)"', page)
    assert link is not None
    status, page = leader.send(leader.open(link[1]), f"{link[1]}/lift", reason="Spørsmålene er besvart, og bruken er som avtalt.")
    assert status == 200
    assert BAND in coordinator.open(f"/cases/{case}")


def test_a_leader_sees_who_is_late_and_nothing_of_the_case(review: Review) -> None:
    case = review.add_case()
    review.caller("koordinator-9901").to_review(case)
    before = review.clock.now
    try:
        review.clock.forward(days=20)
        page = reader(review, "leder-9901").open("/leader")
    finally:
        review.clock.now = before
    assert review.row(case).reference in page
    assert "koordinator-9901" in page
    assert f"/cases/{case}" not in page
    assert VIEW["text"] not in page
    assert "skjult*" in reader(review, "leder-9902").open("/leader"), "2 of the screening in 9902"


@pytest.mark.requirement("R-21")
def test_the_report_is_one_click_from_the_case_and_a_request_has_its_clock(review: Review, coordinator: Reader) -> None:
    case = review.add_case()
    review.caller("koordinator-9901").to_review(case)
    page = coordinator.open(f"/cases/{case}")
    assert f'href="/cases/{case}/person-report"' in page
    status, page = coordinator.send(coordinator.open(f"/cases/{case}/access-requests"), f"/cases/{case}/access-requests")
    assert status == 200
    assert "om 30 dager" in page
    clocks = reader(review, "personvernombud").open("/access-requests")
    assert "om 30 dager" in clocks
    assert review.row(case).subject_id not in clocks
    report = coordinator.open(f"/cases/{case}/person-report")
    assert "Hva vi vet og har gjort" in report
    assert "case.read" not in report, "events are named in the reader's language"
    assert "Saken ble lest" in report
    assert "besvart" in coordinator.open(f"/cases/{case}/access-requests")


@pytest.mark.requirement("R-27")
def test_an_officer_reconstructs_a_proposal_with_a_reason(review: Review) -> None:
    case = review.add_case()
    review.caller("koordinator-9901").to_review(case)
    officer = reader(review, "personvernombud")
    page = officer.open(f"/reconstruction?case_id={case}")
    status, page = officer.send(page, "/reconstruction", case_id=case, stated_reason="kort")
    assert (status, set(errors_of(page))) == (422, {"stated_reason"})
    status, page = officer.send(page, "/reconstruction", case_id="0" * 32, stated_reason="Klage, journalnummer 26/1042.")
    assert (status, set(errors_of(page))) == (422, {"case_id"})
    status, page = officer.send(page, "/reconstruction", case_id=case, stated_reason="Klage, journalnummer 26/1042.")
    assert status == 200
    assert VIEW["text"] in page
    assert "Sak ble" not in page
    assert review.row(case).subject_id not in page


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_the_family_sheet_has_the_domains_words_and_nothing_of_anybody(review: Review, language: str) -> None:
    page = reader(review, language=language).open("/family-sheet")
    assert tongue(language)("about.family") in page
    assert "T-" not in re.sub(r"<[^>]*>", "", page)


def test_endless_words_come_back_with_an_error_beside_the_field(review: Review, coordinator: Reader) -> None:
    case = review.add_case()
    to_wondering(review.caller("koordinator-9901"), case)
    page = coordinator.open(f"/cases/{case}")
    status, page = coordinator.send(page, f"/cases/{case}/talk", **sent(talk(about="å" * (MAX_TEXT + 1), talks="l" * 201)))
    assert (status, set(errors_of(page))) == (422, {"about", "talks"})


def test_both_views_stand_side_by_side_for_the_one_who_decides(review: Review, coordinator: Reader) -> None:
    case = review.add_case()
    to_second_view(review.caller("koordinator-9901"), review.caller("andreleser-9901"), case)
    page = coordinator.open(f"/cases/{case}")
    assert page.index("De to vurderingene") < page.index("Forslag fra modellen</h2>")
    assert page.index("De to vurderingene") < page.index("Hva gjør du nå?"), "what is decided on is read before the decision"
    assert page.index('href="#decide"') < page.index("De to vurderingene"), "and the decision is one jump away"


def test_who_a_case_is_about_is_asked_for_with_a_need_and_refused_without_a_vault(review: Review, coordinator: Reader) -> None:
    case = review.add_case()
    review.caller("koordinator-9901").to_review(case)
    assert f"/cases/{case}/identity" not in coordinator.open(f"/cases/{case}"), "there is no vault to ask"
    page = coordinator.open(f"/cases/{case}/identity")
    status, page = coordinator.send(page, f"/cases/{case}/identity", identity_need="kort")
    assert (status, set(errors_of(page))) == (422, {"identity_need"})
    status, page = coordinator.send(page, f"/cases/{case}/identity", identity_need="Skal ringe hjem og avtale en samtale.")
    assert (status, set(errors_of(page))) == (409, {"main"})
    assert reader(review, "andreleser-9901").client.get(f"/cases/{case}/identity").status_code == 403
