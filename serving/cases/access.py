"""Which cases a person reaches: role × municipality × service × assigned case (R-28).

The functions here are the only makers of `CaseForReview`, `CaseInQueue`, `CaseForSecondReading`, `CaseOfObjection` and `CaseToPassOn`, so
that a function that takes one can't be called without the check. A case of another municipality is answered as one that does not exist.
"""

from __future__ import annotations

from datetime import date
from typing import NewType

from sqlalchemy import ColumnElement, and_, exists, false, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from serving.access.accounts import Account
from serving.access.permissions import MATRIX, Action, can, check_may
from serving.cases.states import STEPS, CaseState, Step
from serving.cases.transitions import TRANSITIONS
from serving.errors import NotAllowedError, NotFoundError
from serving.roles import Role
from serving.storage.tables import AccountRow, CaseRow, DecisionRow, LogRow, OwnViewRow, StepNoteRow

CaseForReview = NewType("CaseForReview", CaseRow)
"""A case that this person took: they may read and work it."""

CaseInQueue = NewType("CaseInQueue", CaseRow)
"""A case of this person's list that nobody took yet, or their own: they see that it exists, not what is in it."""

CaseForSecondReading = NewType("CaseForSecondReading", CaseRow)
"""A case that a colleague asked to have read a second time: nobody took that yet, or this person did."""

CaseOfObjection = NewType("CaseOfObjection", CaseRow)
"""A case whose person objected, for whoever answers: the statement and nothing else of it."""

CaseToPassOn = NewType("CaseToPassOn", CaseRow)
"""A case that waits longer than it should, for whoever finds somebody else for it: where it stands and with whom."""

_FREE = (CaseState.NEW.value, CaseState.UPHELD.value)
"""States in which a case that nobody has is in everybody's list."""

_SECOND_READING = (CaseState.SECOND_OWN_VIEW.value, CaseState.IN_REVIEW.value)
"""States in which the second reader reads: from taking it until the first reader decides."""

_OBJECTED = (CaseState.STOPPED.value, CaseState.UPHELD.value)

_PASSED_ON = tuple(state.value for state, steps in TRANSITIONS.items() if Step.PASS_ON in steps)

_THEIRS, _FIRST, _READER = aliased(OwnViewRow), aliased(OwnViewRow), aliased(AccountRow)
"""Names for rows beside others of their table, made once: a name builds every column anew, an eighth of each call about a case."""

_FIRST_READERS = tuple(role.value for role in Role if Action.REVIEW_CASES in MATRIX[role])


def in_reach(account: Account) -> ColumnElement[bool]:
    """Build the condition on cases that this person's list may hold: where they work, unassigned or their own.

    Who answered the objection in a case does not take it up: answering and working it are two people's. Nor does who read it second: they
    have seen the proposal, and what another thought of it.
    """
    return or_(own_in_reach(account), free_in_reach(account))


def own_in_reach(account: Account) -> ColumnElement[bool]:
    """Build the condition on the cases of this person's list that they took."""
    return and_(_where_they_work(account), CaseRow.assignee_id == account.id)


def free_in_reach(account: Account) -> ColumnElement[bool]:
    """Build the condition on the cases of this person's list that nobody took."""
    free = and_(_where_they_work(account), CaseRow.assignee_id.is_(None), CaseRow.state.in_(_FREE), not_(_read_second_by(account.id)))
    return and_(free, not_(_answered_by(account.id))) if can(account, Action.ANSWER_OBJECTIONS) else free


def in_reach_to_read_second(account: Account) -> ColumnElement[bool]:
    """Build the condition on cases to read a second time: where they work, not their own, not taken by another reader (R-17)."""
    waiting = and_(CaseRow.state == CaseState.NEEDS_SECOND_READER.value, CaseRow.second_reader_id.is_(None))
    taken = and_(CaseRow.state.in_(_SECOND_READING), CaseRow.second_reader_id == account.id)
    others = and_(_where_they_work(account), CaseRow.assignee_id != account.id, or_(waiting, taken))
    return and_(others, not_(_answered_by(account.id))) if can(account, Action.ANSWER_OBJECTIONS) else others


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
    return CaseInQueue(_get(session, case_id, in_reach(account)))


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


