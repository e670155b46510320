"""What routes ask for: who is calling, the database, the project, the time.

Both the API and the console build on these.

=================== ==========================================================================================
``ProjectOf``       the loaded project
``ClockOf``         a function giving aware UTC now
``CallerOf``        the account that is logged in; TID711 (401) when nobody is
``FoundCallerOf``   the same, or None
``MachineOf``       the machine client that the bearer token is of; TID735 (401) when none stands
``DeskOf``          account, database session, person keys, project and time, for the functions of `serving.cases.service`
``ReadingOf``       a database session that can't write
``checked_csrf``    dependency for every form or call that changes something: refuses without the session's CSRF token (TID713)
``csrf_token``      the token that forms carry in a hidden field ``csrf`` and scripts in the header ``X-CSRF-Token``
=================== ==========================================================================================

A desk's session is one transaction: it commits after the route returned and before the response is sent, and rolls back as a whole,
log entries included, when the route raises.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from features.declarations.project import Project
from serving.access import alarms, sessions
from serving.access.accounts import Account
from serving.access.desk import Desk
from serving.access.tokens.machines import MachineTokens, refused
from serving.errors import NotLoggedInError
from serving.http import idempotency
from serving.http.cookies import find_token
from serving.person_keys import PersonKeys
from serving.scoring.deployed import DeployedModels
from serving.settings import Settings
from serving.storage.database import Database

Clock = Callable[[], datetime]
GivenT = TypeVar("GivenT")


def settings_of(request: Request) -> Settings:
    """Give the service's settings."""
    found: Settings = request.app.state.settings
    return found


def project_of(request: Request) -> Project:
    """Give the loaded project."""
    found: Project = request.app.state.project
    return found


def clock_of(request: Request) -> Clock:
    """Give the clock: a function from nothing to aware UTC now."""
    found: Clock = request.app.state.clock
    return found


def database_of(request: Request) -> Database:
    """Give the database."""
    found: Database = request.app.state.database
    return found


def keys_of(request: Request) -> PersonKeys:
    """Give the keeper of person keys."""
    found: PersonKeys = request.app.state.person_keys
    return found


def deployed_of(request: Request) -> DeployedModels:
    """Give the keeper of the models that serve."""
    found: DeployedModels = request.app.state.deployed
    return found


def _at_once(of: Callable[[Request], GivenT]) -> Callable[[Request], Coroutine[Any, Any, GivenT]]:
    """Look something up in the event loop itself; a thread for each of these would cost more than the whole route."""

    async def give(request: Request) -> GivenT:
        return of(request)

    return give


SettingsOf = Annotated[Settings, Depends(_at_once(settings_of))]
ProjectOf = Annotated[Project, Depends(_at_once(project_of))]
ClockOf = Annotated[Clock, Depends(_at_once(clock_of))]
DatabaseOf = Annotated[Database, Depends(_at_once(database_of))]
KeysOf = Annotated[PersonKeys, Depends(_at_once(keys_of))]
DeployedOf = Annotated[DeployedModels, Depends(_at_once(deployed_of))]


def find_current_account(request: Request, database: DatabaseOf, clock: ClockOf, settings: SettingsOf) -> Account | None:
    """Answer who is logged in on this request, or None. Being seen keeps the session alive."""
    token = find_token(request)
    request.state.account = found = None if token is None else sessions.find_account(database, token, now=clock(), settings=settings)
    return found


FoundCallerOf = Annotated[Account | None, Depends(find_current_account)]


async def current_account(account: FoundCallerOf) -> Account:
    """Give who is logged in.

    Raises
    ------
    NotLoggedInError
        TID711: 401 in the API; the console sends the reader to the login page.
    """
    if account is None:
        raise NotLoggedInError
    return account


CallerOf = Annotated[Account, Depends(current_account)]


def current_machine(request: Request, clock: ClockOf) -> Account:
    """Give the machine client that calls.

    It brings a token with every call: no cookie and no session, so nothing that another site could ride on.

    Raises
    ------
    ReviewError
        TID735 without a token that stands, TID736 when it lacks the scope.
    """
    accepted: MachineTokens | None = request.app.state.machines
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if accepted is None or kind.lower() != "bearer" or not token:
        raise refused()
    return accepted.read(token.strip(), now=clock())


MachineOf = Annotated[Account, Depends(current_machine)]


def csrf_token(request: Request) -> str:
    """Give the token that belongs to this request's session; empty when there is none."""
    token = find_token(request)
    return "" if token is None else sessions.csrf_token(token)


async def checked_csrf(request: Request) -> None:
    """Refuse a change that does not carry the session's CSRF token in the form field ``csrf`` or the header ``X-CSRF-Token`` (TID713)."""
    given = request.headers.get("X-CSRF-Token")
    if given is None and request.headers.get("content-type", "").startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        field = (await request.form()).get("csrf")
        given = field if isinstance(field, str) else None
    sessions.check_csrf(find_token(request), given)


def get_session(request: Request, account: FoundCallerOf, database: DatabaseOf, keys: KeysOf, clock: ClockOf) -> Iterator[Session]:
    """Open the one transaction of this request; it commits when the route returned and rolls back when it raised.

    A change that was made before under the same idempotency key is not made again (`serving.http.idempotency`). Whoever lost the session or
    the role while waiting for their turn is turned away here.
    """
    with database.transaction() as session:
        sessions.check_still(session, find_token(request), account)
        idempotency.begin(request, session, keys, account, now=clock())
        yield session


def get_reading_session(database: DatabaseOf) -> Iterator[Session]:
    """Open a session that can't write; for what is not about a person and leaves no trace in the log."""
    with database.reading() as session:
        yield session


SessionOf = Annotated[Session, Depends(get_session, scope="function")]
ReadingOf = Annotated[Session, Depends(get_reading_session, scope="function")]


def get_desk(
    account: CallerOf, session: SessionOf, keys: KeysOf, project: ProjectOf, clock: ClockOf, settings: SettingsOf
) -> Iterator[Desk]:
    """Lay out one request's desk; needs somebody logged in. What it looked at counts for the alarm on snooping (R-28)."""
    before, now = alarms.newest_entry(session), clock()
    yield Desk(session=session, keys=keys, project=project, account=account, now=now)
    alarms.check_reading(session, account, alarms.cases_since(session, before), now=now, limits=alarms.limits_of(settings))


DeskOf = Annotated[Desk, Depends(get_desk, scope="function")]
