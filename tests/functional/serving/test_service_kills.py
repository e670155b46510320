"""`kill -9` of the real server in the middle of writes, and of a screening, at any moment: no half case, nothing twice, the chain whole.
And the server under many people at once: no error.

After each kill the database is looked at as it lies there, before anything has had a chance to repair it.
"""

from __future__ import annotations

import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread, Timer

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from features.declarations.project import Project, load_project
from features.finished_reviews import read_finished_reviews
from features.restrictions import read_restrictions
from serving.access.accounts import create_account
from serving.app import open_service
from serving.auditing import log
from serving.cases.states import BEFORE_THE_PROPOSAL, CaseState
from serving.person_keys import PersonKeys
from serving.roles import Role
from serving.settings import Settings
from serving.storage.database import Database
from serving.storage.tables import CaseRow, DecisionRow, OwnViewRow, RestrictionRow, ScreeningRow
from tests.support.postgres import new_database
from tests.support.projects import KEYS, tiny_project
from tests.support.review import proposal
from tests.support.screenable import AS_OF, screenable_project
from tests.support.served import Reviewer, served, working

SCREENING = "5" * 32
PASSWORD = "a coordinator's own"


@dataclass
class Service:
    """A project with its database, looked at from outside the server."""

    root: Path
    environ: dict[str, str]
    project: Project
    database: Database
    keys: PersonKeys
    logins: list[str] = field(default_factory=list)

    def add_people(self, n: int) -> None:
        """Create accounts of coordinators of one municipality."""
        now = datetime.now(UTC)
        with self.database.transaction() as session:
            for number in range(len(self.logins), n):
                login = f"koordinator-{number}-9901"
                create_account(session, login=login, holder=login, role=Role.COORDINATOR, municipality="9901", password=PASSWORD, now=now)
                self.logins.append(login)

    def add_cases(self, n: int) -> list[str]:
        """Make new cases by hand, their proposals sealed, and give their ids."""
        now, found = datetime.now(UTC), []
        with self.database.transaction() as session:
            if session.get(ScreeningRow, SCREENING) is None:
                session.add(_screening(now))
                session.flush()
            for _ in range(n):
                subject, case_id = secrets.token_hex(16), secrets.token_hex(16)
                row = {"id": case_id, "reference": f"T-{secrets.token_hex(4).upper()}", "screening_id": SCREENING, "subject_id": subject}
                sealed = self.keys.seal(session, subject, proposal().to_json(), now=now)
                days = now.date() + timedelta(days=60)
                session.add(
                    CaseRow(
                        **row,
                        municipality="9901",
                        is_shielded=False,
                        needs_second_reader=False,
                        state=CaseState.NEW.value,
                        state_since=now,
                        due_on=days,
                        expires_on=days,
                        created_at=now,
                        sealed_proposal=sealed,
                    )
                )
                found.append(case_id)
        return found


def _screening(now: datetime) -> ScreeningRow:
    made = proposal()
    return ScreeningRow(
        id=SCREENING,
        stage=made.stage,
        outcome=made.outcome,
        as_of=made.as_of,
        model_name=made.model_name,
        model_version=made.model_version,
        bundle_hash=made.bundle_hash,
        screened_at=now,
        n_scored=100,
        n_in_band=50,
        cases_by_municipality={"9901": 50},
    )


