"""Write ``docs/reference/case-states.md`` from `serving.cases.states` and `.transitions`, so that the page can't say something else."""

from __future__ import annotations

from collections.abc import Sequence

from serving.cases.states import BEFORE_THE_PROPOSAL, ESCALATING, RESTRICTED, STATES, STEPS, CaseState, Deadline, Step, StepRule
from serving.cases.transitions import GOES_ON, TRANSITIONS


def case_states_markdown() -> str:
    """Describe states, steps and transitions as Markdown with a diagram.

    Examples
    --------
    >>> case_states_markdown().splitlines()[0]
    '# States of a review case'
    """
    return "\n".join([*_HEAD, *_diagram(), *_states(), *_steps()]) + "\n"


_HEAD = (
    "# States of a review case",
    "",
    "<!-- Made by serving/cases/describe.py from states.py and transitions.py beside it. Change it there. -->",
    "",
    "A case waits for a person. Nothing happens to anybody before somebody has looked, and the model's proposal is hidden until the",
    "reviewer has written what they know themselves. An objection (`object`) stops a case in every open state, and every other case",
    "of that person. A deadline that passes reminds the reviewer; once the family has been met it tells the leader three working days",
    "later, and never closes the case. Before that, an unreviewed case expires (`expire`) and its content is purged. A project sets",
    "deadlines of its own under `[review.deadlines]` in `screening.toml`; weekends and Norwegian holidays are no working days.",
    "",
)

_ANYWHERE = {
    Step.OBJECT: "any open state",
    Step.SHIELD: "any open state",
    Step.EXPIRE: "any state before the conversation",
    Step.RELEASE_CASE: "any taken case that is not decided",
    Step.PASS_ON: "any taken case that is not decided",
}
"""Steps that lead out of many states -> from where; drawn once, since they would hide the rest."""

_DECIDED = "any decided case"
"""Where somebody takes over what was decided, and goes on from there; drawn once too."""

_GUARDS: dict[Step, str] = {
    Step.ASSIGN: "a case of the own municipality that nobody has, by somebody who did not read it second",
    Step.RELEASE_CASE: "the first reader's account was closed, or works as something else or elsewhere by now; a new round",
    Step.PASS_ON: "past its deadline, or its first reader left; another coordinator of the municipality who did not read it second; a "
    "reason of 30 characters; a new round where nothing was decided",
    Step.OPEN: "a stated need; what keeps from proposing is asked again, and the case lapses where it holds",
    Step.SAVE_OWN_VIEW: "10 characters; can't be changed afterwards",
    Step.DECIDE_SECOND_READER: "nobody has read second in this round",
    Step.DECIDE_WONDERING: "a second view, where the person is young, protected or in the quality sample",
    Step.TAKE_SECOND_READING: "another person of the municipality; for a protected address another shielded caseworker",
    Step.SAVE_SECOND_VIEW: "blind to the proposal and to the first view",
    Step.RELEASE_SECOND_READING: "the second reader's account was closed, or works as something else or elsewhere by now",
    Step.REPORT_CORRECTION: "indicators that the case shows",
    Step.RESCORE: "proposals are not stopped",
    Step.PROPOSE_AGAIN: "still at or over the cut-off; a new round",
    Step.INFORM_FAMILY: "the plain-language sheet was given; how the young person was heard",
    Step.RECORD_CONSENT: "given by whom the age rule asks for; at most twelve months; nothing filled in beforehand",
    Step.RECORD_NO_CONSENT: "nothing; counts against nobody",
    Step.HAND_OVER_1: "the young person was heard; a consent for a relay holder, none for the own service alone",
    Step.HAND_OVER_2: "the young person was heard; a consent that holds and names the holder's service",
    Step.HAND_OVER_3: "the young person was heard; a consent that holds and names the holder's service",
    Step.EVALUATE: "six weeks since the handover; the outcome for the young person",
    Step.WITHDRAW_CONSENT: "a consent that was not withdrawn; no reason",
    Step.OBJECT: "nothing; takes effect at once",
    Step.UPHOLD: "a written reason of 30 characters",
    Step.RESUME: "a new round: need, own view, proposal",
    Step.ERASE: "purges every case of the person and erases their key",
    Step.EXPIRE: "60 days, or the project's own number",
    Step.SHIELD: "the store knows the person no more; a confidential address begins the case anew among shielded caseworkers",
    Step.LAPSE: "the person is followed up by now, or said no elsewhere; nobody is told which",
}
"""What beside the state a step asks for, in a line. Decisions without one ask for the own view and a reason of 30 characters."""