def get_case_to_read(session: Session, account: Account, case_id: str) -> CaseInQueue | CaseForSecondReading:
    """Give a case of either of this person's lists, to read.

    Raises
    ------
    NotAllowedError
        TID712 when the role has no cases at all.
    NotFoundError
        TID710 otherwise, the same words for all.
    """
    if not can(account, Action.LIST_CASES) and not can(account, Action.SECOND_READ):
        raise NotAllowedError(account.role, Action.LIST_CASES)
    first = in_reach(account) if can(account, Action.LIST_CASES) else false()
    second = in_reach_to_read_second(account) if can(account, Action.SECOND_READ) else false()
    row = _get(session, case_id, or_(first, second))
    return CaseForSecondReading(row) if is_second_reading(account, row) else CaseInQueue(row)


def get_case_for_second_reading(session: Session, account: Account, case_id: str) -> CaseForSecondReading:
    """Give a case that a colleague asked to have read a second time.

    Raises
    ------
    NotAllowedError
        TID712 when the role reads nothing a second time.
    NotFoundError
        TID710 otherwise, the same words for all.
    """
    check_may(account, Action.SECOND_READ)
    return CaseForSecondReading(_get(session, case_id, in_reach_to_read_second(account)))


def reaches_to_read_second(session: Session, account: Account, case_id: str) -> bool:
    """Answer whether a case is this person's to read a second time: taken by them, or by nobody yet."""
    return can(account, Action.SECOND_READ) and _is_one(session, case_id, in_reach_to_read_second(account))


def get_case_of_objection(session: Session, account: Account, case_id: str) -> CaseOfObjection:
    """Give a case whose person objected, to a leader of its municipality; a shielded person's to a shielded caseworker who did not work it.

    Raises
    ------
    NotAllowedError
        TID712 when the role answers no objections.
    NotFoundError
        TID710 otherwise, the same words for all.
    """
    check_may(account, Action.ANSWER_OBJECTIONS)
    return CaseOfObjection(_get(session, case_id, objected_in_reach(account)))


def objected_in_reach(account: Account) -> ColumnElement[bool]:
    """Build the condition on cases whose objection this person answers.

    A leader answers those of their municipality, and never a shielded person's (R-08): that one is answered among the shielded caseworkers,
    by one who has not worked the case and did not register the objection, as no leader has.
    """
    objected = and_(_where_they_work(account), CaseRow.state.in_(_OBJECTED))
    return and_(objected, not_(_worked_by(account))) if can(account, Action.REVIEW_CASES) else objected


def get_case_to_pass_on(session: Session, account: Account, case_id: str, *, today: date) -> CaseToPassOn:
    """Give a case of this person's list of what waits, to pass on to somebody else.

    Raises
    ------
    NotAllowedError
        TID712 when the role passes no cases on.
    NotFoundError
        TID710 otherwise, also for a case that its first reader works in time: the same words for all.
    """
    check_may(account, Action.PASS_ON_CASES)
    can_be = and_(CaseRow.assignee_id.is_not(None), CaseRow.state.in_(_PASSED_ON))
    return CaseToPassOn(_get(session, case_id, and_(waiting_in_reach(account, today=today), can_be)))


def waiting_in_reach(account: Account, *, today: date) -> ColumnElement[bool]:
    """Build the condition on cases where this person works that are past their deadline, or that their first reader left.

    A leader's are never a shielded person's: those are the shielded caseworkers' own (R-08).
    """
    left = and_(CaseRow.state.in_(_PASSED_ON), left_by_first_reader())
    return and_(_where_they_work(account), or_(CaseRow.due_on < today, left))


def left_by_first_reader() -> ColumnElement[bool]:
    """Build the condition on cases whose first reader can't work them any more.

    It is asked of the account as it stands now, so that it is one question whether the account was closed or its role or municipality is
    another one by now.
    """
    reader = _READER
    shielded = reader.role == Role.SHIELDED_CASEWORKER.value
    open_address = and_(CaseRow.is_shielded.is_(False), CaseRow.municipality == reader.municipality)
    works_there = or_(and_(shielded, CaseRow.is_shielded.is_(True)), and_(not_(shielded), open_address))
    reads = and_(reader.closed_at.is_(None), reader.role.in_(_FIRST_READERS), works_there)
    return and_(CaseRow.assignee_id.is_not(None), not_(exists().where(reader.id == CaseRow.assignee_id, reads)))


