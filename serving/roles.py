"""Who there is. One account has one role; nobody is both leader and data protection officer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from features.declarations.catalogue import Wording


class Role(StrEnum):
    """The roles of the service, under the names that Norwegian services use."""

    COORDINATOR = "koordinator"
    SECOND_READER = "andreleser"
    RELAY_HOLDER = "stafettholder"
    LEADER = "leder"
    MODEL_KEEPER = "modellforvalter"
    FAIRNESS_AUDITOR = "fairness-revisor"
    DATA_PROTECTION_OFFICER = "personvernombud"
    CONTROLLER = "dataansvarlig"
    SHIELDED_CASEWORKER = "skjermet-saksbehandler"
    OPERATOR = "systemdrift"
    PLANNER = "planlegger"
    CITIZEN = "innbygger"
    MACHINE = "maskinklient"


@dataclass(frozen=True)
class RoleDescription:
    """What a role is, for people."""

    name: Wording
    in_plain_words: str
    has_municipality: bool = False
    """Whether an account with this role works for exactly one municipality."""
    may_have_area: bool = False
    """Whether it may stand for a municipality (four digits), a county (two), or, without either, the whole country."""
    has_service: bool = False
    """Whether it works in one of the local services that `services.toml` names."""
    logs_in: bool = True
    """Whether people log in with it; a machine brings a token instead."""


ROLES: dict[Role, RoleDescription] = {
    Role.COORDINATOR: RoleDescription(
        Wording(nb="Koordinator", nn="Koordinator", en="Coordinator"),
        "Works cases in one municipality: writes what they know, then sees the model's proposal, then decides and owns the decision.",
        has_municipality=True,
    ),
    Role.SECOND_READER: RoleDescription(
        Wording(nb="Andreleser", nn="Andrelesar", en="Second reader"),
        "Looks at cases that a colleague handed over: writes what they think before they see the proposal or what the colleague wrote.",
        has_municipality=True,
    ),
    Role.RELAY_HOLDER: RoleDescription(
        Wording(nb="Stafettholder", nn="Stafetthaldar", en="Relay holder"),
        "Follows up a family that agreed to it. Sees agreed needs while a consent that names their service holds, never a score.",
        has_municipality=True,
        has_service=True,
    ),
    Role.LEADER: RoleDescription(
        Wording(nb="Leder", nn="Leiar", en="Leader"),
        "Answers for the coordinators' work in one municipality. Sees how many, never who says what.",
        has_municipality=True,
    ),
    Role.MODEL_KEEPER: RoleDescription(
        Wording(nb="Modellforvalter", nn="Modellforvaltar", en="Model keeper"),
        "Answers for how models are trained and promoted, which is done by command. Sees models and reports, never a person.",
    ),
    Role.FAIRNESS_AUDITOR: RoleDescription(
        Wording(nb="Fairness-revisor", nn="Fairness-revisor", en="Fairness auditor"),
        "Checks that the model and its use are fair and as agreed. Sees aggregates, reports and the log's metadata, never a case.",
    ),
    Role.DATA_PROTECTION_OFFICER: RoleDescription(
        Wording(nb="Personvernombud", nn="Personvernombod", en="Data protection officer"),
        "Advises and checks on privacy. Reads and verifies the log, sees aggregates, never decides a case.",
    ),
    Role.CONTROLLER: RoleDescription(
        Wording(nb="Dataansvarlig", nn="Dataansvarleg", en="Controller"),
        "Answers for purposes and legal bases, which stand in the project folder. Sees aggregates and reports.",
    ),
    Role.SHIELDED_CASEWORKER: RoleDescription(
        Wording(nb="Skjermet saksbehandler", nn="Skjerma saksbehandlar", en="Shielded caseworker"),
        "Works the cases of persons with a confidential address, and answers objections in those that they did not work; nobody else sees "
        "that those cases exist.",
    ),
    Role.OPERATOR: RoleDescription(
        Wording(nb="Systemdrift", nn="Systemdrift", en="Operator"),
        "Keeps the service running. Sees that it runs and that the log verifies, never case content.",
    ),
    Role.PLANNER: RoleDescription(
        Wording(nb="Planlegger", nn="Planleggjar", en="Planner"),
        "Plans services for a municipality, a county or the country. Sees numbers by area, small ones hidden, never a case.",
        may_have_area=True,
    ),
    Role.CITIZEN: RoleDescription(
        Wording(nb="Innbygger", nn="Innbyggjar", en="Citizen"),
        "A young person or guardian. Sees their own report and public information on the models.",
    ),
    Role.MACHINE: RoleDescription(
        Wording(nb="Maskinklient", nn="Maskinklient", en="Machine client"),
        "Another system that scores histories which it posts, under a score purpose. Nothing is stored; no identity and no case.",
        logs_in=False,
    ),
}

NEVER_TOGETHER = frozenset({Role.LEADER, Role.DATA_PROTECTION_OFFICER})
"""Nobody holds both: the officer checks what the leader answers for."""
