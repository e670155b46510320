"""Write ``docs/reference/case-states.md`` from the dicts of `serving.cases.states`, so that the page can't say something else."""

from __future__ import annotations

from collections.abc import Sequence

from serving.cases.states import BEFORE_THE_PROPOSAL, STATES, STEPS, TRANSITIONS, CaseState, Deadline, Step, StepRule


def case_states_markdown() -> str:
    """Describe states, steps and transitions as Markdown with a diagram.

    Examples
    --------
    >>> case_states_markdown().splitlines()[0]
    '# States of a review case'
    """
    return "\n".join([*_HEAD, *_diagram(), *_reachable(), *_steps(), *_declared()]) + "\n"


_HEAD = (
    "# States of a review case",
    "",
    "<!-- Made by serving/cases/describe.py from serving/cases/states.py. Change it there. -->",
    "",
    "A case waits for a person. Nothing happens to anybody before somebody has looked, and the model's proposal is hidden until the",
    "reviewer has written what they know themselves. An objection (`object`) stops a case in every open state, and every other case",
    "of that person.",
    "",
)

_FROM_MANY = frozenset({Step.OBJECT, Step.EXPIRE})
"""Steps that lead out of nearly every state; in the diagram they would hide the rest."""


def reachable_states() -> list[CaseState]:
    """List the states that a case can come to, in their order of declaration."""
    found = {CaseState.NEW} | {target for steps in TRANSITIONS.values() for target in steps.values()}
    return [state for state in CaseState if state in found]


def _diagram() -> list[str]:
    arrows = [
        f"    {_id(state)} --> {_id(target)}: {step}"
        for state, steps in TRANSITIONS.items()
        for step, target in steps.items()
        if step not in _FROM_MANY
    ]
    names = [f'    state "{state}" as {_id(state)}' for state in reachable_states()]
    return ["```mermaid", "stateDiagram-v2", *names, f"    [*] --> {_id(CaseState.NEW)}", *arrows, "```", ""]


def _reachable() -> list[str]:
    head = ("state", "bokmål", "nynorsk", "English", "who acts", "deadline", "proposal", "leads to")
    rows = [
        (
            f"`{state}`",
            STATES[state].wording.nb,
            STATES[state].wording.nn,
            STATES[state].wording.en,
            STATES[state].owner or "nobody",
            _deadline(STATES[state].deadline),
            "hidden" if state in BEFORE_THE_PROPOSAL else "",
            ", ".join(f"{step} → `{target}`" for step, target in TRANSITIONS.get(state, {}).items()) or "nothing more",
        )
        for state in reachable_states()
    ]
    return ["## States", "", *_table(head, rows)]


def _steps() -> list[str]:
    rows = [(f"`{step}`", _words(rule), f"`{rule.audit}`", "yes" if rule.is_decision else "") for step, rule in STEPS.items()]
    return ["## Steps", "", *_table(("step", "bokmål / nynorsk / English", "log event", "decision"), rows)]


def _declared() -> list[str]:
    waiting = [state for state in CaseState if state not in reachable_states()]
    if not waiting:
        return []
    rows = [(f"`{state}`", STATES[state].wording.nb, STATES[state].wording.nn, STATES[state].wording.en) for state in waiting]
    text = "Words for what comes after a conversation. No step leads here yet, so no page offers one."
    return ["## Declared, not reached", "", text, "", *_table(("state", "bokmål", "nynorsk", "English"), rows)]


def _words(rule: StepRule) -> str:
    return f"{rule.wording.nb} / {rule.wording.nn} / {rule.wording.en}"


def _deadline(deadline: Deadline | None) -> str:
    return "" if deadline is None else f"{deadline.amount} {deadline.unit.replace('_', ' ')}"


def _id(state: CaseState) -> str:
    return state.name.lower()


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    return [*(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows)), ""]
