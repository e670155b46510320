"""A running review service for tests: real app, real database, fixed clock, cases made by hand."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from anyio.from_thread import BlockingPortal
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.testclient import TestClient

from features.declarations.catalogue import Sector, Wording
from features.declarations.project import Project, load_project
from features.declarations.specs import FeatureSpec
from models.bands import Band
from models.reasons import Reason
from models.uncertainty import Span, uncertainty_text
from serving.access.accounts import create_account, find_account_row
from serving.app import create_app
from serving.cases.deadlines import due_in_state
from serving.cases.proposal import Proposal
from serving.cases.states import CaseState
from serving.demo.accounts import demo_logins
from serving.person_keys import PersonKeys
from serving.roles import Role
from serving.settings import Settings
from serving.storage.database import Database
from serving.storage.tables import CaseRow, ScreeningRow
from tests.support.databases import put_database
from tests.support.projects import NOW, tiny_project

AS_OF = date(2026, 6, 15)
NEED = "Jeg er kontaktlærer og koordinator for trinnet."
VIEW = {"text": "Har vært mye borte etter jul, men virker i godt driv.", "inclination": "unsure"}
REASON = "Fraværet har økt siden påske; vi tar en samtale om hverdagen."


@dataclass
class Clock:
    """A clock that stands still until told, or goes on by a tick each time it is read."""

    now: datetime = NOW
    tick: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        self.now += self.tick
        return self.now

    def forward(self, **kwargs: float) -> None:
        self.now += timedelta(**kwargs)


@dataclass
class Review:
    """The service under test."""

    app: FastAPI
    project: Project
    settings: Settings
    clock: Clock
    database: Database
    keys: PersonKeys
    _clients: dict[str, Caller] = field(default_factory=dict)

    def caller(self, login: str) -> Caller:
        """Log a demo account in; the same caller each time."""
        if login not in self._clients:
            self.create_demo_account(login)
            self._clients[login] = Caller(self.app, login)
        return self._clients[login]

    def log_in_again(self, login: str) -> Caller:
        """Log a demo account in anew, since a session does not outlive a clock that was put forward."""
        self._clients.pop(login, None)
        return self.caller(login)

    def create_demo_account(self, login: str) -> None:
        """Create one of the demo's accounts."""
        wanted = next(d for d in demo_logins(self.project) if d.login == login)
        with self.database.transaction() as session:
            if find_account_row(session, login) is None:
                create_account(
                    session,
                    login=login,
                    holder=login,
                    role=wanted.role,
                    municipality=wanted.municipality,
                    service=wanted.service,
                    password=wanted.password,
                    now=self.clock(),
                    is_demo=True,
                )

    def anonymous(self) -> TestClient:
        """Call without logging in."""
        return TestClient(self.app, base_url="https://testserver")

    def new_coordinator(self, municipality: str) -> Caller:
        """Log in as one more coordinator of a municipality."""
        login = f"koordinator-{secrets.token_hex(4)}-{municipality}"
        with self.database.transaction() as session:
            create_account(
                session,
                login=login,
                holder=login,
                role=Role.COORDINATOR,
                municipality=municipality,
                password="another one",
                now=self.clock(),
            )
        return Caller(self.app, login, password="another one")

    def new_account(self, role: str, *, municipality: str | None, service: str | None = None) -> Caller:
        """Log in as one more person of a role."""
        login = f"{role}-{secrets.token_hex(4)}-x"
        with self.database.transaction() as session:
            create_account(
                session,
                login=login,
                holder=login,
                role=Role(role),
                municipality=municipality,
                service=service,
                password="another one",
                now=self.clock(),
            )
        return Caller(self.app, login, password="another one")

    def account_id(self, login: str) -> str:
        """Give the id of an account."""
        with self.database.reading() as session:
            row = find_account_row(session, login)
        assert row is not None
        return row.id

    def add_screening(self, identity: str | None = None) -> str:
        """Make a screening by hand and give its id."""
        identity = identity or secrets.token_hex(16)
        with self.database.transaction() as session:
            if session.get(ScreeningRow, identity) is None:
                session.add(_screening(identity, version=identity[:8]))
        return identity

    def add_case(self, *, municipality: str | None = "9901", **changes: Any) -> str:
        """Make a new case by hand and give its id."""
        self.add_screening("5" * 32)
        with self.database.transaction() as session:
            subject = changes.pop("subject_id", secrets.token_hex(16))
            row = {
                "id": secrets.token_hex(16),
                "reference": f"T-{secrets.token_hex(4).upper()}",
                "screening_id": "5" * 32,
                "subject_id": subject,
                "municipality": municipality,
                "is_shielded": False,
                "needs_second_reader": False,
                "state": CaseState.NEW.value,
                "state_since": self.clock(),
                "due_on": due_in_state(CaseState.NEW, self.clock().date(), self.project.screening.review),
                "expires_on": self.clock().date() + timedelta(days=60),
                "created_at": self.clock(),
                "sealed_proposal": self.keys.seal(session, subject, proposal().to_json(), now=self.clock()),
            }
            session.add(CaseRow(**{**row, **changes}))
            return str(row["id"])

    def row(self, case_id: str) -> CaseRow:
        """Read a case from the database."""
        with self.database.reading() as session:
            return session.get_one(CaseRow, case_id)


