"""What can be done to a case where, and where that leads, as data: what is not in `TRANSITIONS` can't be done, so no page offers it."""

from __future__ import annotations

from serving.cases.states import CaseState, Step

_ANY_TIME = {Step.OBJECT: CaseState.OBJECTED, Step.SHIELD: CaseState.SHIELDED}
_UNTIL_TALK = {**_ANY_TIME, Step.EXPIRE: CaseState.EXPIRED}
_CLOSING = {Step.CLOSE: CaseState.CLOSED}
_BTI = {Step.HAND_OVER_1: CaseState.BTI_1, Step.HAND_OVER_2: CaseState.BTI_2, Step.HAND_OVER_3: CaseState.BTI_3}
_IN_BTI = {Step.EVALUATE: CaseState.EVALUATED, Step.WITHDRAW_CONSENT: CaseState.CONSENT_WITHDRAWN, **_ANY_TIME}

_RELEASING = {Step.RELEASE_CASE: CaseState.NEW}
_BEGINNING_ANEW = {**_RELEASING, Step.PASS_ON: CaseState.ASSIGNED}
"""Where the next step takes one's own view, or having seen the proposal after it: nobody goes on from where another reader was."""

_TRANSITIONS: dict[CaseState, dict[Step, CaseState]] = {
    CaseState.NEW: {Step.ASSIGN: CaseState.ASSIGNED, **_UNTIL_TALK},
    CaseState.ASSIGNED: {Step.OPEN: CaseState.OWN_VIEW, Step.LAPSE: CaseState.CLOSED, **_BEGINNING_ANEW, **_UNTIL_TALK},
    CaseState.OWN_VIEW: {Step.SAVE_OWN_VIEW: CaseState.IN_REVIEW, **_BEGINNING_ANEW, **_UNTIL_TALK},
    CaseState.IN_REVIEW: {
        Step.DECIDE_NO_NEED: CaseState.NO_NEED,
        Step.DECIDE_WRONG_BASIS: CaseState.WRONG_BASIS,
        Step.DECIDE_FOLLOWED_ALREADY: CaseState.FOLLOWED_ALREADY,
        Step.DECIDE_NO_LEGAL_BASIS: CaseState.NO_LEGAL_BASIS,
        Step.DECIDE_SECOND_READER: CaseState.NEEDS_SECOND_READER,
        Step.DECIDE_WONDERING: CaseState.WONDERING,
        **_BEGINNING_ANEW,
        **_UNTIL_TALK,
    },
    CaseState.NEEDS_SECOND_READER: {Step.TAKE_SECOND_READING: CaseState.SECOND_OWN_VIEW, **_RELEASING, **_UNTIL_TALK},
    CaseState.SECOND_OWN_VIEW: {
        Step.SAVE_SECOND_VIEW: CaseState.IN_REVIEW,
        Step.RELEASE_SECOND_READING: CaseState.NEEDS_SECOND_READER,
        **_RELEASING,
        **_UNTIL_TALK,
    },
    CaseState.NO_NEED: {**_CLOSING, **_UNTIL_TALK},
    CaseState.FOLLOWED_ALREADY: {**_CLOSING, **_UNTIL_TALK},
    CaseState.NO_LEGAL_BASIS: {**_CLOSING, **_UNTIL_TALK},
    CaseState.WRONG_BASIS: {Step.REPORT_CORRECTION: CaseState.CORRECTION_REPORTED, **_BEGINNING_ANEW, **_UNTIL_TALK},
    CaseState.CORRECTION_REPORTED: {Step.RESCORE: CaseState.RESCORED, **_CLOSING, **_UNTIL_TALK},
    CaseState.RESCORED: {Step.PROPOSE_AGAIN: CaseState.NEW, **_CLOSING, **_UNTIL_TALK},
    CaseState.WONDERING: {Step.PLAN_TALK: CaseState.TALK_PLANNED, **_UNTIL_TALK},
    CaseState.TALK_PLANNED: {Step.INFORM_FAMILY: CaseState.FAMILY_INFORMED, **_ANY_TIME},
    CaseState.FAMILY_INFORMED: {
        Step.RECORD_CONSENT: CaseState.CONSENT_GIVEN,
        Step.RECORD_NO_CONSENT: CaseState.CONSENT_NOT_GIVEN,
        **_ANY_TIME,
    },
    CaseState.CONSENT_GIVEN: {**_BTI, Step.WITHDRAW_CONSENT: CaseState.CONSENT_WITHDRAWN, **_ANY_TIME},
    CaseState.CONSENT_NOT_GIVEN: {Step.HAND_OVER_1: CaseState.BTI_1, **_CLOSING, **_ANY_TIME},
    CaseState.BTI_1: _IN_BTI,
    CaseState.BTI_2: _IN_BTI,
    CaseState.BTI_3: _IN_BTI,
    CaseState.EVALUATED: {
        **_BTI,
        Step.RECORD_CONSENT: CaseState.CONSENT_GIVEN,
        Step.WITHDRAW_CONSENT: CaseState.CONSENT_WITHDRAWN,
        **_CLOSING,
        **_ANY_TIME,
    },
    CaseState.CONSENT_WITHDRAWN: {**_CLOSING, **_ANY_TIME},
    CaseState.OBJECTED: {Step.STOP: CaseState.STOPPED},
    CaseState.STOPPED: {Step.UPHOLD: CaseState.UPHELD, Step.ERASE: CaseState.ERASED, Step.SHIELD: CaseState.SHIELDED},
    CaseState.UPHELD: {
        Step.RESUME: CaseState.ASSIGNED,
        Step.ERASE: CaseState.ERASED,
        Step.RELEASE_CASE: CaseState.UPHELD,
        Step.PASS_ON: CaseState.UPHELD,
        **_ANY_TIME,
    },
}

GOES_ON = frozenset(
    {
        CaseState.NO_NEED,
        CaseState.FOLLOWED_ALREADY,
        CaseState.NO_LEGAL_BASIS,
        CaseState.CORRECTION_REPORTED,
        CaseState.RESCORED,
        CaseState.WONDERING,
        CaseState.TALK_PLANNED,
        CaseState.FAMILY_INFORMED,
        CaseState.CONSENT_GIVEN,
        CaseState.CONSENT_NOT_GIVEN,
        CaseState.CONSENT_WITHDRAWN,
        CaseState.BTI_1,
        CaseState.BTI_2,
        CaseState.BTI_3,
        CaseState.EVALUATED,
    }
)
"""Decided states in which somebody else can go on from where the first reader was: the proposal plays no part in what comes next."""

TRANSITIONS: dict[CaseState, dict[Step, CaseState]] = {
    state: {**steps, **(dict.fromkeys((Step.OPEN, Step.PASS_ON), state) if state in GOES_ON else {})}
    for state, steps in _TRANSITIONS.items()
}
"""State -> what can be done there -> where that leads. What is missing here can't be done.

A case that is taken up again after an objection begins anew: need, own view, proposal. So does one whose first reader left or is
replaced before they decided; a decided one is passed on where it stands, and the one who takes over opens it. Which guards further narrow
a step (a second reader, a child that was heard, a consent that holds) is `serving.cases.policies`' to say.
"""
