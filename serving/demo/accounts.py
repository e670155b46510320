"""Accounts for trying the service out, only where every person is invented: one per role and municipality, and planners at three levels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from serving.access.accounts import check_demo_allowed, create_account, find_account_row
from serving.cases.states import CaseState
from serving.roles import ROLES, Role
from serving.settings import Settings
from serving.storage.database import Database
from serving.storage.tables import CaseRow

COUNTY_DIGITS = 2
SHIELDED_COLLEAGUE = f"{Role.SHIELDED_CASEWORKER}-2"
"""Works the shielded case in which there is an objection; the other one answers it."""
FOLLOWED = (CaseState.BTI_1, CaseState.BTI_2, CaseState.BTI_3)
"""States in which a family has agreed to something: there is most for a citizen to see."""


@dataclass(frozen=True)
class DemoLogin:
    """A login to print; it works in no other mode than the demo."""

    login: str
    password: str
    role: Role
    municipality: str | None
    """Number of a municipality; a planner's may be a county's (two digits)."""
    service: str | None = None


def demo_logins(project: Project) -> list[DemoLogin]:
    """List the demo's logins: one per role, and for roles with a municipality one for each of the project's.

    A relay holder works in the first service of services.toml that is the municipality's own. A planner is there for the country, each
    county and each municipality. There are two shielded caseworkers, since who works a case does not answer the objection in it.
    """
    logins = [
        DemoLogin(f"{role}-{place}" if place else role.value, f"demo-{role}", role, place, find_service(project, place, role))
        for role, described in ROLES.items()
        if described.logs_in and (project.services.service or not described.has_service)
        for place in _places(project, role)
    ]
    shielded = Role.SHIELDED_CASEWORKER
    after = next(n for n, login in enumerate(logins, start=1) if login.role is shielded)
    return [*logins[:after], DemoLogin(SHIELDED_COLLEAGUE, f"demo-{shielded}", shielded, None), *logins[after:]]


def find_service(project: Project, municipality: str | None, role: Role) -> str | None:
    """Find the service that a demo account of this role works in: the municipality's own before one that is everywhere."""
    if not ROLES[role].has_service:
        return None
    services = project.services.service
    own = [s.code for s in services if municipality in s.municipality]
    return next(iter([*own, *(s.code for s in services if not s.municipality)]), None)


def create_demo_accounts(database: Database, project: Project, *, settings: Settings, now: datetime) -> list[DemoLogin]:
    """Create the demo accounts that do not exist yet, and list them all.

    The citizen is somebody whose case is here, so that there is a report to see; before there is any case they are nobody yet.

    Raises
    ------
    ReviewError
        TID716 with data that is not synthetic, or in production (R-29).
    """
    check_demo_allowed(project, settings)
    logins = demo_logins(project)
    with database.transaction() as session:
        for wanted in logins:
            if find_account_row(session, wanted.login) is None:
                create_account(
                    session,
                    login=wanted.login,
                    holder=wanted.login,
                    role=wanted.role,
                    municipality=wanted.municipality,
                    service=wanted.service,
                    password=wanted.password,
                    now=now,
                    is_demo=True,
                )
        _tie_citizen(session)
    return logins


def _places(project: Project, role: Role) -> list[str | None]:
    numbers = [m.number for m in project.screening.municipality]
    if ROLES[role].may_have_area:
        return [None, *dict.fromkeys(number[:COUNTY_DIGITS] for number in numbers), *numbers]
    return [*numbers] if ROLES[role].has_municipality else [None]


def _tie_citizen(session: Session) -> None:
    """Let the citizen be somebody who is followed up now, else the person of the newest case; a shielded person never."""
    citizen = find_account_row(session, Role.CITIZEN.value)
    if citizen is not None and citizen.subject_id is None:
        is_followed = CaseRow.state.in_([state.value for state in FOLLOWED])
        newest = select(CaseRow.subject_id).where(CaseRow.is_shielded.is_(False))
        citizen.subject_id = session.scalar(newest.order_by(is_followed.desc(), CaseRow.created_at.desc(), CaseRow.id).limit(1))
