"""Every page for every role, and a case from taking it to the decision, as a browser without JavaScript sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select, text

from features.nationalid import holds_national_id
from features.restrictions import write_restrictions
from models.uncertainty import UNKNOWN_TEXT
from serving.access.accounts import Account
from serving.access.permissions import MATRIX, Action
from serving.cases.proposal import Proposal, build_view
from serving.console.navigation import paths_for
from serving.console.services import SHOWN_FIRST, relevant_first
from serving.demo.accounts import demo_logins
from serving.roles import ROLES, Role
from serving.storage.tables import CaseRow, RestrictionRow
from tests.support.console import MODEL, Reader, console_service, reader
from tests.support.review import NEED, REASON, VIEW, Review, proposal

BANDS = ("Ikke grunn til oppfølging nå", "Kan være verdt å se nærmere på", "Bør vurderes av koordinator")

PAGES = {
    "/queue": {Action.LIST_CASES},
    "/calendar": {Action.REVIEW_CASES},
    "/cohorts": {Action.SEE_COHORTS},
    "/second-readings": {Action.SECOND_READ},
    "/handovers": {Action.READ_HANDOVERS},
    "/leader": {Action.SEE_OVERDUE},
    "/suspensions": {Action.SUSPEND},
    "/planning": {Action.SEE_PLANNING},
    "/alarms": {Action.SEE_ALARMS},
    "/reconstruction": {Action.RECONSTRUCT},
    "/access-requests": {Action.SEE_ACCESS_REQUESTS},
    "/my-page": {Action.SEE_OWN_REPORT},
    "/my-report": {Action.SEE_OWN_REPORT},
    "/models": {Action.SEE_MODELS},
    f"/models/{MODEL}": {Action.SEE_MODELS},
    "/monitoring": {Action.SEE_REPORTS},
    "/monitoring/incidents": {Action.SEE_REPORTS},
    "/protection": {Action.SEE_PROTECTION},
    "/purposes": {Action.SEE_PURPOSES},
    "/permissions": {Action.SEE_PERMISSIONS},
    "/audit-log": {Action.READ_LOG, Action.VERIFY_LOG},
    "/audit-log/verification": {Action.VERIFY_LOG},
}


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    """Give one service to all tests of this file; each makes the cases that it needs."""
    with console_service(tmp_path_factory.mktemp("console") / "project") as running:
        yield running


def login_of(role: Role) -> str:
    return f"{role}-9901" if ROLES[role].has_municipality else role.value


PEOPLE = [role for role in Role if ROLES[role].logs_in]


def in_review(review: Review, case: str) -> tuple[Reader, str]:
    """Bring a new case to where the proposal is shown."""
    person = reader(review, "koordinator-9901")
    _, page = person.send(person.open(f"/cases/{case}"), f"/cases/{case}/assign")
    _, page = person.send(page, f"/cases/{case}/open", need_to_know=NEED)
    status, page = person.send(page, f"/cases/{case}/own-view", **VIEW)
    assert status == 200
    return person, page


@pytest.mark.requirement("R-28")
@pytest.mark.parametrize("role", PEOPLE)
def test_each_role_sees_its_pages_and_no_other(review: Review, role: Role) -> None:
    person = reader(review, login_of(role))
    for path, actions in PAGES.items():
        answer = person.client.get(path)
        assert answer.status_code == (200 if actions & set(MATRIX[role]) else 403), path
        assert 'lang="nb"' in answer.text
    assert person.client.get("/about").status_code == 200


@pytest.mark.parametrize("role", PEOPLE)
def test_login_leads_to_a_page_that_the_role_may_see(review: Review, role: Role) -> None:
    page = Reader(reader(review).client).log_in(login_of(role))
    account = review.caller(login_of(role)).get("/session").json()["data"]
    assert "Logg ut" in page
    assert account["role"] == role.value
    menu = re.search(r'<nav class="menu".*?</nav>', page, re.S)
    assert menu is not None
    assert 'aria-current="page"' in menu[0]


@pytest.mark.requirement("R-33")
@pytest.mark.parametrize("language", ["nb", "nn", "en"])
@pytest.mark.parametrize("path", ["/login", "/about", "/queue", "/models", f"/models/{MODEL}", "/no-such-page"])
def test_every_page_says_that_its_people_are_invented(review: Review, path: str, language: str) -> None:
    person = reader(review, None if path in ("/login", "/about") else "koordinator-9901", language=language)
    page = person.client.get(path).text
    assert {"nb": "SYNTETISK", "nn": "SYNTETISK", "en": "SYNTHETIC"}[language] in page
    assert f'<html lang="{language}"' in page


@pytest.mark.requirement("R-29")
def test_the_demo_lists_its_accounts_and_production_none(review: Review) -> None:
    page = reader(review).open("/login")
    assert all(demo.login in page for demo in demo_logins(review.project))
    review.app.state.settings = review.settings.model_copy(update={"env": "prod"})
    try:
        hidden = reader(review).open("/login")
    finally:
        review.app.state.settings = review.settings
    assert "demo-koordinator" not in hidden


@pytest.mark.requirement("R-29")
def test_with_a_provider_the_login_page_leads_there_and_production_asks_for_no_password(review: Review) -> None:
    provider = {"oidc_issuer": "https://login.example", "oidc_preset": "ansattporten"}
    review.app.state.settings = review.settings.model_copy(update=provider)
    try:
        with_demo = reader(review).open("/login?next=/queue")
        review.app.state.settings = review.settings.model_copy(update={**provider, "env": "prod"})
        in_production = reader(review).open("/login")
    finally:
        review.app.state.settings = review.settings
    assert 'href="/login/oidc?next=/queue">Logg inn med Ansattporten</a>' in with_demo
    assert 'name="password"' in with_demo
    assert "Logg inn med Ansattporten" in in_production
    assert 'name="password"' not in in_production


def test_services_follow_the_visible_reasons_and_are_few(review: Review) -> None:
    view = build_view(review.project, proposal(), municipality="9901")
    many = replace(view, services=tuple(replace(view.services[0], code=f"s{n}") for n in range(8)))
    first, others = relevant_first(review.project, many)
    assert (len(first), len(others)) == (SHOWN_FIRST, 8 - SHOWN_FIRST)
    assert relevant_first(review.project, replace(many, missing=())) == (first, others), "of what is shown as a reason, and nothing else"


@pytest.mark.requirement("R-18")
def test_before_the_own_view_nothing_of_the_proposal_is_on_any_page(review: Review) -> None:
    case, person = review.add_case(), reader(review, "koordinator-9901")
    queue = person.open("/queue")
    assert f"/cases/{case}" in queue
    pages = [queue, page := person.open(f"/cases/{case}")]
    _, page = person.send(page, f"/cases/{case}/assign")
    pages.append(page)
    _, page = person.send(page, f"/cases/{case}/open", need_to_know=NEED)
    pages.append(page)
    assert "Skriv først hva du selv kjenner til. Deretter vises modellens forslag." in page
    for shown in pages:
        assert not any(band in shown for band in BANDS)
        assert "Fravær" not in shown
        assert "trakk opp" not in shown


@pytest.mark.requirement("R-18")
@pytest.mark.requirement("R-19")
def test_the_proposal_is_words_reasons_and_what_is_not_known_never_a_number_of_the_model(review: Review) -> None:
    _, page = in_review(review, review.add_case())
    assert '<li aria-current="true">Kan være verdt å se nærmere på</li>' in page
    assert "Av 100 fullfører 70." in page
    assert "Ikke fullført, blant dem som ligner mest: mellom 30 og 55 av 100. Spennet er ikke smalt" in page
    assert re.search(r'Fravær, hele dager</span> <span class="strength">trakk mye opp', page)
    assert "23 dager, sist 2. mai 2026" in page
    assert "Vanlig for jevnaldrende: 5 dager." in page
    for heading in ("Dette trakk opp", "Dette trakk ned", "Dette vet modellen ikke noe om", "Sist oppdatert", "Hvem kan hjelpe her"):
        assert heading in page
    assert "0,45" not in page
    assert "0.45" not in page
    assert "%" not in page
    assert "Grunnene er ikke årsaker" in page


@pytest.mark.requirement("R-05")
@pytest.mark.requirement("R-06")
def test_the_line_on_other_services_stands_in_every_case_in_the_same_words(review: Review) -> None:
    with_hidden = proposal()
    without = replace(with_hidden, reasons=tuple(r for r in with_hidden.reasons if not r.is_confidential))
    assert len(without.reasons) < len(with_hidden.reasons)
    pages: list[str] = []
    for content in (with_hidden, without):
        case = review.add_case(subject_id=(subject := f"{len(pages):032x}"))
        with review.database.transaction() as session:
            session.get_one(CaseRow, case).sealed_proposal = review.keys.seal(session, subject, content.to_json(), now=review.clock())
        page = in_review(review, case)[1]
        section = re.search(r'<section>\s*<h2 id="proposal">.*?<h3 id="updated">', page, re.S)
        assert section is not None
        pages.append(re.sub(r"T-[0-9A-F]+", "T-X", section[0]))
    assert "Andre forhold hos en annen tjeneste. Denne linjen står i alle saker." in pages[0]
    assert "lavinntekt" not in pages[0]
    assert pages[0] == pages[1]


def test_the_acute_route_has_its_numbers_on_every_page_of_a_taken_case(review: Review) -> None:
    case, person = review.add_case(), reader(review, "koordinator-9901")
    _, page = person.send(person.open(f"/cases/{case}"), f"/cases/{case}/assign")
    for number in ("116 111", "116 117", "112", "02800"):
        assert f">{number}</a>" in page
    assert "Meldeplikten er personlig" in page


def test_a_decision_is_saved_shown_and_in_the_history(review: Review) -> None:
    case = review.add_case()
    person, page = in_review(review, case)
    status, page = person.send(page, f"/cases/{case}/decide", step="decide_no_need", reason=REASON + " Det går bedre.")
    assert status == 200
    assert "Ikke behov" in page
    assert REASON in page
    assert "Beslutning: Ikke behov" in re.sub(r"\s+", " ", page)
    assert review.row(case).state == "IKKE_BEHOV"
    status, page = person.send(page, f"/cases/{case}/close")
    assert review.row(case).state == "LUKKET"
    assert 'action="/cases/' not in page


@pytest.mark.requirement("R-42")
def test_errors_stand_beside_the_field_and_in_the_summary_and_the_words_are_kept(review: Review) -> None:
    case = review.add_case()
    person, page = in_review(review, case)
    status, page = person.send(page, f"/cases/{case}/decide", reason="for kort <b>")
    assert status == 422
    assert '<a href="#step">Velg en beslutning.</a>' in page
    assert '<a href="#reason">Teksten er 12 tegn. Skriv minst 30.</a>' in page
    assert 'id="reason-error"' in page
    assert 'aria-describedby="reason-description reason-error"' in page
    assert "for kort &lt;b&gt;</textarea>" in page
    assert "<title>Feil: " in page
    assert review.row(case).state == "UNDER_VURDERING"


def test_what_only_the_service_can_refuse_comes_back_in_the_form_too(review: Review) -> None:
    first, second = review.add_case(), review.add_case()
    reason = "Akkurat denne begrunnelsen brukes to ganger av den samme."
    person, page = in_review(review, first)
    person.send(page, f"/cases/{first}/decide", step="decide_no_need", reason=reason)
    person, page = in_review(review, second)
    status, page = person.send(page, f"/cases/{second}/decide", step="decide_no_need", reason=reason)
    assert status == 422
    assert "Du har brukt akkurat denne begrunnelsen i en annen sak." in page
    number = "01010750160"
    assert holds_national_id(number)
    status, page = person.send(page, f"/cases/{second}/decide", step="decide_no_need", reason=f"Snakket med {number} om dette i går.")
    assert status == 422
    assert "ligner et fødselsnummer" in page
    assert review.row(second).state == "UNDER_VURDERING"


def test_a_form_from_an_older_picture_of_the_case_is_not_saved(review: Review) -> None:
    case = review.add_case()
    person, page = in_review(review, case)
    stale = re.sub(r'name="version" value="\d+"', 'name="version" value="1"', page)
    status, page = person.send(stale, f"/cases/{case}/decide", step="decide_no_need", reason=REASON)
    assert status == 409
    assert '<a href="#main">Saken er endret siden du leste den.' in page
    assert REASON in page


@pytest.mark.requirement("R-22")
def test_an_objection_stops_the_case_at_once(review: Review) -> None:
    case, person = review.add_case(), reader(review, "koordinator-9901")
    _, page = person.send(person.open(f"/cases/{case}"), f"/cases/{case}/assign")
    status, page = person.send(page, f"/cases/{case}/objection", statement="")
    assert status == 200
    assert review.row(case).state == "STANSET"
    with review.database.reading() as session:
        assert review.row(case).subject_id in set(session.scalars(select(RestrictionRow.subject_id)))


@pytest.mark.requirement("R-30")
def test_a_stopped_model_s_case_can_be_read_about_and_not_taken(review: Review) -> None:
    case, leader, person = review.add_case(municipality="9902"), reader(review, "leder-9902"), reader(review, "koordinator-9902")
    leader.send(leader.open("/suspensions"), "/suspensions", model="all", reason="The school's absence records are missing since Monday.")
    page = person.open(f"/cases/{case}")
    assert "Saken kan tas når stansen er opphevet." in page
    assert "Ta saken" not in page
    assert case not in person.open("/queue")


@pytest.mark.requirement("R-31")
def test_a_case_that_ends_as_it_is_opened_says_why_as_far_as_may_be_told(review: Review) -> None:
    case, person = review.add_case(), reader(review, "koordinator-9901")
    _, page = person.send(person.open(f"/cases/{case}"), f"/cases/{case}/assign")
    objection = {"kind": "objection", "valid_from": review.clock().date(), "valid_to": None, "recorded_at": review.clock()}
    told = {"subject_id": review.row(case).subject_id, **objection, "recorded_by_role": "leader"}
    write_restrictions(review.project, pd.DataFrame([told]))
    status, page = person.send(page, f"/cases/{case}/open", need_to_know="I work with the class.")
    assert status == 200
    assert "følges opp allerede, eller har sagt nei" in page


@pytest.mark.requirement("R-28")
@pytest.mark.requirement("R-06")
def test_another_municipalitys_case_reads_like_none_at_all(review: Review) -> None:
    person = reader(review, "koordinator-9901")
    elsewhere = person.client.get(f"/cases/{review.add_case(municipality='9902')}")
    nowhere = person.client.get("/cases/" + "0" * 32)
    assert elsewhere.status_code == nowhere.status_code == 404
    assert elsewhere.text == nowhere.text


def test_without_a_login_a_page_leads_to_the_login_and_back(review: Review) -> None:
    person = reader(review)
    page = person.open("/queue")
    assert "Du er ikke logget inn" in page
    status, page = person.send(page, "/login", login="koordinator-9901", password="demo-koordinator")
    assert status == 200
    assert "<h1>Saker</h1>" in page


def test_a_login_can_not_be_made_to_lead_elsewhere(review: Review) -> None:
    for path in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"):
        person = reader(review)
        page = person.client.get("/login", params={"next": path}).text
        assert "elsewhere" not in page
        assert 'name="next" value="/"' in page


def test_a_wrong_password_says_no_more_than_that(review: Review) -> None:
    person = reader(review)
    unknown = person.send(person.open("/login"), "/login", login="nobody", password="x")
    wrong = person.send(person.open("/login"), "/login", login="koordinator-9901", password="x")
    assert unknown[0] == wrong[0] == 401
    assert "Brukernavnet eller passordet er feil." in wrong[1]


@pytest.mark.parametrize("path", ["/login", "/logout", "/cases/{case}/assign", "/cases/{case}/objection"])
def test_no_form_is_taken_without_its_csrf_token(review: Review, path: str) -> None:
    case = review.add_case()
    person = reader(review, "koordinator-9901")
    answer = person.client.post(path.format(case=case), data={"version": "1", "login": "x", "password": "x"})
    assert answer.status_code == 403
    assert review.row(case).state == "NY"


def test_every_form_carries_a_csrf_token(review: Review) -> None:
    case = review.add_case()
    _, page = in_review(review, case)
    forms = re.findall(r"<form .*?</form>", page, re.S)
    assert len(forms) >= 3
    assert all(re.search(r'name="csrf" value="[0-9a-f]{64}"', form) for form in forms)


def test_logging_out_ends_the_session(review: Review) -> None:
    person = reader(review, "koordinator-9901")
    page = person.open("/queue")
    person.send(page, "/logout")
    assert person.client.get("/queue", follow_redirects=False).status_code == 303


def test_the_chosen_language_is_remembered(review: Review) -> None:
    person = reader(review, language="nb")
    assert '<html lang="en"' in person.open("/about?lang=en")
    assert '<html lang="en"' in person.open("/about")
    assert '<html lang="nn"' in person.open("/about?lang=nn")
    assert '<html lang="nn"' in person.open("/about?lang=xx")


def test_refusals_are_pages_for_people_and_problems_for_machines(review: Review) -> None:
    person = reader(review, "koordinator-9901")
    page, problem = person.client.get("/monitoring"), person.client.get("/api/v1/reports")
    assert page.status_code == problem.status_code == 403
    assert "Rollen din har ikke tilgang til dette" in page.text
    assert problem.headers["content-type"] == "application/problem+json"
    for path, status in (("/no-such-page", 404), ("/logout", 405), ("/audit-log?cursor=" + 501 * "x", 422)):
        answer = person.client.get(path)
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")


def test_pages_need_no_script_no_inline_style_and_nothing_from_elsewhere(review: Review) -> None:
    _, page = in_review(review, review.add_case())
    for shown in (page, reader(review).open("/login"), reader(review, "modellforvalter").open(f"/models/{MODEL}")):
        assert "<script" not in shown
        assert " style=" not in shown
        assert not re.search(r"""(src|href|action)=["'](https?:)?//""", shown)
        assert len(shown) < 100_000


