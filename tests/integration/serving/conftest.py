"""The service on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import new_service_database
from tests.support.postgres import postgres_server
from tests.support.review import Review, review_service
from tests.support.screened import screened_service


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Give a real PostgreSQL, started once for all tests."""
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def review(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Review]:
    """Give a running service with demo accounts and no cases."""
    url = new_service_database(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else None
    with review_service(tmp_path / "project", url=url) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def screened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Review]:
    """Give a running service on a project that was ingested, trained and screened."""
    url = new_service_database(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else None
    with screened_service(tmp_path / "project", url=url) as running:
        yield running
