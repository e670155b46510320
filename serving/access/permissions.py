"""What a person may do. What a case's state allows is another question, answered in `serving.cases.policies`.

The matrix says role × action, each with its reason. Which cases a person reaches is asked in `serving.cases.access`.
"""

from __future__ import annotations

from enum import StrEnum

from serving.access.accounts import Account
from serving.errors import NotAllowedError
from serving.roles import Role


class Action(StrEnum):
    """What the service lets some roles do."""

    LIST_CASES = "list_cases"
    TAKE_CASES = "take_cases"
    REVIEW_CASES = "review_cases"
    REGISTER_OBJECTIONS = "register_objections"
    SECOND_READ = "second_read"
    REVEAL_IDENTITY = "reveal_identity"
    GIVE_PERSON_REPORT = "give_person_report"
    SEE_OWN_REPORT = "see_own_report"
    SPEAK_FOR_ONESELF = "speak_for_oneself"
    SEE_ACCESS_REQUESTS = "see_access_requests"
    ANSWER_OBJECTIONS = "answer_objections"
    SEE_OVERDUE = "see_overdue"
    PASS_ON_CASES = "pass_on_cases"  # noqa: S105 (no password: the verb)
    READ_HANDOVERS = "read_handovers"
    SUSPEND = "suspend"
    SEE_PLANNING = "see_planning"
    SEE_ALARMS = "see_alarms"
    RECONSTRUCT = "reconstruct"
    SCORE_HISTORIES = "score_histories"
    SEE_SCREENINGS = "see_screenings"
    SEE_COHORTS = "see_cohorts"
    SEE_MODELS = "see_models"
    COMPARE_MODELS = "compare_models"
    SIGN_PROMOTIONS = "sign_promotions"
    SEE_REPORTS = "see_reports"
    HANDLE_INCIDENTS = "handle_incidents"
    SIGN_REPORTS = "sign_reports"
    SEE_PURPOSES = "see_purposes"
    APPROVE_PURPOSES = "approve_purposes"
    SEE_PERMISSIONS = "see_permissions"
    SEE_PROTECTION = "see_protection"
    READ_LOG = "read_log"
    VERIFY_LOG = "verify_log"


_MODELS_ARE_OPEN = "How the models work, what they use and where their cut-offs lie is open to everyone who logs in (R-35)."

_INCIDENTS = "Opens incidents of models, and takes the steps of those that name this role as responsible (R-41)."

