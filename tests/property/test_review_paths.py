"""Whatever people try, in whatever order: nothing happens to a person that the review does not allow.

A machine of six people and a relay holder tries steps over the API on one case at a time, offered ones and others. After each try it asks
what must always hold; what was offered must also work.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select, update

from serving.auditing.log import verify_log
from serving.cases.leaving import release_left
from serving.cases.states import BEFORE_THE_PROPOSAL, DECISIONS, SEALED, STATES, CaseState, Step
from serving.cases.transitions import GOES_ON, TRANSITIONS
from serving.storage.tables import AccountRow, CaseRow, ConsentRow, DecisionRow, HandoverRow, OwnViewRow
from tests.support.follow_up import EVALUATION, SECOND_VIEW, WEIGHTY, WRONG, consent, handover, informed, talk, to_consent, to_family
from tests.support.review import NEED, REASON, VIEW, Caller, Review, review_service

SHARED = {CaseState.BTI_2, CaseState.BTI_3}
IN_BTI = {CaseState.BTI_1, *SHARED}
UNDECIDED = {CaseState.IN_REVIEW, CaseState.NEEDS_SECOND_READER, CaseState.SECOND_OWN_VIEW}

ROUTES: dict[str, tuple[str, list[Any]]] = {
    "assign": ("assign", [None]),
    "open": ("open", [{"need_to_know": NEED}]),
    "save_own_view": ("own-view", [VIEW]),
    "take_second_reading": ("second-reading", [None]),
    "save_second_view": ("second-view", [SECOND_VIEW]),
    "report_correction": ("corrections", [{"indicators": ["edu_absence_days"], "text": WRONG}]),
    "rescore": ("rescore", [None]),
    "plan_talk": ("talk", [talk()]),
    "inform_family": ("family-informed", [informed(), informed(child_heard="not_yet"), informed(sheet_given=False)]),
    "record_consent": ("consents", [consent(), consent(given_by="child"), consent(given_by="child", age=17)]),
    "record_no_consent": ("no-consent", [{"note": ""}]),
    "withdraw_consent": ("consents/withdraw", [{"note": ""}]),
    "hand_over_1": ("bti/1", [handover(holder=None), handover(), handover(child_heard="not_yet")]),
    "hand_over_2": ("bti/2", [handover(), handover(holder=None), handover(child_heard="not_yet")]),
    "hand_over_3": ("bti/3", [handover(), handover(child_heard="not_yet")]),
    "evaluate": ("evaluation", [EVALUATION]),
    "close": ("close", [None]),
    "object": ("objections", [{"statement": "Nei."}]),
    "uphold": ("objections/uphold-processing", [{"reason": WEIGHTY}, {"reason": "Fordi."}]),
    "erase": ("objections/erase", [None]),
    "resume": ("resume", [None]),
    "pass_on": (
        "pass-on",
        [{"to": "another", "reason": WEIGHTY}, {"to": "second", "reason": WEIGHTY}, {"to": "another", "reason": "Fordi."}],
    ),
    **{
        step.value: ("decisions", [{"step": step.value, "reason": REASON}, {"step": step.value, "reason": "For kort."}])
        for step in DECISIONS
    },
}
"""Step -> path and bodies, the first of which is whole."""

NOT_HERE = {"rescore": "TID507"}
"""What an offered step can't do in a project without a model."""

GO_ON = frozenset(
    {"decide_wondering", "decide_second_reader", "plan_talk", "inform_family", "record_consent", "hand_over_2", "hand_over_3", "evaluate"}
)
"""Steps that lead further on, taken more often, so that paths do not all end early."""

PEOPLE = ("owner", "colleague", "second", "leader", "elsewhere", "shielded")


