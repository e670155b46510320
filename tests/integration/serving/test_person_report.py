"""The report on one person: everything for themselves, nothing confidential through other hands, never a number or a rank."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from features.declarations.project import load_project
from features.scored import scored_of
from features.store import open_store
from serving.auditing import log
from serving.commands.persons import app
from serving.console.language import LANGUAGES, Language, tongue
from serving.console.told import report_naming
from serving.persons.making import report_json
from serving.persons.pages import report_html
from serving.persons.records import told_value
from serving.persons.report import build_person_report
from serving.persons.report_words import WORDS
from serving.persons.requests import list_open_requests
from serving.persons.told import PersonReport, Reader
from serving.roles import Role
from serving.storage.tables import AccountRow, CaseRow, LogRow
from tests.support.review import NEED, REASON, VIEW, Review
from tests.support.screened import cases_in, screened_service

pytestmark = pytest.mark.requirement("R-21")

runner = CliRunner()


def build(review: Review, subject: str, *, reader: Reader = Reader.PERSON) -> PersonReport:
    with review.database.reading() as session:
        return build_person_report(session, review.keys, review.project, subject_id=subject, now=review.clock(), reader=reader)


def html(review: Review, report: PersonReport, language: Language = "nb") -> str:
    return report_html(report, report_naming(review.project, language))


def test_a_person_sees_data_sources_dates_logic_bands_deeds_and_words(screened: Review) -> None:
    case, caller = cases_in(screened, "9901")[0], screened.caller("koordinator-9901")
    caller.to_review(case.id)
    caller.step(case.id, "decisions", {"step": "decide_no_need", "reason": REASON})

    report = build(screened, case.subject_id)

    store = open_store(screened.project, "score")
    person = store.subjects().set_index("subject_id")["person"][case.subject_id]
    assert len(report.records) == len(store.records_of([person], as_of=screened.clock().date()))
    absence = next(r for r in report.records if r.indicator == "edu_absence_days")
    assert (absence.label.nb, absence.unit, absence.registers) == ("Fravær, hele dager", "days", ("fiktivt skolesystem",))
    assert {r.value for r in report.records if r.indicator == "edu_municipality"} == {"9901"}
    assert [(s.was_proposed, s.band is not None) for s in report.scores] == [(True, True)]
    assert {w.en for w in report.models[0].uses} >= {"Full-day absence", "Mean grade"}
    told = report.cases[0]
    assert [w.fields["text"] for w in told.written if w.kind in ("own_view", "decision")] == [VIEW["text"], REASON]
    assert [w.fields["need"] for w in told.written if w.kind == "need"] == [NEED]
    assert {(d.role.nb, d.municipality) for d in told.opened} == {("Koordinator", "9901")}
    assert "case.decided" in [d.what for d in told.done]


def test_a_young_person_reads_first_what_was_decided_and_who_looked_in_words_and_by_the_clock_on_the_wall(screened: Review) -> None:
    case, caller = cases_in(screened, "9901")[0], screened.caller("koordinator-9901")
    caller.to_review(case.id)
    caller.step(case.id, "decisions", {"step": "decide_no_need", "reason": REASON})
    report = build(screened, case.subject_id)
    decided = report.cases[0].decided[0]
    assert decided.step is not None

    for language in LANGUAGES:
        shown, t = html(screened, report, language), tongue(language)
        assert f"{t.clock(decided.at)}: {t('event.case.decided')}: {t.words(decided.step)} ({t.words(decided.role)})" in shown
        assert not re.search(r"UTC|\b9901\b|9[\s\xa0.,]901", shown)
        assert not re.search(r"\b(case|person|objection|consent)\.[a-z_]+|edu_|\binclination\b|child_heard", shown), "no codes"
        assert "Storvik" in shown
        headings = [t.words(WORDS[key]) for key in ("case.decided", "case.seen", "rights", "scores", "logic", "data", "case.opened")]
        places = [re.search(rf"<h\d[^>]*>[^<]*{re.escape(heading)}</h\d>", shown) for heading in headings]
        found = [place.start() for place in places if place is not None]
        assert len(found) == len(headings)
        assert found == sorted(found)


@pytest.mark.requirement("R-08")
def test_through_other_hands_nobody_learns_where_the_young_person_lives(screened: Review) -> None:
    case = cases_in(screened, "9902")[0]
    screened.caller("koordinator-9902").to_review(case.id)

    for reader in (Reader.GUARDIAN, Reader.REVIEWER):
        report = build(screened, case.subject_id, reader=reader)
        told = json.dumps(report_json(report)) + html(screened, report)
        assert not re.search(r"\b9902\b|Litlevik|edu_municipality", told)
    assert "Litlevik" in html(screened, build(screened, case.subject_id))


@pytest.mark.parametrize(("code", "number", "told"), [("fam_municipality", 301.0, "0301"), ("nav_status8", 7208.0, "7208")])
def test_a_number_that_names_something_is_no_amount(code: str, number: float, told: str) -> None:
    indicators = load_project(Path(__file__).parents[3] / "examples" / "norway").catalogue.indicators

    assert told_value(indicators[code], number) == told
    assert told_value(indicators["edu_absence_days"], 12.5) == 12.5


@pytest.mark.requirement("R-18")
def test_who_was_scored_and_not_proposed_sees_that_too_and_nobody_sees_a_number(screened: Review) -> None:
    proposed = {c.subject_id for m in ("9901", "9902") for c in cases_in(screened, m)}
    frame = open_store(screened.project, "score").subjects()
    others = [s for s in frame["subject_id"] if s not in proposed and len(scored_of(screened.project, s))]
    reports = [build(screened, s) for s in others[:2]]

    assert reports
    assert {s.was_proposed for r in reports for s in r.scores} == {False}
    for report in reports:
        text = json.dumps(report_json(report))
        assert not re.search(r"log_odds|probability|rank|contribution", text)
        for language in LANGUAGES:
            assert not re.search(r"0\.\d{3}|probab|rangering", html(screened, report, language))


@pytest.mark.requirement("R-06")
def test_through_other_hands_nothing_confidential_is_told_whether_there_is_any_or_not(screened: Review) -> None:
    store = open_store(screened.project, "score")
    frame = store.records_of(store.subjects()["person"].tolist(), as_of=screened.clock().date())
    poor = set(frame[frame["indicator"] == "nav_low_income_hh"]["person"])
    subjects = store.subjects().set_index("person")["subject_id"]
    has, has_not = subjects[min(poor)], subjects[min(set(subjects.index) - poor)]

    mine, guardians = build(screened, has), build(screened, has, reader=Reader.GUARDIAN)
    others = build(screened, has_not, reader=Reader.GUARDIAN)

    assert "nav_low_income_hh" in {r.indicator for r in mine.records}
    assert "nav_low_income_hh" not in json.dumps([report_json(guardians)["records"], report_json(guardians)["scores"]])
    assert re.findall("<p>.*fortrolig.*</p>", html(screened, guardians)) == re.findall("<p>.*fortrolig.*</p>", html(screened, others))
    assert "Rapporten er din" in html(screened, mine)


def test_the_reviewer_gives_it_from_their_own_case_after_their_own_view(screened: Review) -> None:
    case, other = cases_in(screened, "9901")[:2]
    caller = screened.caller("koordinator-9901")
    caller.to_own_view(case.id)
    assert caller.get(f"/cases/{case.id}/person-report").json()["code"] == "TID702"
    assert caller.get(f"/cases/{other.id}/person-report").status_code == 404
    assert screened.new_coordinator("9901").get(f"/cases/{case.id}/person-report").status_code == 404
    for login in ("leder-9901", "personvernombud", "innbygger"):
        assert screened.caller(login).get(f"/cases/{case.id}/person-report").status_code == 403

    caller.step(case.id, "own-view", VIEW)
    answer = caller.get(f"/cases/{case.id}/person-report").json()
    page = caller.get(f"/cases/{case.id}/person-report.html?language=en")

    assert (answer["synthetic"], answer["data"]["subject_id"], answer["data"]["reader"]) == (True, None, "reviewer")
    assert "nav_low_income_hh" not in json.dumps(answer["data"]["records"])
    assert page.headers["content-type"].startswith("text/html")
    assert "What we know and what we have done" in page.text
    (style,) = re.findall("<style>(.*?)</style>", page.text, re.S)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.headers["content-security-policy"]  # the browser applies this style and no other
    assert _actions(screened).count("person.report_made") == 2


def test_a_citizen_reads_their_own_and_an_account_of_nobody_reads_nothing(screened: Review) -> None:
    case = cases_in(screened, "9902")[0]
    citizen = screened.caller("innbygger")
    assert citizen.get("/me/report").status_code == 404
    with screened.database.transaction() as session:
        session.scalars(select(AccountRow).where(AccountRow.role == Role.CITIZEN.value)).one().subject_id = case.subject_id

    answer = citizen.get("/me/report").json()["data"]
    assert (answer["reader"], answer["subject_id"]) == ("person", case.subject_id)
    assert [c["reference"] for c in answer["cases"]] == [case.reference]
    assert "Hva vi vet og har gjort" in citizen.get("/me/report.html").text
    assert screened.caller("koordinator-9901").get("/me/report").status_code == 403


def test_a_request_is_due_in_thirty_days_and_making_the_report_answers_it(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    caller.to_review(case)
    first = caller.post(f"/cases/{case}/access-requests").json()["data"]
    again = caller.post(f"/cases/{case}/access-requests").json()["data"]
    assert first["id"] == again["id"]
    assert first["due_on"] == str(review.clock().date() + timedelta(days=30))

    review.clock.forward(days=31)
    with review.database.reading() as session:
        assert [line.is_overdue for _, line in list_open_requests(session, today=review.clock().date())] == [True]
    fresh = review.new_coordinator("9901")
    assert fresh.post(f"/cases/{case}/access-requests").status_code == 404
    with review.database.transaction() as session:
        row = session.get_one(CaseRow, case)
        report = build_person_report(session, review.keys, review.project, subject_id=row.subject_id, now=review.clock())
        from serving.persons.making import record_making

        record_making(session, review.keys, report, subject_id=row.subject_id, actor="key-holder", role="key-holder", now=review.clock())
    with review.database.reading() as session:
        assert list_open_requests(session, today=review.clock().date()) == []


@pytest.mark.requirement("R-08")
def test_a_print_out_does_not_say_that_an_address_is_protected(review: Review) -> None:
    case, caller = review.add_case(municipality=None, is_shielded=True), review.caller("skjermet-saksbehandler")
    caller.to_review(case)
    assert not re.search("skjerm|fortrolig adresse|shield", caller.get(f"/cases/{case}/person-report.html").text, re.I)


def test_by_command_from_a_pseudonym(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from features.intake.linkage import pseudonyms_for

    monkeypatch.delenv("TIDLIG_DATABASE_URL", raising=False)
    with screened_service(tmp_path / "project") as review:
        subject = cases_in(review, "9901")[0].subject_id
        pseudonym = str(pseudonyms_for(review.project, [subject], purpose="score")["pseudonym"].iloc[0])
        where = ["--project", str(review.project.root)]
        run("person", "request", subject, *where)
        assert json.loads(run("person", "requests", *where, "--json"))["requests"][0]["subject_id"] == subject
        run("person", "report", "--pseudonym", pseudonym, "--to", str(tmp_path / "out"), "--language", "nn", *where)
        assert json.loads(run("person", "requests", *where, "--json"))["requests"] == []
        unknown = runner.invoke(app, ["person", "report", "0" * 32, "--to", str(tmp_path / "out"), *where])
        assert "TID751" in str(unknown.exception)

    page, copy = next((tmp_path / "out").glob("*.html")), next((tmp_path / "out").glob("*.json"))
    assert "Kva vi veit og har gjort" in page.read_text(encoding="utf-8")
    assert json.loads(copy.read_text(encoding="utf-8"))["subject_id"] == subject
    assert page.stat().st_mode & 0o077 == copy.stat().st_mode & 0o077 == 0


def run(*words: str) -> str:
    result = runner.invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def _actions(review: Review) -> list[Any]:
    with review.database.reading() as session:
        log.verify_log(session)
        return [json.loads(entry)["action"] for entry in session.scalars(select(LogRow.entry).order_by(LogRow.seq))]
