"""Whom somebody who logged in may see and speak for: themselves, and the children whom they answer for.

A child who is not known here, whose address is protected, who is old enough to log in alone or for whom the extract says nothing any more
is in no list and behind no address: the same nothing, whichever it is (R-06, R-08).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from features.declarations.project import Project
from features.restrictions import restricted_subjects
from features.store import find_store_manifest, open_store
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.errors import NotFoundError
from serving.identities.recognising import Responsibility, responsibilities_of
from serving.identities.vault import IdentityVault
from serving.persons.told import Reader

_KEY_LENGTH = 24


@dataclass(frozen=True)
class Whom:
    """Somebody about whom a report is shown, and for whom a no is said."""

    subject_id: str
    reader: Reader
    key: str = ""
    """Names a child in addresses and forms, for this guardian's account alone; empty for oneself."""
    born_on: date | None = None
    """Of a child: how a guardian, who knows it, tells one child from another."""

    @property
    def spoken_by(self) -> str:
        """Say who speaks, for the log."""
        return self.reader.value


@dataclass(frozen=True)
class Standing:
    """What of a person decides whether they are shown to anybody at a login."""

    born_on: date | None
    is_shielded: bool


def find_self(desk: Desk) -> Whom | None:
    """Give whoever logged in; None where nobody here is tied to their login.

    Raises
    ------
    NotAllowedError
        TID712 for every other role.
    """
    check_may(desk.account, Action.SEE_OWN_REPORT)
    subject_id = desk.account.subject_id
    return None if subject_id is None else Whom(subject_id, Reader.PERSON)


def list_children(desk: Desk, vault: IdentityVault | None) -> tuple[Whom, ...]:
    """List the children for whom whoever logged in answers today, oldest first.

    Raises
    ------
    NotAllowedError
        TID712 for every other role.
    ReviewError
        TID758 when the vault does not open with its key.
    """
    check_may(desk.account, Action.SEE_OWN_REPORT)
    if vault is None:
        return ()
    named = [one for one in responsibilities_of(vault, account_id=desk.account.id, now=desk.now) if _is_current(one, desk)]
    standing = standing_of(desk.project, {one.child for one in named}, on=desk.today)
    until = desk.project.screening.citizens.guardians_until
    found = [
        Whom(one.child, Reader.GUARDIAN, _key_of(vault, desk, one.child), who.born_on)
        for one in named
        if (who := standing.get(one.child)) is not None
        and not who.is_shielded
        and who.born_on is not None
        and age_on(who.born_on, desk.today) < until
    ]
    return tuple(sorted(found, key=lambda child: (child.born_on or date.max, child.key)))


def get_whom(desk: Desk, vault: IdentityVault | None, key: str) -> Whom:
    """Give oneself for no key, else the child that it names.

    Raises
    ------
    NotFoundError
        TID710 when nobody is tied to the login, or the key is no child's of theirs.
    NotAllowedError
        TID712 for every other role.
    """
    found = find_self(desk) if not key else next((child for child in list_children(desk, vault) if child.key == key), None)
    if found is None:
        raise NotFoundError("report")
    return found


def standing_of(project: Project, subject_ids: Collection[str], *, on: date) -> Mapping[str, Standing]:
    """Look these subjects up in the score store; who is not there has no standing, and is as if they had never been."""
    manifest = find_store_manifest(project)
    if not subject_ids or manifest is None or "score" not in manifest.purposes:
        return {}
    people = open_store(project, "score").subjects()
    people = people[people["subject_id"].isin(list(subject_ids))]
    protected = frozenset(restricted_subjects(project, on=on, kinds=("address_protection",)))
    rows = people[["subject_id", "born_on", "shielded"]].itertuples(index=False, name=None)
    return {
        subject: Standing(None if born_on != born_on else born_on, bool(shielded) or subject in protected)
        for subject, born_on, shielded in rows
    }


def age_on(born_on: date, day: date) -> int:
    """Give completed years.

    Examples
    --------
    >>> age_on(date(2011, 11, 22), date(2026, 11, 21)), age_on(date(2011, 11, 21), date(2026, 11, 21))
    (14, 15)
    """
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def _is_current(one: Responsibility, desk: Desk) -> bool:
    is_fresh = (desk.today - one.read_on).days <= desk.project.screening.citizens.guardians_days
    return is_fresh and (one.valid_to is None or desk.today <= one.valid_to)


def _key_of(vault: IdentityVault, desk: Desk, subject_id: str) -> str:
    return vault.place("child", f"{desk.account.id} {subject_id}")[:_KEY_LENGTH]