@contextmanager
def service_on(root: Path, url: str | None) -> Iterator[Service]:
    project = load_project(root)
    settings = Settings(database_url=None if url is None else SecretStr(url))
    database, keys = open_service(settings, project)
    try:
        yield Service(root, {} if url is None else {"TIDLIG_DATABASE_URL": url}, project, database, keys)
    finally:
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str | None:
    return new_database(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else None


def check_whole(service: Service) -> Counter[str]:
    """Hold what must hold of a database at any moment, and give how many cases are in which state."""
    with service.database.reading() as session:
        log.verify_log(session)
        cases = session.scalars(select(CaseRow)).all()
        told = _told(session)
        for case in cases:
            assert case.state == told.get(case.id, CaseState.NEW.value), "a case is in another state than its last entry says"
            assert (case.assignee_id is None) == (case.state == CaseState.NEW.value), "a case was half taken"
        _check_written(session, cases)
        subjects = Counter(case.subject_id for case in cases)
        assert max(subjects.values(), default=1) == 1, "somebody was proposed twice"
        objected = set(session.scalars(select(RestrictionRow.subject_id)))
    on_file = read_restrictions(service.project)
    assert objected <= set(on_file["subject_id"]), "an objection is not on the list that every run reads"
    assert set(read_finished_reviews(service.project)["case_id"]) <= {case.id for case in cases}
    return Counter(case.state for case in cases)


def _told(session: Session) -> dict[str, str]:
    """Say of each case where the log says it went last."""
    lines = log.read_page(session, before=None, limit=10**9).lines
    return {line.case_id: line.details["to"] for line in reversed(lines) if line.case_id is not None and "to" in line.details}


def _check_written(session: Session, cases: Sequence[CaseRow]) -> None:
    """Every case has what its state says was written, once, and nothing that it does not."""
    views = Counter(session.scalars(select(OwnViewRow.case_id)))
    decisions = Counter(session.scalars(select(DecisionRow.case_id)))
    objected = set(session.scalars(select(RestrictionRow.case_id)))
    for case in cases:
        stopped = case.state == CaseState.STOPPED.value
        assert stopped == (case.id in objected)
        before = case.state in {state.value for state in BEFORE_THE_PROPOSAL}
        assert views[case.id] == int(not before and not stopped)
        assert decisions[case.id] == int(case.state in (CaseState.NO_NEED.value, CaseState.CLOSED.value))
        assert (case.sealed_need is not None) == (case.state not in (CaseState.NEW.value, CaseState.ASSIGNED.value))


def kill_while_working(service: Service, *, rng: random.Random) -> int:
    """Let four people work until the server is killed, at any moment after some answers; give how many they had got."""
    service.add_people(4)
    cases = service.add_cases(40)
    with served(service.root, service.environ) as (process, address):
        stop = Event()
        people = [Reviewer.log_in(address, login, PASSWORD, stop) for login in service.logins]
        shares = [cases[n::4] for n in range(4)]
        after, moment = rng.randrange(1, 60), rng.uniform(0, 0.1)
        killing = Thread(target=lambda: _kill_after(process, people, n_answers=after, moment=moment))
        killing.start()
        with ThreadPoolExecutor(4) as pool:
            picks = [rng.randrange(4) for _ in people]
            running = [
                pool.submit(working(person, share, objects=lambda n, pick=pick: n % 4 == pick))  # type: ignore[misc]
                for person, share, pick in zip(people, shares, picks, strict=True)
            ]
            done = sum(one.result() for one in running)
        killing.join()
    return done


def _kill_after(process: subprocess.Popen[bytes], people: list[Reviewer], *, n_answers: int, moment: float) -> None:
    """Kill the server a moment after so many answers: by the clock alone a busy machine would be killed before it had begun."""
    until = time.monotonic() + 120
    while sum(one.n_done for one in people) < n_answers and time.monotonic() < until:
        time.sleep(0.005)
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)


def check_kills(service: Service, *, kills: int, seed: int) -> None:
    rng, answers = random.Random(seed), 0
    for _ in range(kills):
        answers += kill_while_working(service, rng=rng)
        states = check_whole(service)
    assert answers, "no kill hit a server at work: the test measures nothing"
    assert len(states) > 2
    with served(service.root, service.environ) as (_, address):  # and it goes on from where it was killed
        service.add_people(4)
        again = Reviewer.log_in(address, service.logins[0], PASSWORD, Event())
        assert working(again, service.add_cases(1))() == 7
    check_whole(service)


@pytest.mark.requirement("R-27")
def test_a_few_kills_of_the_server(tmp_path: Path) -> None:
    with service_on(tiny_project(tmp_path / "project"), None) as service:  # on PostgreSQL too in the proof
        check_kills(service, kills=2, seed=1)


@pytest.mark.proof
def test_two_hundred_kills_of_the_server(tmp_path: Path, url: str | None) -> None:
    with service_on(tiny_project(tmp_path / "project"), url) as service:
        check_kills(service, kills=100, seed=2)


SCREEN = [sys.executable, "-m", "tidlig", "screen", "--as-of", f"{AS_OF:%Y-%m-%d}", "--json", "--project"]