class Caller:
    """A logged-in person who calls the API as a browser's script would."""

    portal: ClassVar[BlockingPortal | None] = None
    """An event loop for the calls of all, as a server has; without one each call starts a loop and a thread of its own."""

    def __init__(self, app: FastAPI, login: str, *, password: str | None = None) -> None:
        self.client, self.login = TestClient(app, base_url="https://testserver"), login
        self.client.portal = self.portal
        self.database: Database = app.state.database
        role = re.sub(r"-[0-9]+$", "", login)
        answer = self.client.post("/api/v1/session", json={"login": login, "password": password or f"demo-{role}"})
        assert answer.status_code == 201, answer.text
        self.csrf = answer.json()["data"]["csrf"]

    def get(self, path: str) -> Any:
        """GET a path of the API."""
        return self.client.get(f"/api/v1{path}")

    def post(self, path: str, body: Any = None, *, version: int | str | None = None, **headers: str) -> Any:
        """POST to the API with the CSRF token, and If-Match where a version is given."""
        match = {} if version is None else {"If-Match": f'"{version}"'}
        return self.client.post(f"/api/v1{path}", json=body, headers={"X-CSRF-Token": self.csrf, **match, **headers})

    def version(self, case_id: str) -> int:
        """Read a case's version."""
        return int(self.get(f"/cases/{case_id}").json()["data"]["version"])

    def step(self, case_id: str, step: str, body: Any = None) -> Any:
        """Take a step from the newest version, which the database tells: reading the case first would double the calls of most tests."""
        with self.database.reading() as session:
            version = session.get_one(CaseRow, case_id).version
        return self.post(f"/cases/{case_id}/{step}", body, version=version)

    def to_own_view(self, case_id: str) -> None:
        """Bring a new case to where the own view is written."""
        assert self.step(case_id, "assign").status_code == 200
        assert self.step(case_id, "open", {"need_to_know": NEED}).status_code == 200

    def to_review(self, case_id: str) -> None:
        """Bring a new case to where it can be decided."""
        self.to_own_view(case_id)
        assert self.step(case_id, "own-view", VIEW).status_code == 200


def proposal() -> Proposal:
    """Make a proposal with an open and a confidential reason."""
    return Proposal(
        band=Band.WORTH_A_LOOK,
        probability=0.4523,
        log_odds=-0.1914,
        base_log_odds=-1.2,
        frequency=Wording(nb="Av 100 fullfører 70.", nn="Av 100 fullfører 70.", en="Of 100, 70 complete."),
        reasons=(
            _reason("edu_absence_days", Sector.EDUCATION, 0.8, "Fravær, hele dager", value=23.0, confidential=False),
            _reason("nav_low_income_hh", Sector.LABOUR, 0.3086, "Vedvarende lavinntekt", value=1.0, confidential=True),
            _reason("edu_grade_mean", Sector.EDUCATION, -0.1, "Karaktersnitt", value=4.1, confidential=False),
        ),
        model_name="tiny-not_completed-grade_10",
        model_version="1",
        bundle_hash="a" * 64,
        stage="grade_10",
        outcome="not_completed",
        as_of=AS_OF,
        uncertainty=uncertainty_text(Span(30, 55), outcome=Wording(nb="Ikke fullført", nn="Ikkje fullført", en="Not completed")),
    )


@contextmanager
def review_service(folder: Path, *, url: str | None = None) -> Iterator[Review]:
    """Start the service on a tiny project; SQLite in the project unless a URL is given."""
    project = load_project(tiny_project(folder))
    unlimited = dict.fromkeys(("calls_per_minute", "calls_per_minute_address", "score_calls_per_minute"), 10**9)
    settings = Settings(database_url=None if url is None else SecretStr(url), env="demo", **unlimited)
    clock = Clock()
    if url is None:
        put_database(project)
    app = create_app(settings, project, clock=clock, with_console=False)
    database, keys = app.state.database, app.state.person_keys
    try:
        yield Review(app, project, settings, clock, database, keys)
    finally:
        database.close()


def _screening(identity: str, *, version: str) -> ScreeningRow:
    return ScreeningRow(
        id=identity,
        stage="grade_10",
        outcome="not_completed",
        as_of=AS_OF,
        model_name="tiny-not_completed-grade_10",
        model_version=version,
        bundle_hash="a" * 64,
        screened_at=NOW,
        n_scored=120,
        n_in_band=3,
        cases_by_municipality={"9901": 12, "9902": 2},
    )


def _reason(code: str, sector: Sector, contribution: float, label: str, *, value: float, confidential: bool) -> Reason:
    return Reason(
        indicator=code,
        sector=sector,
        owner=None,
        label=Wording(nb=label, nn=label, en=label),
        contribution=contribution,
        direction="raises" if contribution > 0 else "lowers",
        main_feature=FeatureSpec.parse(code, "last"),
        value=value,
        unit="days",
        typical=5.0,
        is_missing=False,
        is_confidential=confidential,
        happened_on=date(2026, 5, 2),
    )
