"""What a case's state allows. Who the person is plays no part here; `serving.permissions` asks that."""

from __future__ import annotations

from features.errors import ReviewError
from serving.cases.states import BEFORE_THE_PROPOSAL, RESTRICTED, STATES, STEPS, TRANSITIONS, Actor, CaseState, Step
from serving.errors import CaseChangedError
from serving.tables import CaseRow

MIN_REASON = 30
"""Characters of a decision's reason (domain §4.3)."""
MIN_TEXT = 10
"""Characters of an own view and of a stated need."""

_NOT_CHOSEN_BY_PEOPLE = frozenset(step for step, rule in STEPS.items() if rule.by is Actor.SERVICE)
"""Steps that follow from others or from time."""


def can_take_step(case: CaseRow, step: Step) -> bool:
    """Answer whether the case's state, and what is known of the case, allow this step."""
    return step in TRANSITIONS.get(CaseState(case.state), {}) and not _waits_for_second_reader(case, step)


def check_step(case: CaseRow, step: Step) -> CaseState:
    """Give the state that a step leads to.

    Raises
    ------
    ReviewError
        TID701 when the state does not allow the step, TID706 when a second reader has to look first (R-17).
    """
    state = CaseState(case.state)
    target = TRANSITIONS.get(state, {}).get(step)
    if target is None:
        allowed = ", ".join(f"`{s}`" for s in TRANSITIONS.get(state, {}) if s not in _NOT_CHOSEN_BY_PEOPLE) or "nothing more"
        raise ReviewError(
            "TID701", f"a case in the state {state} ({STATES[state].wording.en}) does not allow `{step}`. It allows {allowed}."
        )
    if _waits_for_second_reader(case, step):
        raise ReviewError(
            "TID706",
            f"a second reader has to look before {STEPS[step].wording.en!r} here. Choose {STEPS[Step.DECIDE_SECOND_READER].wording.en!r}.",
        )
    return target


def steps_open_to_people(case: CaseRow) -> tuple[Step, ...]:
    """List the steps that a person could take now; buttons come from here."""
    return tuple(s for s in TRANSITIONS.get(CaseState(case.state), {}) if s not in _NOT_CHOSEN_BY_PEOPLE and can_take_step(case, s))


def can_see_proposal(case: CaseRow, *, has_own_view: bool) -> bool:
    """Answer whether the model's proposal may be shown: only after this reader's own view, and while it is kept (R-20, R-25)."""
    return has_own_view and CaseState(case.state) not in BEFORE_THE_PROPOSAL | RESTRICTED and case.sealed_proposal is not None


def check_can_see_proposal(case: CaseRow, *, has_own_view: bool) -> None:
    """Refuse the proposal before the own view, and after the purge.

    Raises
    ------
    ReviewError
        TID702 before the own view, TID708 when the content is gone.
    """
    if not has_own_view or CaseState(case.state) in BEFORE_THE_PROPOSAL:
        raise ReviewError("TID702", "the proposal is shown after you have written what you know yourself. Save your own view first.")
    if case.sealed_proposal is None or CaseState(case.state) in RESTRICTED:
        raise ReviewError("TID708", "the content is not shown: it was purged, or the person objected or was erased.")


def check_version(case: CaseRow, version: int) -> None:
    """Refuse a change made from an older picture of the case.

    Raises
    ------
    CaseChangedError
        TID705.
    """
    if case.version != version:
        raise CaseChangedError


def check_length(text: str, *, what: str, at_least: int) -> str:
    """Give the text without surrounding blanks.

    Raises
    ------
    ReviewError
        TID703 when it is shorter than asked.
    """
    trimmed = text.strip()
    if len(trimmed) < at_least:
        raise ReviewError("TID703", f"{what} has {len(trimmed)} characters; expected at least {at_least}. Write it in your own words.")
    return trimmed


def _waits_for_second_reader(case: CaseRow, step: Step) -> bool:
    return step is Step.DECIDE_WONDERING and case.needs_second_reader
