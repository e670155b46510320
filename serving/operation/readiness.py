"""Whether the service can work, part by part: the database with this version's schema, the models that serve, the key of persons' keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from features.errors import ReviewError, ScreeningError
from serving.person_keys import PersonKeys
from serving.scoring.deployed import DeployedModels
from serving.storage.database import Database
from serving.storage.migrate import check_schema
from serving.storage.tables import PersonKeyRow


@dataclass(frozen=True)
class Readiness:
    """Parts that work, by name, with what was found."""

    database: str
    models: str
    keys: str


def check_ready(database: Database, models: DeployedModels, keys: PersonKeys) -> Readiness:
    """Look at every part.

    Raises
    ------
    ReviewError
        TID748 naming the parts that can't work, and the code of why; no path, address or key is in it.
    """
    parts: dict[str, Callable[[], str]] = {
        "database": lambda: _database(database),
        "models": lambda: f"{models.check_all()} serve",
        "keys": lambda: _keys(database, keys),
    }
    found: dict[str, str] = {}
    failed: list[str] = []
    for name, look in parts.items():
        try:
            found[name] = look()
        except ScreeningError as error:
            failed.append(f"{name} ({error.code})")
        except SQLAlchemyError:
            failed.append(f"{name} (the database does not answer)")
    if failed:
        raise ReviewError("TID748", f"not ready: {', '.join(failed)}. docs/reference/errors.md says what a code means.")
    return Readiness(**found)


def _database(database: Database) -> str:
    check_schema(database)
    return "of this version"


def _keys(database: Database, keys: PersonKeys) -> str:
    """Open the newest person's key, if there is one: a service key that is another one would open none."""
    with database.reading() as session:
        newest = select(PersonKeyRow.subject_id).where(PersonKeyRow.wrapped.is_not(None)).order_by(PersonKeyRow.made_at.desc()).limit(1)
        subject = session.scalar(newest)
        if subject is None:
            return "none made yet"
        keys.find(session, subject)
    return "open"
