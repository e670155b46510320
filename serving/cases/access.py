"""Which cases a person reaches: role × municipality × assigned case (R-28).

The functions here are the only makers of `CaseForReview` and `CaseInQueue`, so that a function that takes one can't be called without the
check. A case of another municipality is answered as one that does not exist.
"""

from __future__ import annotations

from typing import NewType

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from serving.accounts import Account
from serving.cases.states import CaseState
from serving.errors import NotFoundError
from serving.permissions import Action, check_may
from serving.roles import Role
from serving.tables import CaseRow

CaseForReview = NewType("CaseForReview", CaseRow)
"""A case that this person took: they may read and work it."""

CaseInQueue = NewType("CaseInQueue", CaseRow)
"""A case of this person's list that nobody took yet, or their own: they see that it exists, not what is in it."""


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
