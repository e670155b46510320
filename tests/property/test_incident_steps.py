"""Any steps in any order, beside a plain account of what the law's clocks should be: the same clocks, the same refusals, a whole book."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.declarations.project import Project, load_project
from features.errors import DataError
from features.ledger import read_entries
from monitoring.incidents.book import book_path, read_incidents, verify_incidents
from monitoring.incidents.record import Incident
from monitoring.incidents.steps import assess, close, decline, notify, open_by_hand
from tests.support.projects import tiny_project

NOW = datetime(2026, 10, 2, 9, tzinfo=UTC)
WORDS = "Words enough to explain a step."
DAYS = {"serious": 15, "widespread": 2, "critical_infrastructure": 2, "death": 10}
DUTIES = ("gdpr_33", "aia_73")

STEPS = st.one_of(
    st.tuples(st.just("assess"), st.sampled_from(["no", "possible"]), st.sampled_from(["none", *DAYS]), st.integers(0, 400)),
    st.tuples(st.just("notify"), st.sampled_from(DUTIES)),
    st.tuples(st.just("decline"), st.sampled_from(DUTIES)),
    st.tuples(st.just("close")),
)


@dataclass
class Account:
    """What should be so."""

    due: dict[str, datetime] = field(default_factory=dict)
    answer: dict[str, str] = field(default_factory=dict)
    """Duty -> how it was answered; a duty that is due and not here runs."""
    is_assessed: bool = False
    is_closed: bool = False

    @property
    def running(self) -> set[str]:
        return set(self.due) - set(self.answer)

    def take(self, step: tuple[object, ...]) -> str | None:
        """Take a step, or give the code it is refused with."""
        if self.is_closed or (not self.is_assessed and step[0] != "assess"):
            return "TID491"
        return {"assess": self.assess, "notify": self.notify, "decline": self.decline, "close": self.close}[str(step[0])](*step[1:])

    def assess(self, breach: str, harm: str, hours: int) -> str | None:
        asked = {"gdpr_33": timedelta(hours=72)} if breach == "possible" else {}
        if harm != "none":
            asked["aia_73"] = timedelta(days=DAYS[harm])
        if self.running - set(asked):
            return "TID487"
        self.is_assessed = True
        for duty, time in asked.items():
            due = NOW - timedelta(hours=hours) + time
            self.due[duty] = min(due, self.due[duty]) if duty in self.running else due
            self.answer.pop(duty, None)
        return None

    def notify(self, duty: str) -> str | None:
        if not self.running and "notified" not in self.answer.values():
            return "TID491"
        if duty not in self.running and self.answer.get(duty) != "notified":
            return "TID489"
        self.answer[duty] = "notified"
        return None

    def decline(self, duty: str) -> str | None:
        if not self.running:
            return "TID491"
        if duty not in self.running:
            return "TID489"
        self.answer[duty] = "not_notifiable"
        return None

    def close(self) -> str | None:
        if self.running:
            return "TID491"
        self.is_closed = True
        return None


def take(project: Project, name: str, step: tuple[object, ...]) -> Incident:
    if step[0] == "assess":
        _, breach, harm, hours = step
        aware = NOW - timedelta(hours=int(str(hours)))
        return assess(project, name, breach=breach, harm=harm, why=WORDS, role="leder", now=NOW, aware_at=aware)  # type: ignore[arg-type]
    if step[0] == "notify":
        return notify(project, name, duty=step[1], reference="26/1", role="leder", now=NOW)  # type: ignore[arg-type]
    if step[0] == "decline":
        return decline(project, name, duty=step[1], why=WORDS, role="leder", now=NOW)  # type: ignore[arg-type]
    return close(project, name, done=WORDS, role="leder", now=NOW)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_project(tmp_path_factory.mktemp("steps"))


@pytest.mark.requirement("R-41")
@given(st.lists(STEPS, max_size=8))
@settings(deadline=None, max_examples=40)
def test_steps_in_any_order_do_what_the_account_says(root, steps):
    project = load_project(root)
    with tempfile.TemporaryDirectory(dir=root) as folder:
        project = Project(Path(folder), project.screening, project.catalogue, project.services)
        model = "tiny-not_completed-grade_10"
        found, account, taken = open_by_hand(project, model=model, what=WORDS, role="leder", now=NOW), Account(), 1
        for step in steps:
            expected, refused = account.take(step), None
            try:
                found = take(project, found.id, step)
            except DataError as error:
                refused = error.code
            assert refused == expected
            taken += refused is None
            assert {duty: clock.due_at for duty, clock in found.clocks.items()} == account.due
            assert {duty for duty, clock in found.clocks.items() if clock.is_running} == account.running
            assert {duty: clock.answer for duty, clock in found.clocks.items() if clock.answer} == account.answer
        assert read_incidents(project) == (found,)
        assert verify_incidents(project).count == taken == len(list(read_entries(book_path(project))))
        assert found.is_open != account.is_closed