def reachable_states() -> list[CaseState]:
    """List the states that a case can come to, in their order of declaration."""
    found = {CaseState.NEW} | {target for steps in TRANSITIONS.values() for target in steps.values()}
    return [state for state in CaseState if state in found]


def _diagram() -> list[str]:
    arrows = [
        f"    {_id(state)} --> {_id(target)}: {step}"
        for state, steps in TRANSITIONS.items()
        for step, target in steps.items()
        if _is_drawn(state, step, target)
    ]
    wide = {name: f"wide_{number}" for number, name in enumerate(dict.fromkeys((*_ANYWHERE.values(), _DECIDED)))}
    arrows += [f"    {wide[place]} --> {_id(_target_of(step))}: {step}" for step, place in _ANYWHERE.items()]
    arrows += [f"    {wide[_DECIDED]} --> {wide[_DECIDED]}: {step}" for step in (Step.PASS_ON, Step.OPEN)]
    names = [f'    state "{state}" as {_id(state)}' for state in reachable_states()]
    names += [f'    state "{name}" as {code}' for name, code in wide.items()]
    return ["```mermaid", "stateDiagram-v2", *names, f"    [*] --> {_id(CaseState.NEW)}", *arrows, "```", ""]


def _is_drawn(state: CaseState, step: Step, target: CaseState) -> bool:
    """Answer whether a step has an arrow of its own: one that stays has where it does not stay in every decided state."""
    return state not in GOES_ON if target is state else step not in _ANYWHERE


def _target_of(step: Step) -> CaseState:
    return next(target for steps in TRANSITIONS.values() for found, target in steps.items() if found is step)


def _states() -> list[str]:
    head = ("state", "bokmål", "nynorsk", "English", "who acts", "deadline", "when it passes", "proposal", "leads to")
    rows = [
        (
            f"`{state}`",
            STATES[state].wording.nb,
            STATES[state].wording.nn,
            STATES[state].wording.en,
            STATES[state].owner or "nobody",
            _deadline(STATES[state].deadline),
            _when_it_passes(state),
            "hidden" if state in BEFORE_THE_PROPOSAL | RESTRICTED else "",
            ", ".join(f"{step} → `{target}`" for step, target in TRANSITIONS.get(state, {}).items()) or "nothing more",
        )
        for state in reachable_states()
    ]
    return ["## States", "", *_table(head, rows)]


def _when_it_passes(state: CaseState) -> str:
    if STATES[state].deadline is None:
        return ""
    return "reminder, then the leader" if state in ESCALATING else "reminder"


def _steps() -> list[str]:
    rows = [(f"`{step}`", _words(rule), rule.by, _guard(step, rule), f"`{rule.audit}`") for step, rule in STEPS.items()]
    return ["## Steps", "", *_table(("step", "bokmål / nynorsk / English", "taken by", "asks for", "log event"), rows)]


def _guard(step: Step, rule: StepRule) -> str:
    reason = "own view and a reason of 30 characters" if rule.is_decision else ""
    return "; ".join(part for part in (reason, _GUARDS.get(step, "")) if part)


def _words(rule: StepRule) -> str:
    return f"{rule.wording.nb} / {rule.wording.nn} / {rule.wording.en}"


def _deadline(deadline: Deadline | None) -> str:
    return "" if deadline is None else f"{deadline.amount} {deadline.unit.replace('_', ' ')}"


def _id(state: CaseState) -> str:
    return state.name.lower()


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    return [*(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows)), ""]