class ReviewPaths(RuleBasedStateMachine):
    """One case, and everybody who might touch it."""

    review: ClassVar[Review]
    people: ClassVar[dict[str, Caller]]
    accounts: ClassVar[dict[str, str]]
    tried: ClassVar[int] = 0

    @initialize(needs_second=st.booleans(), without=st.booleans(), begins=st.sampled_from(("new", "in review", "informed", "consented")))
    def begin(self, needs_second: bool, without: bool, begins: str) -> None:
        """Begin at the start, or further on, where paths from the start seldom come."""
        needs_second = needs_second and begins in ("new", "in review")
        self.case = self.review.add_case(needs_second_reader=needs_second, without_proposal=without)
        ways = {"in review": self.people["owner"].to_review}
        ways |= {"informed": partial(to_family, self.people["owner"]), "consented": partial(to_consent, self.people["owner"])}
        if begins in ways:
            ways[begins](self.case)
        self.n_decisions, self.state = int(begins in ("informed", "consented")), CaseState(self.review.row(self.case).state)

    @rule(who=st.sampled_from(("owner", "owner", "owner", "colleague", "second", "leader")), data=st.data())
    def take_an_offered_step(self, who: str, data: st.DataObject) -> None:
        """What is offered works: there are no dead buttons."""
        answer = self.people[who].get(f"/cases/{self.case}")
        self._look_at(who, answer)
        offered = [s for s in answer.json()["data"]["steps"] if s != "object"] if answer.status_code == 200 else []
        if who == "leader":
            lists = [self.people[who].get(path).json()["data"] for path in ("/objections", "/overdue")]
            offered = [s for lines in lists for line in lines if line["case_id"] == self.case for s in line["steps"]]
        if not offered:
            return
        step = data.draw(st.sampled_from([*offered, *(s for s in offered if s in GO_ON for _ in range(3))]))
        if step == "evaluate":
            self._let_weeks_pass()
        taken = self._try(who, step, ROUTES[step][1][0])
        if taken.status_code not in (200, 201):
            assert taken.json()["code"] == NOT_HERE.get(step), (step, taken.text)

    @rule(who=st.sampled_from(PEOPLE), step=st.sampled_from(sorted(ROUTES)), data=st.data())
    def try_anything(self, who: str, step: str, data: st.DataObject) -> None:
        """What is not offered is refused, and changes nothing."""
        before = self.review.row(self.case)
        answer = self._try(who, step, data.draw(st.sampled_from(ROUTES[step][1])))
        if answer.status_code >= 400:
            assert answer.status_code in (403, 404, 409, 422, 503), answer.text
            assert self.review.row(self.case).version == before.version

    @precondition(lambda self: self.state in IN_BTI)
    @rule(is_withdrawn=st.booleans())
    def a_consent_ends(self, is_withdrawn: bool) -> None:
        """Time or a withdrawal ends a consent; from then on the relay holder reads nothing."""
        end = {"withdrawn_at": self.review.clock()} if is_withdrawn else {"valid_to": self.review.clock().date() - timedelta(days=1)}
        with self.review.database.transaction() as session:
            session.execute(update(ConsentRow).where(ConsentRow.case_id == self.case).values(**end))
            session.expire_all()

    @precondition(lambda self: not STATES[self.state].ends)
    @rule()
    def a_deadline_passes(self) -> None:
        """From now on the leader sees that the case waits, and may pass it on."""
        with self.review.database.transaction() as session:
            session.execute(update(CaseRow).where(CaseRow.id == self.case).values(due_on=self.review.clock().date() - timedelta(days=1)))

    @precondition(lambda self: not STATES[self.state].ends)
    @rule()
    def the_first_reader_is_elsewhere_for_a_while(self) -> None:
        """What they had not decided is free when they come back, and what they had decided is theirs still."""
        before = self.review.row(self.case)
        if before.assignee_id is None:
            return
        with self.review.database.transaction() as session:
            session.execute(update(AccountRow).where(AccountRow.id == before.assignee_id).values(municipality="9902"))
            release_left(session, self.review.project, now=self.review.clock())
            session.execute(update(AccountRow).where(AccountRow.id == before.assignee_id).values(municipality="9901"))
        after = self.review.row(self.case)
        target = TRANSITIONS[CaseState(before.state)].get(Step.RELEASE_CASE)
        assert (after.state, after.assignee_id) == ((before.state, before.assignee_id) if target is None else (target.value, None))
        self.state = CaseState(after.state)

    @invariant()
    def a_relay_holder_reads_nothing_that_no_consent_covers(self) -> None:
        if self.state not in {*IN_BTI, CaseState.EVALUATED, CaseState.STOPPED, CaseState.CONSENT_WITHDRAWN}:
            return
        reference = self.review.row(self.case).reference
        found = [line for line in self.people["holder"].get("/handovers").json()["data"] if line["reference"] == reference]
        assert not found or (self._consent_holds() and self.state in {*IN_BTI, CaseState.EVALUATED})

    def teardown(self) -> None:
        with self.review.database.reading() as session:
            verify_log(session)

    def _try(self, who: str, step: str, body: Any) -> Any:
        path, _ = ROUTES[step]
        if body is not None and len(body.get("reason", "")) >= 30:
            type(self).tried += 1
            body = {**body, "reason": f"{body['reason']} {self.tried}"}
        if body is not None and "to" in body:
            body = {**body, "to": self._login_of(body["to"])}
        held = self._consent_holds()
        answer = self.people[who].post(f"/cases/{self.case}/{path}", body, version=self.review.row(self.case).version)
        self._look_at(who, answer)
        self._check_what_happened(who, held=held)
        return answer

    def _look_at(self, who: str, answer: Any) -> None:
        """Nobody sees the proposal before their own view, nor anything after an objection."""
        row = self.review.row(self.case)
        state, has_view = CaseState(row.state), self.accounts[who] in self._readers(row)
        if not has_view or state in BEFORE_THE_PROPOSAL | SEALED or (row.without_proposal and state in UNDECIDED):
            assert "worth_a_look" not in answer.text, (who, state)
        if state in SEALED:
            assert VIEW["text"] not in answer.text
            assert NEED not in answer.text
        if state in GOES_ON and row.sealed_need is None:
            assert REASON not in answer.text, "somebody who took over has not stated their need"
        if state is CaseState.SECOND_OWN_VIEW and who == "second":
            assert VIEW["text"] not in answer.text

    def _check_what_happened(self, who: str, *, held: bool) -> None:
        row = self.review.row(self.case)
        before, self.state = self.state, CaseState(row.state)
        with self.review.database.reading() as session:
            decisions = session.scalar(select(func.count()).select_from(DecisionRow).where(DecisionRow.case_id == self.case)) or 0
        readers = self._readers(row)
        if decisions > self.n_decisions:
            assert who in ("owner", "colleague"), who
            assert row.assignee_id == self.accounts[who]
            assert self.accounts[who] in readers
        self.n_decisions = decisions
        if self.state is before:
            return
        if self.state is CaseState.WONDERING and row.needs_second_reader:
            assert len(readers) == 2
        if self.state in IN_BTI:
            self._check_handover(row, held=held)

    def _check_handover(self, row: CaseRow, *, held: bool) -> None:
        with self.review.database.reading() as session:
            newest = session.scalars(select(HandoverRow).where(HandoverRow.case_id == row.id, HandoverRow.ended_at.is_(None))).one()
            told = self.review.keys.unseal(session, row.subject_id, newest.sealed or b"")
        assert told["child_heard"] in ("heard", "through_somebody", "declined")
        if self.state in SHARED:
            assert held
            assert newest.consent_id is not None

    def _readers(self, row: CaseRow) -> set[str]:
        with self.review.database.reading() as session:
            return set(session.scalars(select(OwnViewRow.account_id).where(OwnViewRow.case_id == row.id, OwnViewRow.round == row.round)))

    def _login_of(self, name: str) -> str:
        """Name who is to take the case over: a colleague, or the owner where a colleague has it."""
        if name == "another":
            name = "owner" if self.review.row(self.case).assignee_id == self.accounts["colleague"] else "colleague"
        return self.people[name].login

    def _consent_holds(self) -> bool:
        today = self.review.clock().date()
        with self.review.database.reading() as session:
            rows = session.scalars(select(ConsentRow).where(ConsentRow.case_id == self.case, ConsentRow.withdrawn_at.is_(None))).all()
        return any(row.given_on <= today <= row.valid_to for row in rows)

    def _let_weeks_pass(self) -> None:
        with self.review.database.transaction() as session:
            session.execute(update(CaseRow).where(CaseRow.id == self.case).values(state_since=self.review.clock() - timedelta(days=50)))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[type[ReviewPaths]]:
    """One service for all runs; each has a case of its own."""
    with review_service(tmp_path_factory.mktemp("review") / "project") as review:
        logins = {
            "owner": "koordinator-9901",
            "second": "andreleser-9901",
            "leader": "leder-9901",
            "elsewhere": "koordinator-9902",
            "shielded": "skjermet-saksbehandler",
            "holder": "stafettholder-9901",
        }
        people = {name: review.caller(login) for name, login in logins.items()}
        review.clock.tick = timedelta(microseconds=1)  # of two consents of one instant nobody could say which is the newer
        ReviewPaths.review, ReviewPaths.people = review, {**people, "colleague": review.new_coordinator("9901")}
        ReviewPaths.accounts = {name: review.account_id(caller.login) for name, caller in ReviewPaths.people.items()}
        yield ReviewPaths


def run(machine: type[ReviewPaths], *, examples: int, steps: int, phases: tuple[Phase, ...]) -> None:
    """Run the machine; the same paths each time."""
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    chosen = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=quiet, derandomize=True, phases=phases
    )
    run_state_machine_as_test(machine, settings=chosen)


@pytest.mark.requirement("R-01")
@pytest.mark.requirement("R-17")
@pytest.mark.requirement("R-20")
@pytest.mark.requirement("R-22")
@pytest.mark.requirement("R-23")
@pytest.mark.requirement("R-39")
def test_no_path_reaches_what_the_review_does_not_allow(machine: type[ReviewPaths]) -> None:
    run(machine, examples=10, steps=20, phases=(Phase.generate,))  # shrinking a failure over HTTP would take minutes: the proof does


@pytest.mark.proof
def test_no_path_reaches_what_the_review_does_not_allow_in_long(machine: type[ReviewPaths]) -> None:
    run(machine, examples=300, steps=50, phases=(Phase.generate, Phase.shrink))
