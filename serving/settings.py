"""What an operator sets, from environment variables with the prefix ``TIDLIG_``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from features.declarations.project import Project


class Settings(BaseSettings):
    """Settings of the service. Secrets hide themselves when printed.

    Examples
    --------
    >>> "hemmelig" in repr(Settings(database_url="postgresql+psycopg://u:hemmelig@db/tidlig"))
    False
    """

    model_config = SettingsConfigDict(env_prefix="TIDLIG_", frozen=True, extra="ignore")

    env: Literal["demo", "prod"] = "demo"
    """In ``prod`` demo accounts are refused and cookies travel over TLS only."""
    database_url: SecretStr | None = None
    """SQLAlchemy URL; None is SQLite in the project's ``var/tidlig.db``."""
    person_key_file: Path | None = None
    """File with the 32-byte key (64 hex digits) that wraps every person's own key; None is ``var/keys/persons.key``, made on first start
    outside ``prod`` and without real people's data. Without it nothing personal in the database can be read."""
    session_minutes: int = Field(default=30, ge=1, le=480)
    """A session that is not used for this long ends."""
    session_hours: int = Field(default=10, ge=1, le=24)
    """A session ends after this long however much it is used."""
    login_attempts: int = Field(default=5, ge=1)
    """Failed logins per account and per address before further ones wait."""
    login_wait_minutes: int = Field(default=5, ge=1)

    def url_for(self, project: Project) -> str:
        """Give the database URL: the one that is set, or SQLite in the project's ``var/``."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{project.var / 'tidlig.db'}"

    def person_key_file_for(self, project: Project) -> Path:
        """Give the path of the key that wraps the person keys."""
        return self.person_key_file or project.var / "keys" / "persons.key"
