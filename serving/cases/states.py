"""The review's states and steps, as data.

Buttons, the API's refusals and ``docs/reference/case-states.md`` come from these dicts. A state that the service can't reach yet
stands here with its wording and owner, and in no transition: what is not in `TRANSITIONS` can't be done, so no page offers it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from features.declarations.catalogue import Wording
from serving.roles import Role


class CaseState(StrEnum):
    """Where a case stands."""

    NEW = "NY"
    ASSIGNED = "TILDELT"
    OWN_VIEW = "EGEN_VURDERING"
    IN_REVIEW = "UNDER_VURDERING"
    NO_NEED = "IKKE_BEHOV"
    WRONG_BASIS = "FEIL_I_GRUNNLAG"
    FOLLOWED_ALREADY = "FOLGES_ALLEREDE_OPP"
    NO_LEGAL_BASIS = "MANGLER_HJEMMEL"
    NEEDS_SECOND_READER = "TRENGER_ANDRELESER"
    SECOND_OWN_VIEW = "ANDRE_EGEN_VURDERING"
    WONDERING = "UNDRING"
    CORRECTION_REPORTED = "RETTING_MELDT"
    RESCORED = "RESKARET"
    TALK_PLANNED = "SAMTALE_PLANLAGT"
    FAMILY_INFORMED = "FAMILIE_INFORMERT"
    CONSENT_GIVEN = "SAMTYKKE_GITT"
    CONSENT_NOT_GIVEN = "SAMTYKKE_IKKE_GITT"
    CONSENT_WITHDRAWN = "SAMTYKKE_TRUKKET"
    BTI_1 = "BTI_1"
    BTI_2 = "BTI_2"
    BTI_3 = "BTI_3"
    EVALUATED = "EVALUERT"
    OBJECTED = "INNSIGELSE"
    STOPPED = "STANSET"
    UPHELD = "OPPRETTHOLDT_BEGRUNNET"
    ERASED = "SLETTET"
    REMINDED = "PÅMINNET"
    EXPIRED = "UTLØPT"
    SHIELDED = "SKJERMET"
    CLOSED = "LUKKET"


class Step(StrEnum):
    """What can be done to a case."""

    ASSIGN = "assign"
    OPEN = "open"
    SAVE_OWN_VIEW = "save_own_view"
    DECIDE_NO_NEED = "decide_no_need"
    DECIDE_WRONG_BASIS = "decide_wrong_basis"
    DECIDE_FOLLOWED_ALREADY = "decide_followed_already"
    DECIDE_NO_LEGAL_BASIS = "decide_no_legal_basis"
    DECIDE_SECOND_READER = "decide_second_reader"
    DECIDE_WONDERING = "decide_wondering"
    CLOSE = "close"
    OBJECT = "object"
    STOP = "stop"
    EXPIRE = "expire"


@dataclass(frozen=True)
class Deadline:
    """How long a case may stay in a state before it is overdue."""

    amount: int
    unit: Literal["working_days", "days"]


@dataclass(frozen=True)
class StateRule:
    """What a state is: who must act, by when, and its words."""

    owner: Role | None
    """Who has to act; None where nobody has."""
    wording: Wording
    deadline: Deadline | None = None
    ends: bool = False
    """Whether the review is over: nothing more can be done here."""


@dataclass(frozen=True)
class StepRule:
    """What a step is: its audit event and its words."""

    audit: str
    wording: Wording
    is_decision: bool = False


_FOURTEEN = Deadline(14, "days")

STATES: dict[CaseState, StateRule] = {
    CaseState.NEW: StateRule(Role.COORDINATOR, Wording(nb="Ny", nn="Ny", en="New"), Deadline(3, "working_days")),
    CaseState.ASSIGNED: StateRule(Role.COORDINATOR, Wording(nb="Tildelt", nn="Tildelt", en="Assigned"), _FOURTEEN),
    CaseState.OWN_VIEW: StateRule(
        Role.COORDINATOR, Wording(nb="Egen vurdering først", nn="Eiga vurdering først", en="Own view first"), _FOURTEEN
    ),
    CaseState.IN_REVIEW: StateRule(Role.COORDINATOR, Wording(nb="Under vurdering", nn="Under vurdering", en="In review"), _FOURTEEN),
    CaseState.NO_NEED: StateRule(Role.COORDINATOR, Wording(nb="Ikke behov", nn="Ikkje behov", en="No need"), _FOURTEEN),
    CaseState.WRONG_BASIS: StateRule(
        Role.COORDINATOR, Wording(nb="Feil i opplysningene", nn="Feil i opplysningane", en="Error in the information"), _FOURTEEN
    ),
    CaseState.FOLLOWED_ALREADY: StateRule(
        Role.COORDINATOR, Wording(nb="Følges allerede opp", nn="Blir alt følgd opp", en="Already followed up"), _FOURTEEN
    ),
    CaseState.NO_LEGAL_BASIS: StateRule(
        Role.COORDINATOR, Wording(nb="Mangler hjemmel", nn="Manglar heimel", en="No legal basis"), _FOURTEEN
    ),
    CaseState.NEEDS_SECOND_READER: StateRule(
        Role.SECOND_READER, Wording(nb="Trenger andreleser", nn="Treng andrelesar", en="Needs a second reader"), _FOURTEEN
    ),
    CaseState.SECOND_OWN_VIEW: StateRule(
        Role.SECOND_READER,
        Wording(nb="Andrelesers egen vurdering", nn="Eiga vurdering frå andrelesar", en="Second reader's own view"),
        _FOURTEEN,
    ),
    CaseState.WONDERING: StateRule(Role.COORDINATOR, Wording(nb="Undring", nn="Undring", en="Wondering"), _FOURTEEN),
    CaseState.CORRECTION_REPORTED: StateRule(
        Role.COORDINATOR, Wording(nb="Retting meldt", nn="Retting meld", en="Correction reported"), _FOURTEEN
    ),
    CaseState.RESCORED: StateRule(Role.COORDINATOR, Wording(nb="Beregnet på nytt", nn="Rekna på nytt", en="Scored again"), _FOURTEEN),
    CaseState.TALK_PLANNED: StateRule(
        Role.COORDINATOR, Wording(nb="Samtale planlagt", nn="Samtale planlagd", en="Conversation planned"), _FOURTEEN
    ),
    CaseState.FAMILY_INFORMED: StateRule(
        Role.COORDINATOR, Wording(nb="Familien er informert", nn="Familien er informert", en="Family informed"), _FOURTEEN
    ),
    CaseState.CONSENT_GIVEN: StateRule(Role.COORDINATOR, Wording(nb="Samtykke gitt", nn="Samtykke gitt", en="Consent given"), _FOURTEEN),
    CaseState.CONSENT_NOT_GIVEN: StateRule(
        Role.COORDINATOR, Wording(nb="Samtykke ikke gitt", nn="Samtykke ikkje gitt", en="Consent not given"), _FOURTEEN
    ),
    CaseState.CONSENT_WITHDRAWN: StateRule(
        Role.COORDINATOR, Wording(nb="Samtykke trukket", nn="Samtykke trekt", en="Consent withdrawn"), _FOURTEEN
    ),
    CaseState.BTI_1: StateRule(Role.COORDINATOR, Wording(nb="BTI nivå 1", nn="BTI nivå 1", en="BTI level 1"), Deadline(84, "days")),
    CaseState.BTI_2: StateRule(Role.COORDINATOR, Wording(nb="BTI nivå 2", nn="BTI nivå 2", en="BTI level 2"), Deadline(84, "days")),
    CaseState.BTI_3: StateRule(Role.COORDINATOR, Wording(nb="BTI nivå 3", nn="BTI nivå 3", en="BTI level 3"), Deadline(84, "days")),
    CaseState.EVALUATED: StateRule(Role.COORDINATOR, Wording(nb="Evaluert", nn="Evaluert", en="Evaluated"), _FOURTEEN),
    CaseState.OBJECTED: StateRule(Role.LEADER, Wording(nb="Innsigelse", nn="Innseiing", en="Objection")),
    CaseState.STOPPED: StateRule(Role.LEADER, Wording(nb="Stanset", nn="Stansa", en="Stopped"), Deadline(30, "days")),
    CaseState.UPHELD: StateRule(
        Role.LEADER, Wording(nb="Opprettholdt med begrunnelse", nn="Halden ved lag med grunngiving", en="Upheld with reasons")
    ),
    CaseState.ERASED: StateRule(None, Wording(nb="Slettet", nn="Sletta", en="Erased"), ends=True),
    CaseState.REMINDED: StateRule(Role.COORDINATOR, Wording(nb="Påminnet", nn="Påmint", en="Reminded")),
    CaseState.EXPIRED: StateRule(None, Wording(nb="Utløpt", nn="Utgått", en="Expired"), ends=True),
    CaseState.SHIELDED: StateRule(None, Wording(nb="Skjermet", nn="Skjerma", en="Shielded"), ends=True),
    CaseState.CLOSED: StateRule(None, Wording(nb="Lukket", nn="Lukka", en="Closed"), ends=True),
}

STEPS: dict[Step, StepRule] = {
    Step.ASSIGN: StepRule("case.assigned", Wording(nb="Ta saken", nn="Ta saka", en="Take the case")),
    Step.OPEN: StepRule("case.opened", Wording(nb="Åpne saken", nn="Opne saka", en="Open the case")),
    Step.SAVE_OWN_VIEW: StepRule("case.own_view_saved", Wording(nb="Lagre egen vurdering", nn="Lagre eiga vurdering", en="Save own view")),
    Step.DECIDE_NO_NEED: StepRule("case.decided", Wording(nb="Ikke behov", nn="Ikkje behov", en="No need"), is_decision=True),
    Step.DECIDE_WRONG_BASIS: StepRule(
        "case.decided", Wording(nb="Feil i opplysningene", nn="Feil i opplysningane", en="Error in the information"), is_decision=True
    ),
    Step.DECIDE_FOLLOWED_ALREADY: StepRule(
        "case.decided", Wording(nb="Følges allerede opp", nn="Blir alt følgd opp", en="Already followed up"), is_decision=True
    ),
    Step.DECIDE_NO_LEGAL_BASIS: StepRule(
        "case.decided", Wording(nb="Mangler hjemmel", nn="Manglar heimel", en="No legal basis"), is_decision=True
    ),
    Step.DECIDE_SECOND_READER: StepRule(
        "case.decided", Wording(nb="Be en kollega vurdere", nn="Be ein kollega vurdere", en="Ask a colleague to look"), is_decision=True
    ),
    Step.DECIDE_WONDERING: StepRule(
        "case.decided",
        Wording(nb="Ta en undringssamtale", nn="Ta ein undringssamtale", en="Have a conversation of wondering"),
        is_decision=True,
    ),
    Step.CLOSE: StepRule("case.closed", Wording(nb="Lukk saken", nn="Lukk saka", en="Close the case")),
    Step.OBJECT: StepRule("objection.registered", Wording(nb="Registrer innsigelse", nn="Registrer innseiing", en="Register an objection")),
    Step.STOP: StepRule("case.stopped", Wording(nb="Stans saken", nn="Stans saka", en="Stop the case")),
    Step.EXPIRE: StepRule("case.expired", Wording(nb="Saken utløper", nn="Saka går ut", en="The case expires")),
}

_ANY_TIME = {Step.OBJECT: CaseState.OBJECTED}
_UNTIL_WONDERING = {**_ANY_TIME, Step.EXPIRE: CaseState.EXPIRED}

TRANSITIONS: dict[CaseState, dict[Step, CaseState]] = {
    CaseState.NEW: {Step.ASSIGN: CaseState.ASSIGNED, **_UNTIL_WONDERING},
    CaseState.ASSIGNED: {Step.OPEN: CaseState.OWN_VIEW, **_UNTIL_WONDERING},
    CaseState.OWN_VIEW: {Step.SAVE_OWN_VIEW: CaseState.IN_REVIEW, **_UNTIL_WONDERING},
    CaseState.IN_REVIEW: {
        Step.DECIDE_NO_NEED: CaseState.NO_NEED,
        Step.DECIDE_WRONG_BASIS: CaseState.WRONG_BASIS,
        Step.DECIDE_FOLLOWED_ALREADY: CaseState.FOLLOWED_ALREADY,
        Step.DECIDE_NO_LEGAL_BASIS: CaseState.NO_LEGAL_BASIS,
        Step.DECIDE_SECOND_READER: CaseState.NEEDS_SECOND_READER,
        Step.DECIDE_WONDERING: CaseState.WONDERING,
        **_UNTIL_WONDERING,
    },
    CaseState.NO_NEED: {Step.CLOSE: CaseState.CLOSED, **_UNTIL_WONDERING},
    CaseState.FOLLOWED_ALREADY: {Step.CLOSE: CaseState.CLOSED, **_UNTIL_WONDERING},
    CaseState.NO_LEGAL_BASIS: {Step.CLOSE: CaseState.CLOSED, **_UNTIL_WONDERING},
    CaseState.WRONG_BASIS: dict(_UNTIL_WONDERING),
    CaseState.NEEDS_SECOND_READER: dict(_UNTIL_WONDERING),
    CaseState.WONDERING: dict(_UNTIL_WONDERING),
    CaseState.OBJECTED: {Step.STOP: CaseState.STOPPED},
}
"""State -> what can be done there -> where that leads. What is missing here can't be done."""

DECISIONS: tuple[Step, ...] = tuple(step for step, rule in STEPS.items() if rule.is_decision)

BEFORE_THE_PROPOSAL = frozenset({CaseState.NEW, CaseState.ASSIGNED, CaseState.OWN_VIEW, CaseState.SECOND_OWN_VIEW})
"""States in which nobody sees the model's proposal: own view first (R-20)."""


RESTRICTED = frozenset({CaseState.OBJECTED, CaseState.STOPPED})
"""States in which the person has objected: nothing about them is shown or used until a leader has answered."""


def is_open(state: CaseState) -> bool:
    """Whether somebody still has to act on a case in this state."""
    return not STATES[state].ends and state not in RESTRICTED


OPEN_STATES: frozenset[CaseState] = frozenset(state for state in CaseState if is_open(state))