def test_the_log_page_tells_what_happened_and_that_it_is_whole(review: Review) -> None:
    in_review(review, review.add_case())
    officer = reader(review, "personvernombud")
    page = officer.open("/audit-log")
    assert "Egen vurdering ble lagret" in page
    assert VIEW["text"] not in page
    whole = officer.open("/audit-log/verification")
    assert re.search(r"Loggen er hel: [\d\s]+ linjer er kontrollert\.", whole)
    operator = reader(review, "systemdrift").open("/audit-log")
    assert "Egen vurdering" not in operator
    assert "Kontroller loggen" in operator


def test_older_entries_of_the_log_are_a_link_away(review: Review) -> None:
    officer = reader(review, "personvernombud")
    for _ in range(51):
        officer.open("/audit-log")
    page = officer.open("/audit-log")
    link = re.search(r'href="(/audit-log\?cursor=[\w-]+)" rel="next"', page)
    assert link is not None
    assert "<tbody>" in officer.open(link[1])
    assert officer.client.get("/audit-log?cursor=x").status_code == 422


def test_a_log_that_was_edited_is_named(tmp_path: Path) -> None:
    with console_service(tmp_path / "project") as review:
        officer = reader(review, "personvernombud")
        with review.database.transaction() as session:
            for name in session.scalars(text("select name from sqlite_master where type = 'trigger'")).all():
                session.execute(text(f"drop trigger {name}"))
            session.execute(text("update ledger_entries set entry = replace(entry, 'session.opened', 'session.closed') where seq = 1"))
        answer = officer.client.get("/audit-log/verification")
        assert answer.status_code == 500
        assert "Loggen er ikke hel." in answer.text
        assert "TID80" in answer.text


