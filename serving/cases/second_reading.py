"""The second reading (R-17): another person writes what they think, blind to the proposal and to what the first reader wrote.

Once both have written, each sees the other's view and the proposal, and the first reader decides.
"""

from __future__ import annotations

from sqlalchemy import select

from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.auditing import log
from serving.cases import building
from serving.cases.access import get_case_for_second_reading, in_reach_to_read_second
from serving.cases.moving import move
from serving.cases.pages import CasePage, Inclination, QueueRow
from serving.cases.policies import check_step, check_version
from serving.cases.service import add_own_view
from serving.cases.states import Step
from serving.storage.tables import CaseRow


def list_second_readings(desk: Desk) -> list[QueueRow]:
    """List the cases that wait for a second reading by this person, and those that they took; by due date, never by score (R-18)."""
    check_may(desk.account, Action.SECOND_READ)
    rows = desk.session.scalars(select(CaseRow).where(in_reach_to_read_second(desk.account))).all()
    event = log.Event("second_readings.read", actor=desk.account.id, role=desk.account.role, details={"n": len(rows)})
    log.record(desk.session, event, now=desk.now)
    return sorted((building.build_row(desk, row) for row in rows), key=lambda row: (row.due_on or row.expires_on, row.reference))


def take_second_reading(desk: Desk, case_id: str, *, version: int) -> CasePage:
    """Take the second reading of a case; from then on nobody else does. The one who took the case never can.

    Raises
    ------
    NotFoundError
        TID710 also for a case that this person took themselves, or that another second reader has.
    """
    case = get_case_for_second_reading(desk.session, desk.account, case_id)
    check_version(case, version)
    target = check_step(case, Step.TAKE_SECOND_READING)
    case.second_reader_id = desk.account.id
    move(desk, case, Step.TAKE_SECOND_READING, target)
    return building.build_page(desk, case)


def save_second_view(desk: Desk, case_id: str, *, text: str, inclination: Inclination, version: int) -> CasePage:
    """Save what the second reader thinks; after this both readers see both views, and the proposal. Can't be changed afterwards.

    Raises
    ------
    ReviewError
        TID703 when the text is shorter than 10 characters, TID707 when it holds a national identity number.
    """
    case = get_case_for_second_reading(desk.session, desk.account, case_id)
    check_version(case, version)
    target = check_step(case, Step.SAVE_SECOND_VIEW)
    move(desk, case, Step.SAVE_SECOND_VIEW, target, personal=add_own_view(desk, case, text, inclination))
    return building.build_page(desk, case)
