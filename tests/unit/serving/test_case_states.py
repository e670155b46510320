"""The dicts of states hang together, and the page says what they say."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path

import pytest

from features.declarations.reviewing import Review
from serving.cases.deadlines import due_after, due_in_state, is_working_day
from serving.cases.describe import case_states_markdown, reachable_states
from serving.cases.states import BEFORE_THE_PROPOSAL, DECISIONS, OPEN_STATES, STATES, STEPS, CaseState, Deadline, Step
from serving.cases.transitions import TRANSITIONS

SERVING = Path(__file__).parents[3] / "serving"


def test_every_state_and_step_has_its_rule_and_words_in_three_languages() -> None:
    assert set(STATES) == set(CaseState)
    assert set(STEPS) == set(Step)
    for wording in (*(r.wording for r in STATES.values()), *(r.wording for r in STEPS.values())):
        assert all(wording.model_dump()[language].strip() for language in ("nb", "nn", "en"))


def test_nothing_leads_out_of_a_state_that_ends_and_every_open_one_leads_on() -> None:
    for state, rule in STATES.items():
        if rule.ends:
            assert not TRANSITIONS.get(state)
    for state in reachable_states():
        if state in OPEN_STATES:
            assert Step.OBJECT in TRANSITIONS[state], state


@pytest.mark.requirement("R-20")
def test_every_way_to_a_decision_passes_through_the_own_view() -> None:
    """Without the step that saves the own view no state with a decision can be reached."""
    reached, frontier = {CaseState.NEW}, [CaseState.NEW]
    while frontier:
        for step, target in TRANSITIONS.get(frontier.pop(), {}).items():
            if step is not Step.SAVE_OWN_VIEW and target not in reached:
                reached.add(target)
                frontier.append(target)
    assert not [state for state in reached if set(TRANSITIONS.get(state, {})) & set(DECISIONS)]
    assert all(not set(TRANSITIONS.get(state, {})) & set(DECISIONS) for state in BEFORE_THE_PROPOSAL)


@pytest.mark.requirement("R-22")
def test_an_objection_is_possible_at_any_time_before_the_end() -> None:
    for state in reachable_states():
        if not STATES[state].ends and state not in (CaseState.OBJECTED, CaseState.STOPPED):
            assert TRANSITIONS[state][Step.OBJECT] is CaseState.OBJECTED


@pytest.mark.requirement("R-28")
def test_only_the_permission_check_makes_a_proof_of_access() -> None:
    proofs = ("CaseForReview", "CaseInQueue", "CaseForSecondReading", "CaseOfObjection", "CaseToPassOn")
    makers = {
        path.name
        for path in SERVING.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in proofs
    }
    assert makers == {"access.py"}


def test_the_page_names_every_transition() -> None:
    page = case_states_markdown()
    for state, steps in TRANSITIONS.items():
        for step, target in steps.items():
            assert f"{step} → `{target}`" in page, (state, step)


def test_working_days_know_norwegian_holidays() -> None:
    assert not is_working_day(date(2026, 5, 17))
    assert due_after(date(2026, 3, 31), Deadline(3, "working_days")) == date(2026, 4, 8)  # over Easter 2026
    assert due_after(date(2026, 12, 18), Deadline(14, "days")) == date(2027, 1, 4)  # not on New Year's Day
    assert due_in_state(CaseState.CLOSED, date(2026, 1, 1), Review()) is None
