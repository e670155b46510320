"""Databases with the service's schema in them already, copied from one that was made by the migrations."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import make_url

from features.declarations.project import Project
from serving.storage.database import open_database
from serving.storage.migrate import upgrade
from tests.support.postgres import new_database


def put_database(project: Project) -> None:
    """Put a database without rows where the project has its SQLite file."""
    project.var.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_sqlite(), project.var / "tidlig.db")


def new_service_database(server_url: str) -> str:
    """Create a database without rows on a PostgreSQL server and give its URL."""
    return new_database(server_url, template=make_url(_postgres(server_url)).database)


@cache
def _sqlite() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tidlig-schema-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _upgrade(f"sqlite:///{folder / 'tidlig.db'}")
    return folder / "tidlig.db"


@cache
def _postgres(server_url: str) -> str:
    url = new_database(server_url)
    _upgrade(url)
    return url


def _upgrade(url: str) -> None:
    database = open_database(url)
    upgrade(database)
    database.close()
