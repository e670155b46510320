"""Errors in the information: reported, corrected by the source's next extract, and scored again on a real store with a real model."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from sqlalchemy import select

from features.declarations.project import load_project
from features.intake.load import ingest
from features.keys import read_keys
from features.progress import Silent
from serving.app import create_app
from serving.cases.proposal import Proposal
from serving.screening.run import screen
from serving.settings import Settings
from serving.storage.tables import CaseRow, CorrectionRow, LogRow
from tests.support.databases import new_service_database
from tests.support.follow_up import WRONG, decide, ok, refused
from tests.support.projects import KEYS, NOW
from tests.support.review import NEED, VIEW, Caller, Clock, Review
from tests.support.screenable import AS_OF, screenable_project

CORRECTED_ON = "2026-11-01"
"""After the date of the cases, before the tests' today."""


@pytest.fixture(scope="module")
def screenable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ingest and train once; each test works on a copy."""
    folder = tmp_path_factory.mktemp("corrections") / "project"
    screenable_project(folder, bands="worth_a_look = 0.2\nshould_be_assessed = 0.5")
    return folder


@dataclass
class Corrected:
    """A running service whose cases come from a screening."""

    review: Review
    caller: Caller
    case: str

    def row(self) -> CaseRow:
        """Read the case."""
        return self.review.row(self.case)

    def proposal(self) -> Proposal:
        """Read the sealed proposal."""
        row = self.row()
        with self.review.database.reading() as session:
            return Proposal.from_json(self.review.keys.unseal(session, row.subject_id, row.sealed_proposal or b""))

    def correct(self, better: Callable[[str, float], float]) -> None:
        """Bring the source's next extract: absence and grades of the last cohort, corrected."""
        path = self.review.project.root / "data" / "school.csv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        wrong = [r for r in rows if r["person"] >= "SYN-050" and r["indicator"] in ("edu_absence_days", "edu_grade_mean")]
        corrected = [{**r, "value": str(better(r["indicator"], float(r["value"]))), "known_on": CORRECTED_ON} for r in wrong]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows([*rows, *{(r["person"], r["record"]): r for r in corrected}.values()])
        ingest(self.review.project, keys=read_keys(self.review.project, environ=KEYS), environ=KEYS, now=NOW, progress=Silent())

    def report(self, *indicators: str) -> Any:
        """Take the case to where the error is reported, and report it."""
        self.caller.to_review(self.case)
        ok(decide(self.caller, self.case, "decide_wrong_basis"), 201)
        return self.caller.step(self.case, "corrections", {"indicators": list(indicators), "text": WRONG})