def test_what_a_share_finds_and_misses_has_its_interval_or_says_that_it_is_not_known(review: Review) -> None:
    for language, between, unknown in (("nb", "til", "spenn ikke kjent"), ("en", "to", "range not known")):
        page = reader(review, "modellforvalter", language=language).open(f"/models/{MODEL}")
        cells = re.findall(r'<td class="number">(\d+)<br><span class="subtle">([^<]*)</span></td>', page)
        ranges = [f"62 {between} 77", f"23 {between} 38", f"15 {between} 26", f"74 {between} 85"]
        assert cells == [*zip(("70", "30", "20", "80"), ranges, strict=True), *((n, unknown) for n in ("50", "50", "40", "60"))]


def test_models_and_reports_show_aggregates_in_words(review: Review) -> None:
    page = reader(review, "modellforvalter").open(f"/models/{MODEL}")
    expected = (
        "Beslutningstrær (LightGBM)",
        "Kunne ikke prøves",
        "Funnet og oversett",
        "Grunnene er ikke årsaker",
        "Ikke for god til å være sann",
    )
    for words in expected:
        assert words in page
    reports = reader(review, "fairness-revisor").open("/monitoring")
    assert "Modellen bør tas ut av bruk til noen har sett på S-05." in reports
    link = re.search(r'href="(/reports/[^"]+\.html)"', reports)
    assert link is not None
    assert reader(review, "fairness-revisor").client.get(link[1]).status_code == 200


