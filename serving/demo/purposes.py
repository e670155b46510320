"""The demo's controller approves the declared purposes, so that the page shows what an approval looks like; nobody real approved them."""

from __future__ import annotations

from datetime import datetime

from features.declarations.project import Project
from serving.access.accounts import account_of, check_demo_allowed, find_account_row
from serving.access.desk import Desk
from serving.person_keys import PersonKeys
from serving.purposes import approvals
from serving.roles import Role
from serving.settings import Settings
from serving.storage.database import Database


def approve_demo_purposes(database: Database, project: Project, keys: PersonKeys, *, settings: Settings, now: datetime) -> int:
    """Approve those purposes whose words are not approved, by the demo's controller account, and say how many.

    Raises
    ------
    ReviewError
        TID716 with data that is not synthetic, or in production (R-29).
    """
    check_demo_allowed(project, settings)
    with database.transaction() as session:
        row = find_account_row(session, Role.CONTROLLER.value)
        if row is None:
            return 0
        desk = Desk(session=session, keys=keys, project=project, account=account_of(row), now=now)
        lines = approvals.list_purposes(session, desk.account, project, today=desk.today)
        waiting = [line for line in lines if not line.is_approved]
        for line in waiting:
            approvals.approve(desk, line.digest)
    return len(waiting)
