"""What a case's state, and what is known of the case, allow.

Who the person is plays no part here; `serving.access.permissions` asks that.
"""

from __future__ import annotations

from dataclasses import dataclass

from features.errors import ReviewError
from serving.cases.states import BEFORE_THE_PROPOSAL, SEALED, STATES, STEPS, Actor, CaseState, Step
from serving.cases.transitions import GOES_ON, TRANSITIONS
from serving.errors import CaseChangedError
from serving.storage.tables import CaseRow

MIN_REASON = 30
"""Characters of a decision's reason (domain §4.3)."""
MIN_TEXT = 10
"""Characters of an own view and of a stated need."""

_NOT_CHOSEN_BY_PEOPLE = frozenset(step for step, rule in STEPS.items() if rule.by is Actor.SERVICE)
"""Steps that follow from others or from time."""


NEED_CONSENT = frozenset({Step.HAND_OVER_2, Step.HAND_OVER_3})
"""Steps that share with another service, and so ask for a consent that holds (R-23)."""

_UNTIL_DECIDED = frozenset({CaseState.IN_REVIEW, CaseState.NEEDS_SECOND_READER})
"""States after the own view in which a case of study mode still hides the proposal (R-20)."""


@dataclass(frozen=True)
class Known:
    """What beside its row is known of a case and narrows its steps."""

    has_consent: bool = False
    """Whether a consent was given and not withdrawn."""
    consent_holds: bool = False
    """Whether it holds today."""


def can_take_step(case: CaseRow, step: Step, *, known: Known) -> bool:
    """Answer whether the case's state, and what is known of the case, allow this step."""
    return step in TRANSITIONS.get(CaseState(case.state), {}) and _find_guard(case, step, known) is None


def check_step(case: CaseRow, step: Step, *, known: Known | None = None) -> CaseState:
    """Give the state that a step leads to.

    Raises
    ------
    ReviewError
        TID701 when the state does not allow the step, TID706 when a second reader has to look first (R-17), TID720 when one has looked
        already, TID727 when the step asks for a consent that holds and there is none (R-23), TID786 when the case was passed on and who
        has it now has to open it first.
    """
    state = CaseState(case.state)
    target = TRANSITIONS.get(state, {}).get(step)
    if target is None:
        allowed = ", ".join(f"`{s}`" for s in TRANSITIONS.get(state, {}) if s not in _NOT_CHOSEN_BY_PEOPLE) or "nothing more"
        raise ReviewError(
            "TID701", f"a case in the state {state} ({STATES[state].wording.en}) does not allow `{step}`. It allows {allowed}."
        )
    refusal = _find_guard(case, step, known or Known())
    if refusal is not None:
        raise refusal
    return target


def steps_open_to_people(case: CaseRow, *, known: Known) -> tuple[Step, ...]:
    """List the steps that a person could take now; buttons come from here."""
    steps = TRANSITIONS.get(CaseState(case.state), {})
    return tuple(s for s in steps if s not in _NOT_CHOSEN_BY_PEOPLE and can_take_step(case, s, known=known))


def has_second_view(case: CaseRow) -> bool:
    """Answer whether a second reader has written their own view in this round (R-17).

    The reader is named when they take the reading, which nothing but saving their view leaves for a state in which the review goes on.
    """
    return case.second_reader_id is not None and CaseState(case.state) is not CaseState.SECOND_OWN_VIEW


def is_to_be_opened(case: CaseRow) -> bool:
    """Answer whether a decided case was passed on to somebody who has not stated their need yet: until then they see nothing of it."""
    return CaseState(case.state) in GOES_ON and case.sealed_need is None


def is_held_back(case: CaseRow) -> bool:
    """Answer whether a case of study mode still hides the proposal, because it is not decided (R-20)."""
    return case.without_proposal and CaseState(case.state) in _UNTIL_DECIDED


def can_see_proposal(case: CaseRow, *, has_own_view: bool, is_suspended: bool) -> bool:
    """Answer whether the model's proposal may be shown: only after this reader's own view, and while it is kept (R-20, R-25).

    Not before the decision in a case of study mode, and never while proposals are stopped here (R-30).
    """
    if not has_own_view or is_suspended or is_held_back(case):
        return False
    return CaseState(case.state) not in BEFORE_THE_PROPOSAL | SEALED and case.sealed_proposal is not None


def check_can_see_proposal(case: CaseRow, *, has_own_view: bool) -> None:
    """Refuse the proposal before the own view, where it is held back, and after the purge.

    Raises
    ------
    ReviewError
        TID702 before the own view, TID783 before the decision in a case of study mode, TID708 when the content is gone.
    """
    if not has_own_view or CaseState(case.state) in BEFORE_THE_PROPOSAL:
        raise ReviewError("TID702", "the proposal is shown after you have written what you know yourself. Save your own view first.")
    if is_held_back(case):
        raise ReviewError(
            "TID783",
            "this case was drawn to be decided without the proposal, to measure what seeing it does. It is shown after the decision.",
        )
    check_readable(case)


def check_goes_on_to_reader(case: CaseRow) -> None:
    """Refuse the proposal to whoever took a decided case over: they have no view of their own to save before it, and go on from a decision.

    Raises
    ------
    ReviewError
        TID786 before they have opened the case, TID708 when the content is gone, TID788 otherwise.
    """
    if is_to_be_opened(case):
        raise _to_be_opened()
    check_readable(case)
    raise ReviewError(
        "TID788",
        "you took this case over when it was decided, and the proposal is shown to those alone who write their own view before it. Go on "
        "with what was decided and agreed.",
    )


def check_readable(case: CaseRow) -> None:
    """Refuse to work with content that is not shown any more.

    Raises
    ------
    ReviewError
        TID708.
    """
    if case.sealed_proposal is None or CaseState(case.state) in SEALED:
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


def _find_guard(case: CaseRow, step: Step, known: Known) -> ReviewError | None:
    """Find what, beside the state, stands against a step; None when nothing does."""
    if CaseState(case.state) in GOES_ON and (STEPS[step].by is Actor.REVIEWER) and (step is Step.OPEN) is not is_to_be_opened(case):
        return _opened_already(case) if step is Step.OPEN else _to_be_opened()
    if step is Step.DECIDE_WONDERING and case.needs_second_reader and not has_second_view(case):
        return ReviewError(
            "TID706",
            f"a second reader has to look before {STEPS[step].wording.en!r} here. Choose {STEPS[Step.DECIDE_SECOND_READER].wording.en!r}.",
        )
    if step is Step.DECIDE_SECOND_READER and has_second_view(case):
        return ReviewError("TID720", "a second reader has looked at this case already. Decide it with both views at hand.")
    if step in NEED_CONSENT and not known.consent_holds:
        return ReviewError("TID727", f"{STEPS[step].wording.en!r} shares with another service, and no consent holds today (R-23).")
    if step is Step.WITHDRAW_CONSENT and not known.has_consent:
        return ReviewError("TID727", "there is no consent to withdraw here: none was given, or it was withdrawn already.")
    return None


def _to_be_opened() -> ReviewError:
    return ReviewError("TID786", "this case was passed on. State why your work needs it, with `open`; then go on with what was agreed.")


def _opened_already(case: CaseRow) -> ReviewError:
    return ReviewError("TID701", f"a case in the state {case.state} is opened only by somebody whom it was passed on to, and once.")