def run_screening(service: Service, *, kill_after: float | None = None) -> float:
    """Screen to the end, or kill it on the way; give how long it ran."""
    began = time.monotonic()
    with subprocess.Popen(
        [*SCREEN, str(service.root)], env={**os.environ, **KEYS, **service.environ}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as running:
        if kill_after is not None:
            time.sleep(kill_after)
            running.send_signal(signal.SIGKILL)
        _, said = running.communicate(timeout=300)
    assert kill_after is not None or running.returncode == 0, said.decode()
    return time.monotonic() - began


def check_killed_screenings(root: Path, urls: Iterator[str | None], *, kills: int, seed: int) -> None:
    rng = random.Random(seed)
    with service_on(root, next(urls)) as service:
        took = run_screening(service)
    seen: Counter[int] = Counter()
    while seen.total() < kills or (not seen[0] and seen.total() < kills + 5):  # on a busy machine the first one may have taken long
        with service_on(root, next(urls)) as service:
            run_screening(service, kill_after=rng.uniform(0.5, 1.05) * took)
            seen[_check_all_or_nothing(service)] += 1
            run_screening(service)
            assert _check_all_or_nothing(service) == 5
            run_screening(service)
            assert _check_all_or_nothing(service) == 5
    assert seen[0], "no kill hit a screening before its end: the test measures nothing"


def _check_all_or_nothing(service: Service) -> int:
    """Hold that a screening is there whole or not at all, and give how many cases there are."""
    check_whole(service)
    with service.database.reading() as session:
        n_cases = session.scalar(select(func.count()).select_from(CaseRow)) or 0
        n_screenings = session.scalar(select(func.count()).select_from(ScreeningRow)) or 0
        actions = Counter(line.action for line in log.read_page(session, before=None, limit=1000).lines)
    assert (n_cases, n_screenings) in ((0, 0), (5, 1)), "half a screening is visible"
    assert (actions["case.proposed"], actions["screening.done"]) == (n_cases, n_screenings)
    return n_cases


def fresh_databases(url: str | None, root: Path, request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Give an empty database each time: on SQLite by taking the file away."""
    while True:
        for path in (root / "var").glob("tidlig.db*"):
            path.unlink()
        yield None if url is None else new_database(request.getfixturevalue("postgres_url"))


def test_a_killed_screening(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    root = screenable_project(tmp_path / "project").root
    check_killed_screenings(root, fresh_databases(None, root, request), kills=1, seed=3)


@pytest.mark.proof
def test_a_hundred_killed_screenings(tmp_path: Path, url: str | None, request: pytest.FixtureRequest) -> None:
    root = screenable_project(tmp_path / "project").root
    check_killed_screenings(root, fresh_databases(url, root, request), kills=50, seed=4)


def check_soak(service: Service, *, people: int, seconds: float) -> None:
    """Let people work beside one another for a while; any answer but the expected one fails."""
    service.add_people(people)
    cases = service.add_cases(people * (10 + int(seconds * 2)))
    with served(service.root, service.environ) as (process, address):
        stop = Event()
        reviewers = [Reviewer.log_in(address, login, PASSWORD, stop) for login in service.logins]
        ending = Timer(seconds, stop.set)
        ending.start()
        with ThreadPoolExecutor(people) as pool:
            running = [pool.submit(working(one, cases[n::people])) for n, one in enumerate(reviewers)]
            done = [one.result() for one in running]
        ending.join()
        assert process.poll() is None
    assert min(done) >= 7, "somebody did not get a case to its end"
    states = check_whole(service)
    assert states[CaseState.CLOSED.value] > 0
    print(f"{people} people, {seconds:g} s: {sum(done)} answers, {states[CaseState.CLOSED.value]} cases from beginning to end")  # noqa: T201


def test_eight_people_for_a_few_seconds(tmp_path: Path, postgres_url: str) -> None:
    with service_on(tiny_project(tmp_path / "project"), new_database(postgres_url)) as service:  # on SQLite too in the proof
        check_soak(service, people=8, seconds=2)


@pytest.mark.proof
def test_thirty_two_people_for_two_minutes(tmp_path: Path, url: str | None) -> None:
    with service_on(tiny_project(tmp_path / "project"), url) as service:
        check_soak(service, people=32, seconds=120)
