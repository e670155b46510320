"""What an operator sets, from environment variables with the prefix ``TIDLIG_``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, HttpUrl, SecretStr
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
    """In ``prod`` people log in through an identity provider only, demo accounts are refused and cookies travel over TLS only (R-29)."""
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
    public_url: str | None = None
    """Where people reach the service, such as ``https://tidlig.kommune.example``; what the identity provider sends them back to."""
    oidc_issuer: str | None = None
    """The identity provider, exactly as its own documents name it. None: people log in with a password, which ``prod`` refuses."""
    oidc_preset: Literal["ansattporten", "id-porten", "entra-id"] | None = None
    """How this kind of provider says who somebody is and how sure it is; `serving.oidc.mapping` holds what each means."""
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_private_key_file: Path | None = None
    """File with the private key (PEM or JWK, RSA) that proves who the service is, where the provider wants no shared secret."""
    oidc_scopes: str = "openid profile"
    oidc_acr_values: str = ""
    """How sure the provider has to be of who somebody is, with blanks between; empty is what the preset asks for."""
    citizen_issuer: str | None = None
    """ID-porten, exactly as its own documents name it: what young people and guardians log in with. None: they do not log in here."""
    citizen_client_id: str | None = None
    citizen_client_secret: SecretStr | None = None
    citizen_private_key_file: Path | None = None
    citizen_scopes: str = "openid profile"
    citizen_acr_values: str = "idporten-loa-high"
    """How sure the provider has to be of who a citizen is, with blanks between; never nothing."""
    citizen_identifier_claim: str = "pid"
    """The claim with the identifier that the identity vault turns into a subject id; it is kept nowhere."""
    machine_issuer: str | None = None
    """Who issues the tokens of machine clients, such as Maskinporten. None: no machine gets in."""
    machine_audience: str | None = None
    """What those tokens have to be made out to; never the client id of the login."""
    machine_scope: str = "tidlig:score"
    """The scope that they have to carry."""
    machine_client_claim: str = "client_id"
    """The claim that says which client it is."""
    alarm_cases_hour: int = Field(default=15, ge=1)
    """An account that reads more different cases than this within an hour raises an alarm (R-28)."""
    alarm_cases_day: int = Field(default=40, ge=1)
    """The same within a day."""
    alarm_probes_hour: int = Field(default=10, ge=1)
    """An account that asks for more different things that are not there for it within an hour raises an alarm."""

    calls_per_minute: int = Field(default=600, ge=1)
    """Calls of the API by one account and minute; each process counts for itself."""
    calls_per_minute_address: int = Field(default=3000, ge=1)
    """The same from one address, behind which there may be a whole town hall."""
    score_calls_per_minute: int = Field(default=120, ge=1)
    """Calls that score histories, by one machine client and minute; each may hold 200."""
    metrics_token: SecretStr | None = None
    """Bearer token for ``/metrics``. None: only a caller on this very machine, with no proxy between, may read them."""

    mlflow_url: HttpUrl | None = None
    """Where people reach MLflow's pages, such as ``https://mlflow.kommune.example``; None: the console links to no run."""

    anchor_folder: Path | None = None
    """Folder outside the database where each day's anchor of both ledgers goes; None keeps none, and a log cut off does not show."""
    identity_url: SecretStr | None = None
    """SQLAlchemy URL of the identity vault, a store of its own; None where there is no vault."""
    identity_key_file: Path | None = None
    """File with the vault's own 32-byte key (64 hex digits), which is not the key of the persons' keys."""

    def mlflow_page(self, name: str, version: str) -> str | None:
        """Give the address of a version's page in MLflow; None where nobody said where MLflow is.

        Examples
        --------
        >>> Settings(mlflow_url="https://mlflow.example/").mlflow_page("a-model", "2")
        'https://mlflow.example/#/models/a-model/versions/2'
        """
        return None if self.mlflow_url is None else f"{str(self.mlflow_url).rstrip('/')}/#/models/{name}/versions/{version}"

    def url_for(self, project: Project) -> str:
        """Give the database URL: the one that is set, or SQLite in the project's ``var/``."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{project.var / 'tidlig.db'}"

    def person_key_file_for(self, project: Project) -> Path:
        """Give the path of the key that wraps the person keys."""
        return self.person_key_file or project.var / "keys" / "persons.key"
