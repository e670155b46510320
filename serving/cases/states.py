"""The review's states and steps, as data: who acts, by when, in which words, and what is logged.

Buttons, the API's refusals and ``docs/reference/case-states.md`` come from these dicts and from `serving.cases.transitions`. A reminder is
no state but a mark beside one (`CaseRow.reminded_on`), since the case is worked on from where it was.
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
    TAKE_SECOND_READING = "take_second_reading"
    SAVE_SECOND_VIEW = "save_second_view"
    RELEASE_SECOND_READING = "release_second_reading"
    RELEASE_CASE = "release_case"
    PASS_ON = "pass_on"  # noqa: S105 (no password: the verb)
    REPORT_CORRECTION = "report_correction"
    RESCORE = "rescore"
    PROPOSE_AGAIN = "propose_again"
    PLAN_TALK = "plan_talk"
    INFORM_FAMILY = "inform_family"
    RECORD_CONSENT = "record_consent"
    RECORD_NO_CONSENT = "record_no_consent"
    HAND_OVER_1 = "hand_over_1"
    HAND_OVER_2 = "hand_over_2"
    HAND_OVER_3 = "hand_over_3"
    EVALUATE = "evaluate"
    WITHDRAW_CONSENT = "withdraw_consent"
    CLOSE = "close"
    OBJECT = "object"
    STOP = "stop"
    UPHOLD = "uphold"
    RESUME = "resume"
    ERASE = "erase"
    EXPIRE = "expire"
    SHIELD = "shield"
    LAPSE = "lapse"


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


class Actor(StrEnum):
    """Who takes a step, beside whose case it is."""

    ANYBODY_IN_REACH = "anybody who has it in their list"
    REVIEWER = "the one who took the case"
    SECOND_READER = "another person than the one who took it"
    LEADER = "the municipality's leader; for a protected address a shielded caseworker who did not work the case"
    WHO_SEES_THAT_IT_WAITS = "the municipality's leader; for a protected address a shielded caseworker"
    SERVICE = "the service itself"


@dataclass(frozen=True)
class StepRule:
    """What a step is: its audit event, its words, and who takes it."""

    audit: str
    wording: Wording
    is_decision: bool = False
    by: Actor = Actor.REVIEWER


_THREE = Deadline(3, "working_days")
_FOURTEEN = Deadline(14, "days")
_TWELVE_WEEKS = Deadline(84, "days")

STATES: dict[CaseState, StateRule] = {
    CaseState.NEW: StateRule(Role.COORDINATOR, Wording(nb="Ny", nn="Ny", en="New"), _THREE),
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
    CaseState.BTI_1: StateRule(Role.COORDINATOR, Wording(nb="BTI nivå 1", nn="BTI nivå 1", en="BTI level 1"), _TWELVE_WEEKS),
    CaseState.BTI_2: StateRule(Role.COORDINATOR, Wording(nb="BTI nivå 2", nn="BTI nivå 2", en="BTI level 2"), _TWELVE_WEEKS),
    CaseState.BTI_3: StateRule(Role.COORDINATOR, Wording(nb="BTI nivå 3", nn="BTI nivå 3", en="BTI level 3"), _TWELVE_WEEKS),
    CaseState.EVALUATED: StateRule(Role.COORDINATOR, Wording(nb="Evaluert", nn="Evaluert", en="Evaluated"), _FOURTEEN),
    CaseState.OBJECTED: StateRule(Role.LEADER, Wording(nb="Innsigelse", nn="Innseiing", en="Objection")),
    CaseState.STOPPED: StateRule(Role.LEADER, Wording(nb="Stanset", nn="Stansa", en="Stopped"), Deadline(30, "days")),
    CaseState.UPHELD: StateRule(
        Role.COORDINATOR,
        Wording(nb="Opprettholdt med begrunnelse", nn="Halden ved lag med grunngiving", en="Upheld with reasons"),
        _FOURTEEN,
    ),
    CaseState.ERASED: StateRule(None, Wording(nb="Slettet", nn="Sletta", en="Erased"), ends=True),
    CaseState.EXPIRED: StateRule(None, Wording(nb="Utløpt", nn="Utgått", en="Expired"), ends=True),
    CaseState.SHIELDED: StateRule(None, Wording(nb="Skjermet", nn="Skjerma", en="Shielded"), ends=True),
    CaseState.CLOSED: StateRule(None, Wording(nb="Lukket", nn="Lukka", en="Closed"), ends=True),
}

STEPS: dict[Step, StepRule] = {
    Step.ASSIGN: StepRule("case.assigned", Wording(nb="Ta saken", nn="Ta saka", en="Take the case"), by=Actor.ANYBODY_IN_REACH),
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
    Step.TAKE_SECOND_READING: StepRule(
        "case.second_reading_taken",
        Wording(nb="Ta andrelesingen", nn="Ta andrelesinga", en="Take the second reading"),
        by=Actor.SECOND_READER,
    ),
    Step.SAVE_SECOND_VIEW: StepRule(
        "case.second_view_saved",
        Wording(nb="Lagre egen vurdering", nn="Lagre eiga vurdering", en="Save own view"),
        by=Actor.SECOND_READER,
    ),
    Step.RELEASE_SECOND_READING: StepRule(
        "case.second_reading_released",
        Wording(nb="Andrelesingen er ledig igjen", nn="Andrelesinga er ledig att", en="The second reading is free again"),
        by=Actor.SERVICE,
    ),
    Step.RELEASE_CASE: StepRule(
        "case.released",
        Wording(nb="Saken er ledig igjen", nn="Saka er ledig att", en="The case is free again"),
        by=Actor.SERVICE,
    ),
    Step.PASS_ON: StepRule(
        "case.passed_on",
        Wording(nb="Gi saken videre", nn="Gi saka vidare", en="Pass the case on"),
        by=Actor.WHO_SEES_THAT_IT_WAITS,
    ),
    Step.REPORT_CORRECTION: StepRule(
        "correction.reported", Wording(nb="Meld feil til kilden", nn="Meld feil til kjelda", en="Report the error to its source")
    ),
    Step.RESCORE: StepRule(
        "case.rescored",
        Wording(nb="Beregn på nytt med rettede opplysninger", nn="Rekn på nytt med retta opplysningar", en="Score again on corrected data"),
    ),
    Step.PROPOSE_AGAIN: StepRule(
        "case.proposed_again",
        Wording(nb="Fortsatt foreslått etter retting", nn="Framleis føreslått etter retting", en="Still proposed after correction"),
        by=Actor.SERVICE,
    ),
    Step.PLAN_TALK: StepRule("case.talk_planned", Wording(nb="Planlegg samtale", nn="Planlegg samtale", en="Plan a conversation")),
    Step.INFORM_FAMILY: StepRule(
        "case.family_informed", Wording(nb="Familien er informert", nn="Familien er informert", en="The family was informed")
    ),
    Step.RECORD_CONSENT: StepRule("consent.given", Wording(nb="Registrer samtykke", nn="Registrer samtykke", en="Record a consent")),
    Step.RECORD_NO_CONSENT: StepRule(
        "consent.not_given", Wording(nb="Samtykke ikke gitt", nn="Samtykke ikkje gitt", en="No consent was given")
    ),
    Step.HAND_OVER_1: StepRule("case.handed_over", Wording(nb="Over til BTI nivå 1", nn="Over til BTI nivå 1", en="On to BTI level 1")),
    Step.HAND_OVER_2: StepRule("case.handed_over", Wording(nb="Over til BTI nivå 2", nn="Over til BTI nivå 2", en="On to BTI level 2")),
    Step.HAND_OVER_3: StepRule("case.handed_over", Wording(nb="Over til BTI nivå 3", nn="Over til BTI nivå 3", en="On to BTI level 3")),
    Step.EVALUATE: StepRule("case.evaluated", Wording(nb="Evaluer tiltaket", nn="Evaluer tiltaket", en="Evaluate the measure")),
    Step.WITHDRAW_CONSENT: StepRule(
        "consent.withdrawn", Wording(nb="Samtykket er trukket", nn="Samtykket er trekt", en="The consent was withdrawn")
    ),
    Step.CLOSE: StepRule("case.closed", Wording(nb="Lukk saken", nn="Lukk saka", en="Close the case")),
    Step.OBJECT: StepRule(
        "objection.registered",
        Wording(nb="Registrer innsigelse", nn="Registrer innseiing", en="Register an objection"),
        by=Actor.ANYBODY_IN_REACH,
    ),
    Step.STOP: StepRule("case.stopped", Wording(nb="Saken stanses", nn="Saka blir stansa", en="The case stops"), by=Actor.SERVICE),
    Step.UPHOLD: StepRule(
        "objection.not_upheld",
        Wording(nb="Fortsett tross innsigelsen", nn="Hald fram trass innseiinga", en="Go on despite the objection"),
        by=Actor.LEADER,
    ),
    Step.RESUME: StepRule("case.resumed", Wording(nb="Ta saken opp igjen", nn="Ta saka opp att", en="Take the case up again")),
    Step.ERASE: StepRule(
        "objection.upheld",
        Wording(nb="Gi medhold og slett", nn="Gi medhald og slett", en="Uphold the objection and erase"),
        by=Actor.LEADER,
    ),
    Step.EXPIRE: StepRule("case.expired", Wording(nb="Saken utløper", nn="Saka går ut", en="The case expires"), by=Actor.SERVICE),
    Step.SHIELD: StepRule(
        "case.shielded", Wording(nb="Saken skjermes", nn="Saka blir skjerma", en="The case is shielded"), by=Actor.SERVICE
    ),
    Step.LAPSE: StepRule(
        "case.lapsed",
        Wording(nb="Forslaget gjelder ikke lenger", nn="Forslaget gjeld ikkje lenger", en="The proposal no longer applies"),
        by=Actor.SERVICE,
    ),
}

DECISIONS: tuple[Step, ...] = tuple(step for step, rule in STEPS.items() if rule.is_decision)

BEFORE_THE_PROPOSAL = frozenset({CaseState.NEW, CaseState.ASSIGNED, CaseState.OWN_VIEW, CaseState.SECOND_OWN_VIEW})
"""States in which nobody sees the model's proposal: own view first (R-20)."""


ESCALATING = frozenset(
    {
        CaseState.TALK_PLANNED,
        CaseState.FAMILY_INFORMED,
        CaseState.CONSENT_GIVEN,
        CaseState.CONSENT_NOT_GIVEN,
        CaseState.CONSENT_WITHDRAWN,
        CaseState.BTI_1,
        CaseState.BTI_2,
        CaseState.BTI_3,
        CaseState.EVALUATED,
        CaseState.STOPPED,
        CaseState.UPHELD,
    }
)
"""States in which a deadline that passes reminds the reviewer and tells the leader, and never closes the case: a family has been met."""

RESTRICTED = frozenset({CaseState.OBJECTED, CaseState.STOPPED})
"""States in which the person has objected: nothing about them is shown or used until a leader has answered."""


SEALED = RESTRICTED | {CaseState.UPHELD}
"""States in which a case's content is shown to nobody: from an objection until somebody takes the case up again, from its start."""


def is_open(state: CaseState) -> bool:
    """Whether somebody still has to act on a case in this state."""
    return not STATES[state].ends and state not in RESTRICTED


OPEN_STATES: frozenset[CaseState] = frozenset(state for state in CaseState if is_open(state))
