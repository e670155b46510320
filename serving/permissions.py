"""What a person may do. What a case's state allows is another question, answered in `serving.cases.policies`.

The matrix says role × action, each with its reason. Access to a case is role × municipality × assigned case: the functions below are
the only makers of `CaseForReview` and `CaseInQueue`, so a function that takes one can't be called without the check.
A case of another municipality is answered as one that does not exist.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from serving.accounts import Account
from serving.cases.states import CaseState
from serving.errors import NotAllowedError, NotFoundError
from serving.roles import Role
from serving.tables import CaseRow


class Action(StrEnum):
    """What the service lets some roles do."""

    LIST_CASES = "list_cases"
    TAKE_CASES = "take_cases"
    REVIEW_CASES = "review_cases"
    REGISTER_OBJECTIONS = "register_objections"
    SEE_SCREENINGS = "see_screenings"
    SEE_MODELS = "see_models"
    SEE_REPORTS = "see_reports"
    READ_LOG = "read_log"
    VERIFY_LOG = "verify_log"


_MODELS_ARE_OPEN = "How the models work, what they use and where their cut-offs lie is open to everyone who logs in (R-35)."

MATRIX: dict[Role, dict[Action, str]] = {
    Role.COORDINATOR: {
        Action.LIST_CASES: "Sees new cases of the own municipality and the cases they took.",
        Action.TAKE_CASES: "Takes a new case of the own municipality, which makes them answer for it.",
        Action.REVIEW_CASES: "Reviews the cases they took, with a stated need, and nobody else's.",
        Action.REGISTER_OBJECTIONS: "A young person or guardian can say no to anybody they meet; it takes effect at once.",
        Action.SEE_SCREENINGS: "Sees how many were proposed, small numbers hidden.",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
    },
    Role.SHIELDED_CASEWORKER: {
        Action.LIST_CASES: "Sees the cases of persons with a confidential address, which nobody else sees.",
        Action.TAKE_CASES: "Takes such a case, which makes them answer for it.",
        Action.REVIEW_CASES: "Reviews the cases they took, with a stated need.",
        Action.REGISTER_OBJECTIONS: "As for every other person.",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
    },
    Role.SECOND_READER: {Action.SEE_MODELS: _MODELS_ARE_OPEN},
    Role.LEADER: {
        Action.SEE_SCREENINGS: "Answers for capacity and therefore sees how many were proposed, small numbers hidden.",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
        Action.SEE_REPORTS: "Answers for how the models are used.",
    },
    Role.MODEL_KEEPER: {
        Action.SEE_SCREENINGS: "Follows how the models behave; counts only.",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
        Action.SEE_REPORTS: "Follows drift, calibration and fairness of the models they keep.",
    },
    Role.FAIRNESS_AUDITOR: {
        Action.SEE_SCREENINGS: "Checks who is proposed; counts only.",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
        Action.SEE_REPORTS: "The reports are written for them.",
        Action.READ_LOG: "Checks that people decide, and how; metadata only, nothing that was written about a person.",
        Action.VERIFY_LOG: "Checks that the log was not altered.",
    },
    Role.DATA_PROTECTION_OFFICER: {
        Action.SEE_SCREENINGS: "Checks proportionality; counts only.",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
        Action.SEE_REPORTS: "Checks fairness and drift.",
        Action.READ_LOG: "Checks who read what and why it was allowed; metadata only.",
        Action.VERIFY_LOG: "Checks that the log was not altered.",
    },
    Role.CONTROLLER: {
        Action.SEE_SCREENINGS: "Answers for the processing; counts only.",
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
        Action.SEE_REPORTS: "Answers for the processing.",
    },
    Role.OPERATOR: {
        Action.SEE_MODELS: _MODELS_ARE_OPEN,
        Action.VERIFY_LOG: "Must know after a restore or an incident that the log is whole; sees no entry.",
    },
    Role.CITIZEN: {Action.SEE_MODELS: _MODELS_ARE_OPEN},
}
"""Role -> action -> why. What is not here is refused."""

CaseForReview = NewType("CaseForReview", CaseRow)
"""A case that this person took: they may read and work it."""

CaseInQueue = NewType("CaseInQueue", CaseRow)
"""A case of this person's list that nobody took yet, or their own: they see that it exists, not what is in it."""


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


def in_reach(account: Account) -> ColumnElement[bool]:
    """Build the condition on cases that this person's list may hold: where they work, unassigned or their own."""
    where = (
        CaseRow.is_shielded.is_(True)
        if account.role is Role.SHIELDED_CASEWORKER
        else and_(CaseRow.is_shielded.is_(False), CaseRow.municipality == account.municipality)
    )
    free = and_(CaseRow.assignee_id.is_(None), CaseRow.state == CaseState.NEW.value)
    return and_(where, or_(free, CaseRow.assignee_id == account.id))


def get_case_in_queue(session: Session, account: Account, case_id: str, *, action: Action) -> CaseInQueue:
    """Give a case that stands in this person's list.

    Raises
    ------
    NotAllowedError
        TID712 when the role has no cases at all.
    NotFoundError
        TID710 when the case is another municipality's, another person's, or nobody's: the same words for all.
    """
    check_may(account, action)
    row = session.scalar(select(CaseRow).where(CaseRow.id == case_id, in_reach(account)))
    if row is None:
        raise NotFoundError
    return CaseInQueue(row)


def get_case_for_review(session: Session, account: Account, case_id: str) -> CaseForReview:
    """Give a case that this person took.

    Raises
    ------
    NotAllowedError
        TID712 when the role reviews no cases.
    NotFoundError
        TID710 otherwise, the same words for all.
    """
    row = get_case_in_queue(session, account, case_id, action=Action.REVIEW_CASES)
    if row.assignee_id != account.id:
        raise NotFoundError
    return CaseForReview(row)
