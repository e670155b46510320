"""Incidents: opened once for what a signal found, clocks that no later step moves back, and a book that shows every change."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.declarations.project import Project, load_project
from features.errors import DataError, LedgerError
from features.ledger import Anchor, read_entries
from monitoring.incidents.book import book_path, head_path, read_incidents, verify_incidents
from monitoring.incidents.clocks import BREACH_HOURS, SERIOUS, Clock, clocks_of, merged
from monitoring.incidents.pages import render_incidents
from monitoring.incidents.record import STEPS, State
from monitoring.incidents.steps import assess, close, decline, notify, open_by_hand, open_for_report
from monitoring.wording import words
from tests.support.projects import tiny_project

NOW = datetime(2026, 10, 2, 9, tzinfo=UTC)
MODEL = "tiny-not_completed-grade_10"
WHAT = "Every score of the autumn was the same."
WHY = "The register of absence delivered nothing in September."


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return load_project(tiny_project(tmp_path / "project"))


def signal(code: str, verdict: str = "FAILED", **evidence: object) -> dict[str, object]:
    return {"code": code, "title": "t", "verdict": verdict, "evidence": evidence, "suspends": True}


def report(*signals: dict[str, object], month: str = "2026-09", version: str = "1") -> dict[str, object]:
    return {"model": MODEL, "month": month, "version": version, "signals": list(signals)}


@pytest.mark.requirement("R-41")
def test_a_failed_signal_opens_an_incident_once_however_often_it_is_reported(project):
    content = report(signal("S-01", sectors="health", n_drifted=3), signal("S-03", "PASSED"), signal("S-05", groups="sex: boy"))
    first = open_for_report(project, content, now=NOW)
    assert [(one.incident.id, one.incident.signal, one.is_new) for one in first] == [("I-0001", "S-01", True), ("I-0002", "S-05", True)]
    before = book_path(project).read_bytes()
    again = open_for_report(project, content, now=NOW + timedelta(days=1))
    assert [one.is_new for one in again] == [False, False]
    other_figures = report(signal("S-01", sectors="health", n_drifted=4))
    assert not open_for_report(project, other_figures, now=NOW)[0].is_new
    assert book_path(project).read_bytes() == before
    assert first[0].incident.responsible == "modellforvalter"


@pytest.mark.requirement("R-41")
def test_another_finding_opens_another_incident_and_a_later_month_is_noted_in_the_open_one(project):
    open_for_report(project, report(signal("S-05", groups="sex: boy")), now=NOW)
    assert open_for_report(project, report(signal("S-05", groups="sex: girl")), now=NOW)[0].is_new
    assert open_for_report(project, report(signal("S-05", groups="sex: boy"), version="2"), now=NOW)[0].is_new
    seen = open_for_report(project, report(signal("S-05", groups="sex: boy"), month="2026-10"), now=NOW)[0]
    assert (seen.is_new, seen.incident.months) == (False, ("2026-09", "2026-10"))


@pytest.mark.requirement("R-41")
def test_what_was_closed_comes_back_only_with_a_later_month(project):
    found = open_for_report(project, report(signal("S-04")), now=NOW)[0].incident.id
    assess(project, found, breach="no", harm="none", why=WHY, role="modellforvalter", now=NOW)
    close(project, found, done=WHY, role="modellforvalter", now=NOW)
    assert open_for_report(project, report(signal("S-04")), now=NOW)[0].incident.state is State.CLOSED
    back = open_for_report(project, report(signal("S-04"), month="2026-10"), now=NOW)[0]
    assert (back.is_new, back.incident.id) == (True, "I-0002")


@pytest.mark.requirement("R-41")
def test_the_clocks_begin_when_somebody_records_that_it_may_be_a_breach(project):
    found = open_by_hand(project, model=MODEL, what=WHAT, role="leder", now=NOW)
    assert found.clocks == {}
    aware = NOW - timedelta(hours=20)
    found = assess(project, found.id, breach="possible", harm="serious", why=WHY, role="personvernombud", now=NOW, aware_at=aware)
    assert found.state is State.ASSESSED
    assert {duty: clock.due_at for duty, clock in found.clocks.items()} == {
        "gdpr_33": aware + timedelta(hours=72),
        "aia_73": aware + timedelta(days=15),
    }
    assert found.overdue(aware + timedelta(hours=72)) == ()
    assert [clock.duty for clock in found.overdue(aware + timedelta(hours=73))] == ["gdpr_33"]
    found = assess(project, found.id, breach="possible", harm="death", why=WHY, role="dataansvarlig", now=NOW)
    assert found.clocks["aia_73"].due_at == NOW + timedelta(days=10)
    assert found.clocks["gdpr_33"].due_at == aware + timedelta(hours=72)


@pytest.mark.requirement("R-41")
def test_a_clock_ends_by_telling_the_authority_or_by_saying_why_not(project):
    found = open_by_hand(project, model=MODEL, what=WHAT, role="leder", now=NOW)
    assess(project, found.id, breach="possible", harm="serious", why=WHY, role="leder", now=NOW)
    late = NOW + timedelta(hours=80)
    found = notify(project, found.id, duty="gdpr_33", reference="26/01234", role="dataansvarlig", now=late)
    assert found.clocks["gdpr_33"].was_late
    assert found.state is State.ASSESSED
    with pytest.raises(DataError, match="TID491"):
        close(project, found.id, done=WHY, role="leder", now=late)
    found = decline(project, found.id, duty="aia_73", why=WHY, role="dataansvarlig", now=late)
    assert found.state is State.NOTIFIED
    stopped = found.clocks["gdpr_33"]
    found = notify(project, found.id, duty="gdpr_33", reference="26/01234-2", role="dataansvarlig", now=late + timedelta(days=1))
    assert found.clocks["gdpr_33"] == stopped
    found = close(project, found.id, done=WHY, role="leder", now=late)
    assert found.state is State.CLOSED
    assert [told.action for told in found.history] == ["opened", "assessed", "notified", "not_notifiable", "notified", "closed"]


def test_a_second_assessment_takes_no_running_clock_back(project):
    found = open_by_hand(project, model=MODEL, what=WHAT, role="leder", now=NOW)
    assess(project, found.id, breach="possible", harm="none", why=WHY, role="leder", now=NOW)
    with pytest.raises(DataError, match="TID487"):
        assess(project, found.id, breach="no", harm="none", why=WHY, role="leder", now=NOW)


@pytest.mark.parametrize(
    ("code", "step"),
    [
        ("TID488", lambda p, i: open_by_hand(p, model="none", what=WHAT, role="leder", now=NOW)),
        ("TID489", lambda p, i: notify(p, i, duty="aia_73", reference="1", role="leder", now=NOW)),
        ("TID489", lambda p, i: decline(p, i, duty="aia_73", why=WHY, role="leder", now=NOW)),
        ("TID490", lambda p, i: close(p, "I-9999", done=WHY, role="leder", now=NOW)),
        ("TID491", lambda p, i: close(p, i, done=WHY, role="leder", now=NOW)),
        ("TID492", lambda p, i: open_by_hand(p, model=MODEL, what="  odd  ", role="leder", now=NOW)),
        ("TID492", lambda p, i: notify(p, i, duty="gdpr_33", reference=" ", role="leder", now=NOW)),
        ("TID493", lambda p, i: open_by_hand(p, model=MODEL, what="About 010107 50160, who called us.", role="leder", now=NOW)),
        ("TID493", lambda p, i: notify(p, i, duty="gdpr_33", reference="01010750160", role="leder", now=NOW)),
        (
            "TID494",
            lambda p, i: assess(p, i, breach="no", harm="none", why=WHY, role="leder", now=NOW, aware_at=NOW + timedelta(hours=1)),
        ),
        (
            "TID494",
            lambda p, i: assess(p, i, breach="no", harm="none", why=WHY, role="leder", now=NOW, aware_at=NOW.replace(tzinfo=None)),
        ),
    ],
)
def test_what_does_not_fit_is_refused_and_written_nowhere(project, code, step):
    found = open_by_hand(project, model=MODEL, what=WHAT, role="leder", now=NOW)
    assess(project, found.id, breach="possible", harm="none", why=WHY, role="leder", now=NOW)
    before = book_path(project).read_bytes()
    with pytest.raises(DataError, match=code) as raised:
        step(project, found.id)
    assert "0101" not in str(raised.value)
    assert book_path(project).read_bytes() == before


@pytest.mark.requirement("R-41")
@pytest.mark.parametrize("damage", ["edit", "remove", "cut", "head"])
def test_a_changed_book_does_not_verify_and_takes_nothing_more(project, damage):
    for n in range(3):
        open_by_hand(project, model=MODEL, what=f"{WHAT} Number {n}.", role="leder", now=NOW)
    path, lines = book_path(project), book_path(project).read_text(encoding="utf-8").splitlines(keepends=True)
    kept = verify_incidents(project).anchor
    if damage == "edit":
        path.write_text("".join(lines).replace("Number 1", "Number 7"), encoding="utf-8")
    elif damage == "remove":
        path.write_text(lines[0] + lines[2], encoding="utf-8")
    elif damage == "cut":
        path.write_text(lines[0] + lines[1], encoding="utf-8")
    else:
        head_path(project).unlink()
    for step in (lambda: verify_incidents(project), lambda: open_by_hand(project, model=MODEL, what=WHAT, role="leder", now=NOW)):
        with pytest.raises(LedgerError, match=r"TID80[124]"):
            step()
    assert kept.count == 3


def test_an_anchor_that_was_kept_shows_a_book_that_was_made_anew(project, tmp_path):
    open_by_hand(project, model=MODEL, what=WHAT, role="leder", now=NOW)
    kept = verify_incidents(project).anchor
    book_path(project).unlink()
    head_path(project).unlink()
    open_by_hand(project, model=MODEL, what=f"{WHAT} Or not.", role="leder", now=NOW)
    with pytest.raises(LedgerError, match="TID801"):
        verify_incidents(project, anchor=kept)
    with pytest.raises(LedgerError, match="TID804"):
        verify_incidents(project, anchor=Anchor(2, kept.head))


def test_a_line_that_a_killed_writer_left_half_written_is_replaced(project):
    open_by_hand(project, model=MODEL, what=WHAT, role="leder", now=NOW)
    with book_path(project).open("ab") as file:
        file.write(b'{"sequence": 2, "half')
    assert len(read_incidents(project)) == 1
    open_by_hand(project, model=MODEL, what=WHAT, role="leder", now=NOW)
    assert [entry.sequence for entry in read_entries(book_path(project))] == [1, 2]
    assert verify_incidents(project).count == 2


def _open_many(project: Project, writer: int) -> None:
    for n in range(5):
        open_for_report(project, report(signal("S-01", sectors="health"), signal("S-05", groups=f"group {n}")), now=NOW)
        open_by_hand(project, model=MODEL, what=f"{WHAT} Writer {writer}, number {n}.", role="leder", now=NOW)


@pytest.mark.requirement("R-41")
def test_writers_at_once_lose_nothing_and_open_nothing_twice(project):
    with ThreadPoolExecutor(4) as pool:  # each opens the lock's file by itself, so they keep each other out as processes do
        assert list(pool.map(lambda writer: _open_many(project, writer), range(4))) == [None] * 4
    found = read_incidents(project)
    assert len([one for one in found if one.signal is None]) == 20
    assert sorted(one.named["groups"] for one in found if one.signal == "S-05") == [f"group {n}" for n in range(5)]
    assert len([one for one in found if one.signal == "S-01"]) == 1
    assert [one.id for one in found] == [f"I-{n + 1:04d}" for n in range(26)]
    verify_incidents(project)


MOMENTS = st.integers(0, 500).map(lambda hours: NOW + timedelta(hours=hours))
HARMS = st.sampled_from(["none", *SERIOUS])


@pytest.mark.requirement("R-41")
@given(st.lists(st.tuples(st.booleans(), HARMS, MOMENTS), min_size=1, max_size=6))
@settings(deadline=None)
def test_assessing_again_never_gives_more_time_than_the_strictest_said(assessments):
    """The oracle takes every assessment's deadline by itself; the clock is due at the first of them."""
    clocks: dict[str, Clock] = {}
    for is_breach, harm, aware in assessments:
        clocks |= {clock.duty: merged(clocks.get(clock.duty), clock) for clock in clocks_of(is_breach=is_breach, harm=harm, aware_at=aware)}
    breaches = [aware + BREACH_HOURS for is_breach, _, aware in assessments if is_breach]
    serious = [aware + SERIOUS[harm] for _, harm, aware in assessments if harm != "none"]
    assert {duty: clock.due_at for duty, clock in clocks.items()} == {
        **({"gdpr_33": min(breaches)} if breaches else {}),
        **({"aia_73": min(serious)} if serious else {}),
    }


