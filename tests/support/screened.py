"""The review service on a project that was really ingested, trained and screened: whole persons, with records, scores and cases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import select

from serving.app import create_app
from serving.screening.run import screen
from serving.settings import Settings
from serving.storage.tables import CaseRow
from tests.support.databases import put_database
from tests.support.review import Clock, Review
from tests.support.screenable import AS_OF, screenable_project


@contextmanager
def screened_service(folder: Path, *, url: str | None = None) -> Iterator[Review]:
    """Start the service on the tiny project after one screening: three cases in 9901, two in 9902."""
    project = screenable_project(folder)
    settings = Settings(database_url=None if url is None else SecretStr(url), env="demo")
    clock = Clock()
    if url is None:
        put_database(project)
    app = create_app(settings, project, clock=clock, with_console=False)
    database, keys = app.state.database, app.state.person_keys
    try:
        screen(project, database, keys, as_of=AS_OF, now=clock())
        yield Review(app, project, settings, clock, database, keys)
    finally:
        database.close()


def cases_in(review: Review, municipality: str) -> list[CaseRow]:
    """Read a municipality's cases, in the order of their references."""
    with review.database.reading() as session:
        return list(session.scalars(select(CaseRow).where(CaseRow.municipality == municipality).order_by(CaseRow.reference)))
