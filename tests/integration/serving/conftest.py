"""The service on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from tests.support.databases import lent_url
from tests.support.review import Caller, Review, review_service
from tests.support.screened import screened_service


@pytest.fixture(autouse=True, scope="session")
def _one_loop() -> Iterator[None]:
    """Answer everybody's calls from one event loop."""
    with start_blocking_portal() as Caller.portal:
        yield
    Caller.portal = None


@pytest.fixture(params=["sqlite", "postgresql"])
def review(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Review]:
    """Give a running service with demo accounts and no cases."""
    with lent_url(request) as url, review_service(tmp_path / "project", url=url) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def screened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Review]:
    """Give a running service on a project that was ingested, trained and screened."""
    with lent_url(request) as url, screened_service(tmp_path / "project", url=url) as running:
        yield running