@pytest.fixture(params=["sqlite", "postgresql"])
def corrected(request: pytest.FixtureRequest, tmp_path: Path, screenable: Path) -> Iterator[Corrected]:
    """Give a service with the cases of one screening, the first of which a coordinator can take."""
    url = new_service_database(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else None
    project = load_project(copytree(screenable, tmp_path / "project"))
    settings, clock = Settings(database_url=url, env="demo"), Clock()
    app = create_app(settings, project, clock=clock, with_console=False)
    review = Review(app, project, settings, clock, app.state.database, app.state.person_keys)
    try:
        screen(project, review.database, review.keys, as_of=AS_OF, now=NOW)
        with review.database.reading() as session:
            case = session.scalars(select(CaseRow).where(CaseRow.municipality == "9901").order_by(CaseRow.reference)).first()
        assert case is not None
        yield Corrected(review, review.caller("koordinator-9901"), case.id)
    finally:
        review.database.close()


def eased(indicator: str, value: float) -> float:
    """Say that there was no absence to speak of, and good grades."""
    return 6.0 if indicator == "edu_grade_mean" else 0.0


def worsened(indicator: str, value: float) -> float:
    """Say that there was more absence, and lower grades."""
    return max(1.0, value - 2) if indicator == "edu_grade_mean" else value + 5


@pytest.mark.requirement("R-24")
def test_corrected_information_that_no_longer_proposes_is_closed_by_the_reviewer(corrected: Corrected) -> None:
    reported = ok(corrected.report("edu_absence_days"), 201)
    before = corrected.proposal()
    corrected.correct(eased)

    page = ok(corrected.caller.step(corrected.case, "rescore"))
    after = corrected.proposal()

    assert [line["code"] for line in reported["correction"]["indicators"]] == ["edu_absence_days"]
    assert (page["row"]["state"], page["steps"]) == ("RESKARET", ["close", "object"])
    assert (page["correction"]["changed_features"], page["correction"]["answered_at"] is not None) == (True, True)
    assert after.probability < 0.2 <= before.probability
    assert (after.as_of, after.stage, after.model_version) == (before.as_of, before.stage, before.model_version)
    assert after.inputs_sha256 != before.inputs_sha256
    assert ok(corrected.caller.step(corrected.case, "close"))["row"]["state"] == "LUKKET"


@pytest.mark.requirement("R-24")
@pytest.mark.requirement("R-20")
def test_still_proposed_on_corrected_information_it_is_new_again_and_nobody_s(corrected: Corrected) -> None:
    ok(corrected.report("edu_absence_days", "edu_grade_mean"), 201)
    before = corrected.proposal()
    corrected.correct(worsened)
    corrected.review.clock.forward(minutes=5)

    page = ok(corrected.caller.step(corrected.case, "rescore"))
    row, after = corrected.row(), corrected.proposal()

    assert (page["row"]["state"], page["row"]["is_unassigned"], page["proposal"], page["own_view"]) == ("NY", True, None, None)
    assert (row.round, row.assignee_id, row.sealed_need) == (2, None, None)
    assert after.probability > before.probability
    colleague = corrected.review.new_coordinator("9901")
    ok(colleague.step(corrected.case, "assign"))
    opened = colleague.step(corrected.case, "open", {"need_to_know": NEED})
    assert VIEW["text"] not in opened.text
    assert refused(colleague.get(f"/cases/{corrected.case}/view")) == (409, "TID702")
    assert ok(colleague.step(corrected.case, "own-view", VIEW))["proposal"]["band"] == after.band.value


@pytest.mark.requirement("R-24")
def test_nothing_changed_keeps_the_sealed_proposal_and_says_so(corrected: Corrected) -> None:
    ok(corrected.report("edu_absence_days"), 201)
    before = corrected.row().sealed_proposal

    ok(corrected.caller.step(corrected.case, "rescore"))

    with corrected.review.database.reading() as session:
        correction = session.scalars(select(CorrectionRow)).one()
    assert corrected.row().sealed_proposal == before
    assert (correction.changed_features, correction.notified_at) == (False, None)


@pytest.mark.requirement("R-24")
@pytest.mark.requirement("R-05")
def test_only_what_the_case_shows_can_be_reported_and_the_words_stay_sealed(corrected: Corrected) -> None:
    refusals = [refused(corrected.report(code)) for code in ("nav_low_income_hh",)]
    refusals += [
        refused(corrected.caller.step(corrected.case, "corrections", {"indicators": [code], "text": WRONG}))
        for code in ("edu_completion", "no_such_thing")
    ]
    page = ok(corrected.caller.get(f"/cases/{corrected.case}"))

    ok(corrected.caller.step(corrected.case, "corrections", {"indicators": ["edu_absence_days"], "text": WRONG}), 201)

    with corrected.review.database.reading() as session:
        entries = "".join(session.scalars(select(LogRow.entry)))
        sealed = session.scalars(select(CorrectionRow.sealed)).one() or b""
    assert refusals == [(422, "TID722")] * 3
    assert {line["code"] for line in page["correctable"]} == {"edu_absence_days", "edu_grade_mean"}
    assert WRONG not in entries
    assert WRONG.encode() not in sealed


@pytest.mark.requirement("R-24")
def test_a_person_who_left_the_store_can_t_be_scored_again(corrected: Corrected) -> None:
    ok(corrected.report("edu_absence_days"), 201)
    with corrected.review.database.transaction() as session:
        row = session.get_one(CaseRow, corrected.case)
        other, proposal = "f" * 32, corrected.review.keys.unseal(session, row.subject_id, row.sealed_proposal or b"")
        row.subject_id, row.sealed_proposal = other, corrected.review.keys.seal(session, other, proposal, now=NOW)
    with corrected.review.database.transaction() as session:
        keys = corrected.review.keys  # a case without a stated need is one that was passed on, and would be refused for that
        session.get_one(CaseRow, corrected.case).sealed_need = keys.seal(session, other, NEED, now=NOW)

    answer = corrected.caller.post(f"/cases/{corrected.case}/rescore", version=corrected.row().version)

    assert refused(answer) == (409, "TID784")
    assert corrected.row().state == "RETTING_MELDT"
