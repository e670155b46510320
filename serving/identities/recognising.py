"""From the identifier that somebody logged in with to their subject id, and from a guardian to the children they answer for.

The identifier is used here and forgotten: nothing of it goes into the service's database, a session, a cookie, a log or an error. What the
vault keeps of a login is a keyed digest, sealed, for a day.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, insert, select

from serving.identities.vault import GUARDIANS, LOGINS, PEOPLE, IdentityVault

LOGIN_LASTS = timedelta(hours=24)
"""No session lasts longer (`TIDLIG_SESSION_HOURS`)."""


@dataclass(frozen=True)
class Responsibility:
    """That somebody has parental responsibility for a child, as the register's extract said."""

    child: str
    """Subject id."""
    valid_to: date | None
    read_on: date
    """When the extract was read."""


def recognise(vault: IdentityVault, identifier: str) -> str | None:
    """Give the subject id of whoever has this identifier; None where the vault does not have them.

    Raises
    ------
    ReviewError
        TID758 when what is there does not open with the vault's key.
    """
    place = vault.place("person", identifier)
    with vault.engine.connect() as connection:
        sealed = connection.scalar(select(PEOPLE.c.sealed).where(PEOPLE.c.place == place))
    return None if sealed is None else vault.open(place, sealed)


def note_login(vault: IdentityVault, *, account_id: str, identifier: str, now: datetime) -> None:
    """Note for a day by which account a guardian came in, so that their children are found without the identifier."""
    place = vault.place("login", account_id)
    with vault.begun() as connection:
        connection.execute(delete(LOGINS).where((LOGINS.c.place == place) | (LOGINS.c.seen_at <= now - LOGIN_LASTS)))
        row = {"place": place, "sealed": vault.seal(place, vault.place("guardian", identifier)), "seen_at": now}
        connection.execute(insert(LOGINS).values(**row))


def fill_guardians(vault: IdentityVault, pairs: Sequence[tuple[str, str, date | None]], *, today: date) -> int:
    """Replace who answers for whom; gives how many pairs were kept: those whose child the vault has.

    Parameters
    ----------
    pairs
        Identifier of the child, identifier of the guardian, and the last day, None where there is none.
    """
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for child, guardian, valid_to in pairs:
        subject = recognise(vault, child)
        if subject is not None:
            place, of = vault.place("guardian", guardian), vault.place("place", subject)
            content = {"child": subject, "valid_to": None if valid_to is None else valid_to.isoformat(), "read_on": today.isoformat()}
            rows[place, of] = {"place": place, "of": of, "sealed": vault.seal(place + of, json.dumps(content))}
    with vault.begun() as connection:
        connection.execute(delete(GUARDIANS))
        if rows:
            connection.execute(insert(GUARDIANS), list(rows.values()))
    return len(rows)


def responsibilities_of(vault: IdentityVault, *, account_id: str, now: datetime) -> tuple[Responsibility, ...]:
    """List the children that whoever logged in with an account answers for, as the extract said; nobody after a day.

    Raises
    ------
    ReviewError
        TID758 when what is there does not open with the vault's key.
    """
    login = vault.place("login", account_id)
    with vault.engine.connect() as connection:
        sealed = connection.scalar(select(LOGINS.c.sealed).where(LOGINS.c.place == login, LOGINS.c.seen_at > now - LOGIN_LASTS))
        if sealed is None:
            return ()
        place = vault.open(login, sealed)
        rows = connection.execute(select(GUARDIANS.c.of, GUARDIANS.c.sealed).where(GUARDIANS.c.place == place)).all()
    return tuple(_responsibility(vault.open(place + of, kept)) for of, kept in rows)


def _responsibility(content: str) -> Responsibility:
    found = json.loads(content)
    valid_to = None if found["valid_to"] is None else date.fromisoformat(found["valid_to"])
    return Responsibility(found["child"], valid_to, date.fromisoformat(found["read_on"]))
