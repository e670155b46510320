"""Accounts for trying the service out: one per role, only where every person is invented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from features.declarations.project import Project
from serving.accounts import check_demo_allowed, create_account, find_account_row
from serving.database import Database
from serving.roles import ROLES, Role
from serving.settings import Settings


@dataclass(frozen=True)
class DemoLogin:
    """A login to print; it works in no other mode than the demo."""

    login: str
    password: str
    role: Role
    municipality: str | None
    service: str | None = None


def demo_logins(project: Project) -> list[DemoLogin]:
    """List the demo's logins: one per role, and for roles with a municipality one for each of the project's."""
    places = [m.number for m in project.screening.municipality]
    services = [s.code for s in project.services.service]
    return [
        DemoLogin(f"{role}-{place}" if place else role.value, f"demo-{role}", role, place, services[0] if described.has_service else None)
        for role, described in ROLES.items()
        if described.logs_in and (services or not described.has_service)
        for place in (places if described.has_municipality else [None])
    ]


def create_demo_accounts(database: Database, project: Project, *, settings: Settings, now: datetime) -> list[DemoLogin]:
    """Create the demo accounts that do not exist yet, and list them all.

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
    return logins
