"""The way of a case in a few steps, as the top of its page shows it."""

from __future__ import annotations

from serving.cases.states import STATES, CaseState
from serving.roles import Role

STAGES_OF_WORK = ("take", "own_view", "proposal", "talk", "consent", "follow_up")
"""The steps, in their order; each has a name in the catalogues."""

WAITING = (
    CaseState.NEEDS_SECOND_READER,
    CaseState.SECOND_OWN_VIEW,
    CaseState.IN_REVIEW,
    CaseState.STOPPED,
    CaseState.RESCORED,
    CaseState.CLOSED,
    CaseState.EXPIRED,
    CaseState.ERASED,
)
"""States in which a reader may have nothing to do, and the page says why."""

WITH_OTHERS = tuple(state for state, rule in STATES.items() if rule.owner in (Role.SECOND_READER, Role.LEADER))
"""States in which a coordinator waits for a colleague or a leader."""

_STATES = {
    "take": (CaseState.NEW, CaseState.ASSIGNED, CaseState.UPHELD),
    "own_view": (CaseState.OWN_VIEW,),
    "proposal": (
        CaseState.IN_REVIEW,
        CaseState.NEEDS_SECOND_READER,
        CaseState.SECOND_OWN_VIEW,
        CaseState.NO_NEED,
        CaseState.FOLLOWED_ALREADY,
        CaseState.NO_LEGAL_BASIS,
        CaseState.WRONG_BASIS,
        CaseState.CORRECTION_REPORTED,
        CaseState.RESCORED,
    ),
    "talk": (CaseState.WONDERING, CaseState.TALK_PLANNED),
    "consent": (CaseState.FAMILY_INFORMED, CaseState.CONSENT_NOT_GIVEN, CaseState.CONSENT_WITHDRAWN),
    "follow_up": (CaseState.CONSENT_GIVEN, CaseState.BTI_1, CaseState.BTI_2, CaseState.BTI_3, CaseState.EVALUATED),
}

_STAGE = {state: stage for stage, states in _STATES.items() for state in states}


def stage_of_work(state: CaseState) -> str | None:
    """Say at which step a case stands; None where the review rests or is over.

    Examples
    --------
    >>> stage_of_work(CaseState.CONSENT_GIVEN), stage_of_work(CaseState.CLOSED)
    ('follow_up', None)
    """
    return _STAGE.get(state)
