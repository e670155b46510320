"""A real PostgreSQL for functional tests of the service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.postgres import postgres_server


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Give a real PostgreSQL, started once for all tests."""
    with postgres_server() as url:
        yield url