def test_the_menu_leads_only_where_the_role_may_go(review: Review) -> None:
    for role in PEOPLE:
        account = review.caller(login_of(role))
        person = reader(review, login_of(role))
        for path in paths_for(Account("x", login_of(role), role, None, is_demo=True)):
            assert person.client.get(path).status_code == 200, (role, path)
        assert account.get("/session").status_code == 200


@pytest.mark.requirement("R-18")
def test_a_proposal_of_an_earlier_version_says_that_its_uncertainty_is_not_known() -> None:
    sealed = {name: value for name, value in proposal().to_json().items() if name != "uncertainty"}
    assert Proposal.from_json(sealed).uncertainty == UNKNOWN_TEXT


@pytest.mark.requirement("R-22")
def test_an_objection_in_a_case_that_nobody_took_leads_to_the_list_and_says_so(review: Review) -> None:
    case, person = review.add_case(), reader(review, "koordinator-9901")
    status, page = person.send(person.open(f"/cases/{case}"), f"/cases/{case}/objection", statement="Vil ikke.")
    assert status == 200
    assert "Innsigelsen er registrert, og saken er stanset." in page
    assert review.row(case).state == "STANSET"


def test_what_was_written_in_a_form_that_came_too_late_is_not_lost(review: Review) -> None:
    case, person = review.add_case(), reader(review, "koordinator-9901")
    review.caller("koordinator-9901").to_own_view(case)
    form = person.open(f"/cases/{case}")
    assert person.send(form, f"/cases/{case}/own-view", **VIEW)[0] == 200
    status, page = person.send(form, f"/cases/{case}/own-view", **{**VIEW, "text": "Dette skrev jeg i en annen fane."})
    assert status == 409
    assert "Dette ble ikke lagret" in page
    assert "Dette skrev jeg i en annen fane." in page


