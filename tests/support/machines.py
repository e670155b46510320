"""A machine client that posts histories, and histories as a client would take them from its own systems."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from fastapi import FastAPI

from features.declarations.project import Project
from features.store import EventStore
from serving.access.accounts import Account
from serving.roles import Role
from tests.support.screenable import AS_OF

MACHINE = Account(id="0" * 32, login="maskin", role=Role.MACHINE, municipality=None, is_demo=False)


TOKEN = {"Authorization": "Bearer whatever"}
"""What a call carries once the machine was let in."""


class _AnyToken:
    def read(self, token: str, *, now: datetime) -> Account:
        return MACHINE


def let_machine_in(app: FastAPI) -> None:
    """Take whatever token comes for the machine's; how tokens are checked is for other tests."""
    app.state.machines = _AnyToken()


def history_of(project: Project, store: EventStore, person: int, *, key: str, as_of: date = AS_OF) -> dict[str, Any]:
    """Tell one person's records as a client would that holds the same ones as the store."""
    records = store.records_of([person], as_of=as_of)
    subjects = store.subjects().set_index("person")
    return {
        "key": key,
        "born_on": f"{subjects.loc[person, 'born_on']:%Y-%m}",
        "records": [_told(project, row) for _, row in records.iterrows() if project.catalogue.indicators[row["indicator"]].features],
    }


def _told(project: Project, row: Any) -> dict[str, Any]:
    indicator = project.catalogue.indicators[row["indicator"]]
    value = None if row["value"] != row["value"] else float(row["value"])
    return {
        "indicator": indicator.code,
        "value": indicator.levels[int(value)] if indicator.levels and value is not None else value,
        "happened_on": row["happened_on"].isoformat(),
        "known_on": row["known_on"].isoformat(),
    }