MATRIX: dict[Role, dict[Action, str]] = {
    Role.COORDINATOR: {
        Action.LIST_CASES: "Sees new cases of the own municipality and the cases they took.",
        Action.TAKE_CASES: "Takes a new case of the own municipality, which makes them answer for it.",
        Action.REVIEW_CASES: "Reviews the cases they took, with a stated need, and nobody else's.",
        Action.REGISTER_OBJECTIONS: "A young person or guardian can say no to anybody they meet; it takes effect at once.",
        Action.GIVE_PERSON_REPORT: "Gives a person in a case they took what is known of them, when the person asks (R-21).",
        Action.REVEAL_IDENTITY: "Learns who a case they took and opened is about, with a stated need, where there is an identity vault.",
        Action.SEE_SCREENINGS: "Sees how many were proposed, small numbers hidden.",
        Action.SEE_COHORTS: "Looks back on the cohorts screened where they work, small numbers hidden, beside the cases they took of them.",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
    },
    Role.SHIELDED_CASEWORKER: {
        Action.LIST_CASES: "Sees the cases of persons with a confidential address, which nobody else sees.",
        Action.TAKE_CASES: "Takes such a case, which makes them answer for it.",
        Action.REVIEW_CASES: "Reviews the cases they took, with a stated need.",
        Action.REGISTER_OBJECTIONS: "As for every other person.",
        Action.SECOND_READ: "Second reading stays among those who work with confidential addresses.",
        Action.ANSWER_OBJECTIONS: "Answers the objection of such a person where they did not work the case: no leader knows of it (R-08).",
        Action.PASS_ON_CASES: "Finds a colleague for a case that waits too long or whose reader left: no leader knows of it (R-08).",
        Action.GIVE_PERSON_REPORT: "As for every other person.",
        Action.REVEAL_IDENTITY: "As for every other person; the address is not part of it.",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
    },
    Role.SECOND_READER: {
        Action.SECOND_READ: "Reads cases of the own municipality that a colleague handed over, blind until both have written (R-17).",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
    },
    Role.RELAY_HOLDER: {
        Action.READ_HANDOVERS: "Reads the agreed needs of those they follow up, while a consent that names their service holds (R-23).",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
    },
    Role.LEADER: {
        Action.ANSWER_OBJECTIONS: "Answers an objection in writing: it is upheld and erased, or weighty reasons stand against it (R-22).",
        Action.SEE_OVERDUE: "Sees which cases are past their deadline and with whom, and nothing of what is in them.",
        Action.PASS_ON_CASES: "Finds somebody else for a case that waits too long or whose coordinator left, giving a reason.",
        Action.SUSPEND: "Stops proposals in the own municipality at once; answers for their use (R-30).",
        Action.SEE_SCREENINGS: "Answers for capacity and therefore sees how many were proposed, small numbers hidden.",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
        Action.COMPARE_MODELS: "Sees what a version would find and miss before answering for its use.",
        Action.SIGN_PROMOTIONS: "Answers for a model's use: acknowledges what it finds and misses before it serves (R-31).",
        Action.SEE_REPORTS: "Answers for how the models are used.",
        Action.HANDLE_INCIDENTS: _INCIDENTS,
        Action.SEE_PURPOSES: "Answers for use within what was declared.",
        Action.SEE_PLANNING: "Plans the own municipality's services; numbers only, small ones hidden.",
    },
    Role.MODEL_KEEPER: {
        Action.SEE_SCREENINGS: "Follows how the models behave; counts only.",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
        Action.COMPARE_MODELS: "Compares a challenger with the version that serves; aggregates only.",
        Action.SIGN_PROMOTIONS: "Signs that a version is to serve, with a key that the service never sees; one of two (R-31).",
        Action.SEE_REPORTS: "Follows drift, calibration and fairness of the models they keep.",
        Action.HANDLE_INCIDENTS: _INCIDENTS,
        Action.SEE_PURPOSES: "Trains and scores within what was declared.",
        Action.SUSPEND: "Stops a model that misbehaves, everywhere and at once (R-30).",
    },
    Role.FAIRNESS_AUDITOR: {
        Action.SEE_SCREENINGS: "Checks who is proposed; counts only.",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
        Action.COMPARE_MODELS: "Checks what a new version changes for groups; aggregates only.",
        Action.SEE_REPORTS: "The reports are written for them.",
        Action.HANDLE_INCIDENTS: _INCIDENTS,
        Action.SEE_PURPOSES: "Checks that data is used for what was declared and approved.",
        Action.SEE_PERMISSIONS: "Checks who may do what, and why.",
        Action.SIGN_REPORTS: "Signs a month's report off with a remark, by a key of their own that never reaches the service.",
        Action.READ_LOG: "Checks that people decide, and how; metadata only, nothing that was written about a person.",
        Action.VERIFY_LOG: "Checks that the log was not altered.",
    },
    Role.DATA_PROTECTION_OFFICER: {
        Action.SEE_PROTECTION: "Follows objections, consents, retention and who opened what; counts, never whose.",
        Action.SEE_SCREENINGS: "Checks proportionality; counts only.",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
        Action.COMPARE_MODELS: "Checks what a new version changes; aggregates only.",
        Action.SEE_REPORTS: "Checks fairness and drift.",
        Action.HANDLE_INCIDENTS: _INCIDENTS,
        Action.SEE_PURPOSES: "Checks purposes, legal bases and their approval.",
        Action.SEE_PERMISSIONS: "Checks who may do what, and why.",
        Action.READ_LOG: "Checks who read what and why it was allowed; metadata only.",
        Action.VERIFY_LOG: "Checks that the log was not altered.",
        Action.SEE_ACCESS_REQUESTS: "Follows the clock of requests for access: when each is due, never whose it is (R-21).",
        Action.SEE_ALARMS: "Looks into who read more than their work explains (R-28).",
        Action.RECONSTRUCT: "Sees how one proposal came about and was read, with a stated reason that is logged (R-27).",
    },
    Role.CONTROLLER: {
        Action.SEE_PURPOSES: "Answers for what data is used for.",
        Action.APPROVE_PURPOSES: "Approves the very words of a purpose, or takes that back with a reason (R-02).",
        Action.SEE_PERMISSIONS: "Answers for who may do what.",
        Action.SUSPEND: "Answers for the processing and can stop all of it (R-30).",
        Action.SEE_PLANNING: "Answers for the processing; numbers only.",
        Action.SEE_SCREENINGS: "Answers for the processing; counts only.",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
        Action.COMPARE_MODELS: "Sees what a version would find and miss before answering for it.",
        Action.SIGN_PROMOTIONS: "Answers for the processing: acknowledges what a model finds and misses before it serves (R-31).",
        Action.SEE_REPORTS: "Answers for the processing.",
        Action.HANDLE_INCIDENTS: "Takes every incident's steps: whether a breach is notified is the controller's to decide (GDPR Art. 33).",
    },
    Role.OPERATOR: {
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
        Action.VERIFY_LOG: "Must know after a restore or an incident that the log is whole; sees no entry.",
    },
    Role.PLANNER: {
        Action.SEE_PLANNING: "Numbers by area for planning services, small ones hidden; never a case.",
        Action.SEE_SCREENINGS: "Sees how many were proposed, small numbers hidden.",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
    },
    Role.CITIZEN: {
        Action.SEE_OWN_REPORT: "Sees what is known and was done about themselves, and a guardian's report on their child (R-21).",
        Action.SPEAK_FOR_ONESELF: "Says no, or takes a consent back, for themselves or their child; it takes effect at once (R-22, R-23).",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
    },
    Role.MACHINE: {
        Action.SCORE_HISTORIES: "Scores histories that it posts itself, under a score purpose; nothing is stored and no identity is known.",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
    },
}
"""Role -> action -> why. What is not here is refused."""


def can(account: Account, action: Action) -> bool:
    """Answer whether the role allows this."""
    return action in MATRIX[account.role]


def check_may(account: Account, action: Action) -> None:
    """Refuse what the role does not allow.

    Raises
    ------
    NotAllowedError
        TID712.
    """
    if not can(account, action):
        raise NotAllowedError(account.role, action)
