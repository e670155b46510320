"""The desk: what one person has in hand during one request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from features.declarations.project import Project
from serving.access.accounts import Account
from serving.person_keys import PersonKeys


@dataclass(frozen=True)
class Desk:
    """One request's transaction, keys, project, person and time.

    `now` is aware UTC and the same for everything that happens in the request.
    """

    session: Session
    keys: PersonKeys
    project: Project
    account: Account
    now: datetime

    @property
    def today(self) -> date:
        """The day of `now` (UTC)."""
        return self.now.date()