@pytest.mark.requirement("R-41")
@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_page_names_what_is_overdue_and_escapes_what_people_wrote(project, language):
    found = open_by_hand(project, model=MODEL, what="<script>alert(1)</script> is what it said.", role="leder", now=NOW)
    assess(project, found.id, breach="possible", harm="none", why=WHY, role="leder", now=NOW)
    open_for_report(project, report(signal("S-01", sectors="health")), now=NOW)
    said = words(language)["incidents"]
    made = [
        render_incidents(read_incidents(project), model=MODEL, language=language, is_synthetic=True, now=NOW + timedelta(hours=h))
        for h in (71, 73)
    ]
    assert said["is_overdue"] not in made[0]
    assert said["is_overdue"] in made[1]
    assert words(language)["synthetic"] in made[1]
    assert "<script" not in made[1]
    assert said["failed_in"].format(code="S-01", month="2026-09") in made[1]
    assert made[1].count("<caption>") == made[1].count("<table>") == 3
    assert words(language)["sectors"]["health"] in made[1]


def test_every_state_and_step_has_words_in_both_languages():
    steps = {step.removeprefix("incident_") for allowed in STEPS.values() for step in allowed} | {"opened"}
    for language in ("nb", "en"):
        said = words(language)["incidents"]
        assert set(said["states"]) == {state.value for state in State}
        assert set(said["steps"]) == steps
        assert set(said["duties"]) == {"gdpr_33", "aia_73"}
    assert set(words("nb")["incidents"]) == set(words("en")["incidents"])
