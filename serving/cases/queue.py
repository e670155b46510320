"""The list of cases that wait for somebody, a part at a time: their own that are open, and new ones where they work.

Ordered by due date and then by reference. Never by score: a queue is no ranking (R-18). The database counts and cuts, so that a list of ten
thousand is read as fast as one of ten.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from sqlalchemy import ColumnElement, func, or_, select, true, tuple_

from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.auditing import log
from serving.cases import building
from serving.cases.access import free_in_reach, in_reach, own_in_reach
from serving.cases.pages import QueueRow
from serving.cases.states import OPEN_STATES, STATES, CaseState
from serving.roles import Role
from serving.scoring.suspensions import is_suspended
from serving.storage.tables import CaseRow, ScreeningRow

Place: TypeAlias = tuple[str | int, ...]
"""Where a row stands in the list's order: its day and its reference."""

_OPEN = [state.value for state in OPEN_STATES]
_DUE: ColumnElement[date] = func.coalesce(CaseRow.due_on, CaseRow.expires_on)


class Whose(StrEnum):
    """Which cases of the list are asked for."""

    MINE = "mine"
    FREE = "free"
    """Those that nobody took."""
    BOTH = "both"


@dataclass(frozen=True)
class QueuePart:
    """Some rows of the list, in its order."""

    rows: tuple[QueueRow, ...]
    end: Place | None
    """Behind which place the next part begins; None at the end."""


@dataclass(frozen=True)
class Queue:
    """What a reader's page shows of their list."""

    mine: QueuePart
    free: QueuePart
    n_mine: int
    n_free: int
    waits_for: dict[Role, int]
    """Of their own: on whom how many wait, the reader first."""


def place_of(row: QueueRow) -> Place:
    """Say where a row stands in the list's order."""
    return ((row.due_on or row.expires_on).isoformat(), row.reference)


def list_part(desk: Desk, *, after: Place | None, limit: int) -> QueuePart:
    """List a part of the cases that wait for this person; while a model is stopped, what it proposed and nobody took is left out (R-30).

    Raises
    ------
    NotAllowedError
        TID712.
    """
    check_may(desk.account, Action.LIST_CASES)
    part = _read_part(desk, Whose.BOTH, _not_stopped(desk), after=after, limit=limit)
    _log(desk, len(part.rows))
    return part


def read_queue(desk: Desk, *, mine_after: Place | None, free_after: Place | None, limit: int) -> Queue:
    """Show the reader's own cases and those that nobody took, a part of each, and how many there are.

    Raises
    ------
    NotAllowedError
        TID712.
    """
    check_may(desk.account, Action.LIST_CASES)
    shown = _not_stopped(desk)
    mine = _read_part(desk, Whose.MINE, shown, after=mine_after, limit=limit)
    free = _read_part(desk, Whose.FREE, shown, after=free_after, limit=limit)
    _log(desk, len(mine.rows) + len(free.rows))
    states = desk.session.execute(select(CaseRow.state, func.count()).where(*_conditions(desk, Whose.MINE, shown)).group_by(CaseRow.state))
    by_state = {CaseState(state): n for state, n in states}
    waits_for: Counter[Role] = Counter()
    for state, n in by_state.items():
        owner = STATES[state].owner
        if owner is not None:
            waits_for[owner] += n
    n_free = desk.session.scalar(select(func.count()).select_from(CaseRow).where(*_conditions(desk, Whose.FREE, shown))) or 0
    first = sorted(waits_for, key=lambda role: (role is not desk.account.role, role))
    return Queue(mine, free, sum(by_state.values()), n_free, {role: waits_for[role] for role in first})


def _read_part(desk: Desk, whose: Whose, shown: ColumnElement[bool], *, after: Place | None, limit: int) -> QueuePart:
    place = (_DUE, CaseRow.reference)
    waiting = select(CaseRow.id).where(*_conditions(desk, whose, shown)).order_by(*place).limit(limit + 1)
    if after is not None:
        waiting = waiting.where(tuple_(*place) > tuple_(date.fromisoformat(str(after[0])), str(after[1])))
    # Found by what stands in an index; what a case holds is read of those alone that are shown.
    found = desk.session.scalars(select(CaseRow).where(CaseRow.id.in_(waiting)).order_by(*place)).all()
    screenings = desk.session.scalars(select(ScreeningRow).where(ScreeningRow.id.in_({row.screening_id for row in found}))).all()
    rows = tuple(building.build_row(desk, row) for row in found[:limit])
    del screenings  # held until here: the session forgets a row that nobody holds, and would ask for it again for each case
    return QueuePart(rows, place_of(rows[-1]) if len(found) > limit else None)


_REACH = {Whose.MINE: own_in_reach, Whose.FREE: free_in_reach, Whose.BOTH: in_reach}


def _conditions(desk: Desk, whose: Whose, shown: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    return _REACH[whose](desk.account), CaseRow.state.in_(_OPEN), shown


def _not_stopped(desk: Desk) -> ColumnElement[bool]:
    """Build the condition that leaves out what nobody took of models that are stopped here."""
    screenings = desk.session.execute(select(ScreeningRow.id, ScreeningRow.model_name)).all()
    place = desk.account.municipality
    stopped = {name for name in {name for _, name in screenings} if is_suspended(desk.session, model_name=name, municipality=place)}
    hidden = [screening for screening, name in screenings if name in stopped]
    return or_(CaseRow.state != CaseState.NEW.value, CaseRow.screening_id.not_in(hidden)) if hidden else true()


def _log(desk: Desk, n: int) -> None:
    event = log.Event("queue.read", actor=desk.account.id, role=desk.account.role, details={"n": n})
    log.record(desk.session, event, now=desk.now)
