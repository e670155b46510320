"""The shares that are told of reviews, each as sums of the paths that people took and of what came of them.

The model alone is who it proposed, reviewers alone are what they leaned to before they saw the proposal, and both together is who there was
to be a conversation with.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitoring.oversight.paths import LEFT, PATHS, RESULTS, VIEWS

OUTCOMES = ("came true", "did not", "not known yet")
"""Whether the outcome came true; the last of people whose outcome has not matured."""

N_CELLS = len(PATHS) * len(OUTCOMES)
"""Disjoint kinds of people: a path and an outcome."""

Cells = frozenset[int]


@dataclass(frozen=True)
class Step:
    """A share as yes / (yes + no), each a set of cells; a difference between groups has neutral value 0."""

    name: str
    yes: Cells
    no: Cells
    formula: str

    @property
    def both(self) -> Cells:
        """Everybody the share is of."""
        return self.yes | self.no


def cell_of(path: int, outcome: int) -> int:
    """Number the cell of a path and an outcome."""
    return path * len(OUTCOMES) + outcome


def _cells(paths: Iterable[str], outcomes: Iterable[int] = range(len(OUTCOMES))) -> Cells:
    return frozenset(cell_of(PATHS.index(path), outcome) for path in paths for outcome in outcomes)


def _reviewed(*results: str, views: Iterable[str] = VIEWS) -> list[str]:
    return [f"{view} {result}" for view in views for result in results]


TALKS = ("talk", "told", "refused", "consented", "talk_unknown")
_DECIDED = _reviewed(*RESULTS)
_FOLLOWED = _reviewed(*TALKS)
_NO_NEED = _reviewed("no_need")
_INFORMED = _reviewed("told", "refused", "consented")
_PROPOSED = [path for number, path in enumerate(PATHS) if number > LEFT]

EVERYBODY, PROPOSED, DECIDED = _cells(PATHS), _cells(_PROPOSED), _cells(_DECIDED)
FOLLOWED = _cells(_FOLLOWED)


def _step(name: str, yes: Iterable[str], of: Iterable[str], formula: str, outcomes: Iterable[int] = range(len(OUTCOMES))) -> Step:
    outcomes = list(outcomes)
    chosen = _cells(yes, outcomes)
    return Step(name, chosen, _cells(of, outcomes) - chosen, formula)


def _by_name(steps: Iterable[Step]) -> dict[str, Step]:
    return {step.name: step for step in steps}


STEPS = _by_name(
    (
        _step("reviewed", _DECIDED, _PROPOSED, "opened and decided / proposed"),
        _step("followed_up", _FOLLOWED, _DECIDED, "decided to have a conversation / decided"),
        _step("overridden", _NO_NEED, [*_FOLLOWED, *_NO_NEED], "decided that there is no need / decided for or against the proposal"),
        _step("worried_before", _reviewed(*RESULTS, views=("worried",)), _DECIDED, "worried before seeing the proposal / decided"),
        _step("both_together", _FOLLOWED, PATHS, "decided to have a conversation / everybody screened"),
        _step("informed", _INFORMED, [*_INFORMED, *_reviewed("talk")], "family informed / decided to have a conversation"),
        _step("consent", _reviewed("consented"), _reviewed("consented", "refused"), "consented / answered"),
        _step("data_error", _reviewed("data_error"), _DECIDED, "closed as an error in the information / decided"),
    )
)
"""The steps of a review; where not all of them may be told, the first are told rather than the last."""

AGREEMENT = _by_name(
    (
        _step(
            "before",
            _reviewed(*RESULTS, views=("worried",)),
            _reviewed(*RESULTS, views=("worried", "not_worried")),
            "worried before seeing the proposal / worried or not worried",
        ),
        _step("after", _FOLLOWED, [*_FOLLOWED, *_NO_NEED], "decided to have a conversation / decided for or against the proposal"),
        _step(
            "towards",
            _reviewed(*TALKS, views=("not_worried",)),
            _reviewed(*TALKS, "no_need", views=("not_worried",)),
            "not worried before and decided for the proposal / not worried before",
        ),
        _step(
            "away",
            _reviewed("no_need", views=("worried",)),
            _reviewed(*TALKS, "no_need", views=("worried",)),
            "worried before and decided against the proposal / worried before",
        ),
        _step(
            "unsure_followed",
            _reviewed(*TALKS, views=("unsure",)),
            _reviewed(*TALKS, "no_need", views=("unsure",)),
            "unsure before and decided for the proposal / unsure before",
        ),
    )
)
"""Agreement with the proposal before and after seeing it, and who changed their mind which way."""


def _against(actor: str, yes: Iterable[str], of: Iterable[str]) -> Iterable[Step]:
    yes, of = list(yes), list(of)
    name = actor.replace("_", " ")
    came, did_not = _cells(of, [0]), _cells(of, [1])
    said = _cells(yes)
    yield Step(f"{actor}_tpr", said & came, came - said, f"{name} said yes / people with the outcome")
    yield Step(f"{actor}_fpr", said & did_not, did_not - said, f"{name} said yes / people without the outcome")
    yield Step(f"{actor}_ppv", said & came, said & did_not, f"people with the outcome / {name} said yes and the outcome is known")


AGAINST_OUTCOMES = _by_name(
    (
        Step("decided_base_rate", DECIDED & _cells(PATHS, [0]), DECIDED & _cells(PATHS, [1]), "with the outcome / decided, outcome known"),
        *_against("reviewers", _reviewed(*RESULTS, views=("worried",)), _DECIDED),
        *_against("both", _FOLLOWED, PATHS),
        Step(
            "no_talk_ppv",
            (PROPOSED - FOLLOWED) & _cells(PATHS, [0]),
            (PROPOSED - FOLLOWED) & _cells(PATHS, [1]),
            "people with the outcome / proposed without a conversation and the outcome is known",
        ),
    )
)
"""Reviewers alone and both together against matured outcomes, and those of whom there was a proposal and no conversation.

Who got a conversation may have done well because of it. These rates therefore describe and never judge; nobody learns from them (R-37).
"""

ALL_STEPS = {**STEPS, **AGAINST_OUTCOMES, **AGREEMENT}

_UNDECIDED = ("waiting", "expired")
_NOT_FOLLOWED = [path for path in _DECIDED if path not in _FOLLOWED]

GUARDED: tuple[Cells, ...] = (
    *(_cells([f"{view} {result}" for view in VIEWS]) for result in RESULTS),
    *(_cells([f"{view} {result}" for result in RESULTS]) for view in VIEWS),
    *(_cells(paths, [outcome]) for paths in (_UNDECIDED, _NOT_FOLLOWED) for outcome in (0, 1)),
)
"""Counts that no table shows and that may not follow from one either."""

PROPOSAL_CELLS: dict[str, Cells] = {
    "true_proposed": _cells(_PROPOSED, [0]),
    "false_proposed": _cells(_PROPOSED, [1]),
    "missed": _cells(["left"], [0]),
    "rightly_left": _cells(["left"], [1]),
    "unknown_proposed": _cells(_PROPOSED, [2]),
    "unknown_left": _cells(["left"], [2]),
}
"""The cells of `monitoring.fairness.groups.CELLS`, of which the report tells more elsewhere, as sums of these."""


def steps_by_group(has_outcomes: bool) -> tuple[Step, ...]:
    """Give what is told of each audit group."""
    return (*STEPS.values(), *(AGAINST_OUTCOMES.values() if has_outcomes else ()))