def test_a_form_of_a_session_that_is_over_leads_back_to_its_page_through_the_login(review: Review) -> None:
    case, person = review.add_case(), reader(review, "koordinator-9901")
    form = person.open(f"/cases/{case}")
    person.client.cookies.clear()
    status, page = person.send(form, f"/cases/{case}/assign")
    assert status == 200
    assert "ble ikke lagret" in page
    assert f'name="next" value="/cases/{case}"' in page
    assert review.row(case).state == "NY"


def test_a_case_that_was_worked_out_again_says_so_while_it_is_new(review: Review) -> None:
    case, person = review.add_case(), reader(review, "koordinator-9901")
    assert "Saken er beregnet på nytt" in person.open(f"/cases/{case}?said=rescored")
    assert "Saken er beregnet på nytt" not in person.open(f"/cases/{case}?said=anything")
    review.caller("koordinator-9901").to_own_view(case)
    assert "Saken er beregnet på nytt" not in person.open(f"/cases/{case}?said=rescored")


def test_a_case_says_in_a_sentence_why_it_came_up_before_it_asks_for_a_decision(review: Review) -> None:
    case = review.add_case()
    review.caller("koordinator-9901").to_review(case)
    page = reader(review, "koordinator-9901").open(f"/cases/{case}")
    assert page.index("Mest trakk det opp: <strong>") < page.index("Dette trakk opp") < page.index("Hva gjør du nå?")
    assert "Noen ungdommen kjenner, snakker med dem" in page