def may_take_over(case: CaseToPassOn) -> ColumnElement[bool]:
    """Build the condition on accounts that a case can be passed on to: they work there, and do not have it already.

    Nobody who read it second takes it over, nor who answered an objection in it.
    """
    role = Role.SHIELDED_CASEWORKER if case.is_shielded else Role.COORDINATOR
    here = AccountRow.municipality.is_(None) if case.is_shielded else AccountRow.municipality == case.municipality
    apart = exists().where(CaseRow.id == case.id, or_(_read_second_by(AccountRow.id), _answered_by(AccountRow.id)))
    is_open = and_(AccountRow.role == role.value, AccountRow.closed_at.is_(None))
    return and_(is_open, here, AccountRow.id != case.assignee_id, not_(apart))


def answers_objection(session: Session, account: Account, case: CaseRow) -> bool:
    """Answer whether this person is one of those who answer the objection in a case."""
    return can(account, Action.ANSWER_OBJECTIONS) and _is_one(session, case.id, objected_in_reach(account))


def answered_objection(session: Session, account: Account, case: CaseRow) -> bool:
    """Answer whether this person let the processing of a case go on, and so does not work it."""
    return can(account, Action.ANSWER_OBJECTIONS) and _is_one(session, case.id, _answered_by(account.id))


def is_second_reading(account: Account, case: CaseRow) -> bool:
    """Answer whether this person stands to a case in their reach as its second reader, taken or not."""
    return case.state in (CaseState.NEEDS_SECOND_READER.value, *_SECOND_READING) and case.assignee_id != account.id


def _where_they_work(account: Account) -> ColumnElement[bool]:
    if account.role is Role.SHIELDED_CASEWORKER:
        return CaseRow.is_shielded.is_(True)
    return and_(CaseRow.is_shielded.is_(False), CaseRow.municipality == account.municipality)


def _worked_by(account: Account) -> ColumnElement[bool]:
    """Build the condition on cases that this person took, read, decided or followed up in any round, or whose objection they registered.

    Who registered it stands in the log alone.
    """
    noted = StepNoteRow.step.not_in((Step.UPHOLD.value, Step.PASS_ON.value))
    written = [
        exists().where(row.case_id == CaseRow.id, row.account_id == account.id, *more)
        for row, more in ((OwnViewRow, ()), (DecisionRow, ()), (StepNoteRow, (noted,)))
    ]
    registered = exists().where(
        LogRow.case_id == CaseRow.id,
        LogRow.entry.contains(f'"action":"{STEPS[Step.OBJECT].audit}"', autoescape=True),
        LogRow.entry.contains(f'"actor":"{account.id}"', autoescape=True),
    )
    took = or_(CaseRow.assignee_id.is_not_distinct_from(account.id), CaseRow.second_reader_id.is_not_distinct_from(account.id))
    return or_(took, *written, registered)


def _answered_by(account_id: str | InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Build the condition on cases in which somebody let the processing go on despite an objection."""
    theirs = (StepNoteRow.case_id == CaseRow.id, StepNoteRow.account_id == account_id, StepNoteRow.step == Step.UPHOLD.value)
    return exists().where(*theirs)


def _read_second_by(account_id: str | InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Build the condition on cases that somebody took to read second, in this round or in one before.

    Of the rounds before, the second reader is the one who wrote when another had written already.
    """
    theirs, first = _THEIRS, _FIRST
    same_round = and_(first.case_id == theirs.case_id, first.round == theirs.round, first.account_id != theirs.account_id)
    wrote_after = exists().where(
        theirs.case_id == CaseRow.id, theirs.account_id == account_id, exists().where(same_round, first.written_at < theirs.written_at)
    )
    return or_(CaseRow.second_reader_id.is_not_distinct_from(account_id), wrote_after)


def _is_one(session: Session, case_id: str, condition: ColumnElement[bool]) -> bool:
    return session.scalar(select(CaseRow.id).where(CaseRow.id == case_id, condition)) is not None


def _get(session: Session, case_id: str, condition: ColumnElement[bool]) -> CaseRow:
    row = session.scalar(select(CaseRow).where(CaseRow.id == case_id, condition))
    if row is None:
        raise NotFoundError
    return row
