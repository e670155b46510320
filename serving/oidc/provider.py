"""The identity provider as this service is set up to use it: built once from settings and `access.toml`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from features.declarations.project import Project
from features.errors import ProjectError
from serving.access.tokens.issuer import Issuer
from serving.access.tokens.machines import MachineTokens
from serving.oidc.mapping import PRESETS, AccessFile, Preset, read_access
from serving.settings import Settings

CALLBACK = "/login/oidc/callback"
CITIZEN_CALLBACK = "/login/citizen/callback"
CITIZEN_MARK = "citizen."
"""Before a citizen's name at the provider: who works here and logs in for their own child has two accounts, which never become one."""
AFTER_LOGOUT = "/login"
TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True)
class Provider:
    """An identity provider and what this service is to it."""

    issuer: Issuer
    client_id: str
    client_secret: str | RSAKey | None
    public_url: str
    scopes: str
    acr_values: tuple[str, ...]
    access: AccessFile
    preset: Preset
    callback: str = CALLBACK
    mark: str = ""
    """Stands before who somebody is in the accounts, and in the name of the state's cookie."""

    @property
    def redirect_uri(self) -> str:
        """Where people come back to: exactly what is registered with the provider."""
        return self.public_url + self.callback

    @property
    def within(self) -> str | None:
        """The list in the token whose objects grants are held against."""
        return self.access.within or self.preset.within

    @property
    def accepted_acr(self) -> frozenset[str]:
        """What the provider may say of how sure it is; empty accepts whatever it says."""
        return frozenset(self.acr_values).union(*(self.preset.at_least.get(value, ()) for value in self.acr_values))

    def client(self) -> OAuth2Client:
        """Give Authlib's client, which builds requests; they are sent over the issuer's HTTP client."""
        is_key = isinstance(self.client_secret, RSAKey)
        found = OAuth2Client(
            session=None,
            client_id=self.client_id,
            client_secret=self.client_secret,
            token_endpoint_auth_method="private_key_jwt" if is_key else None,
            scope=self.scopes,
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256",
        )
        if is_key:
            found.register_client_auth_method(PrivateKeyJWT(headers=_key_header(self.client_secret)))
        return found


def build_provider(settings: Settings, project: Project, http: httpx.Client) -> Provider | None:
    """Build the identity provider; None where none is set.

    Raises
    ------
    ProjectError
        TID738 when the settings do not fit together, or none is set in production (R-29).
    """
    if settings.oidc_issuer is None:
        if settings.env == "prod":
            raise _unfit("in production people log in through an identity provider only. Set TIDLIG_OIDC_ISSUER.")
        return None
    preset = PRESETS[settings.oidc_preset]
    return Provider(
        issuer=_issuer(settings.oidc_issuer, settings, http),
        client_id=_required(settings.oidc_client_id, "TIDLIG_OIDC_CLIENT_ID"),
        client_secret=_key_or_secret(settings.oidc_private_key_file, settings.oidc_client_secret),
        public_url=_public_url(settings),
        scopes=_scopes(settings.oidc_scopes, "TIDLIG_OIDC_SCOPES"),
        acr_values=tuple(settings.oidc_acr_values.split()) or preset.acr_values,
        access=read_access(project),
        preset=preset,
    )


def build_citizen_provider(settings: Settings, project: Project, http: httpx.Client) -> Provider | None:
    """Build what young people and guardians log in with; None where none is set.

    Raises
    ------
    ProjectError
        TID738 when the settings do not fit together, or ask for less than the highest assurance.
    """
    if settings.citizen_issuer is None:
        return None
    acr_values = tuple(settings.citizen_acr_values.split())
    if not acr_values:
        raise _unfit("TIDLIG_CITIZEN_ACR_VALUES is empty: somebody's own report is shown to who is surely them.")
    return Provider(
        issuer=_issuer(settings.citizen_issuer, settings, http),
        client_id=_required(settings.citizen_client_id, "TIDLIG_CITIZEN_CLIENT_ID"),
        client_secret=_key_or_secret(settings.citizen_private_key_file, settings.citizen_client_secret),
        public_url=_public_url(settings),
        scopes=_scopes(settings.citizen_scopes, "TIDLIG_CITIZEN_SCOPES"),
        acr_values=acr_values,
        access=AccessFile(name=None),
        preset=PRESETS[None],
        callback=CITIZEN_CALLBACK,
        mark=CITIZEN_MARK,
    )


def build_machines(settings: Settings, http: httpx.Client) -> MachineTokens | None:
    """Build what machine clients' tokens are checked against; None where no issuer of them is set.

    Raises
    ------
    ProjectError
        TID738 when the audience is missing, or the same as the login's, whose tokens would then pass.
    """
    if settings.machine_issuer is None:
        return None
    audience = _required(settings.machine_audience, "TIDLIG_MACHINE_AUDIENCE")
    if audience == settings.oidc_client_id:
        raise _unfit("TIDLIG_MACHINE_AUDIENCE is the client id of the login. Give machines an audience of their own.")
    issuer = _issuer(settings.machine_issuer, settings, http)
    return MachineTokens(issuer, audience, settings.machine_scope, settings.machine_client_claim)


def _issuer(name: str, settings: Settings, http: httpx.Client) -> Issuer:
    parts = urlsplit(name)
    if parts.scheme not in ("https", "http") or not parts.netloc or parts.query or parts.fragment:
        raise _unfit("an issuer is an https address without query or fragment. Copy it from the provider's discovery document.")
    if parts.scheme == "http" and settings.env == "prod":
        raise _unfit("an issuer in production is an https address.")
    return Issuer(name, http, loopback_allowed=settings.env != "prod")


def _public_url(settings: Settings) -> str:
    url = _required(settings.public_url, "TIDLIG_PUBLIC_URL").rstrip("/")
    parts = urlsplit(url)
    if not parts.netloc or parts.path or parts.query or parts.scheme not in ("https", "http"):
        raise _unfit("TIDLIG_PUBLIC_URL is scheme and host alone, such as https://tidlig.kommune.example.")
    if parts.scheme == "http" and settings.env == "prod":
        raise _unfit("TIDLIG_PUBLIC_URL in production is an https address.")
    return url


def _scopes(scopes: str, variable: str) -> str:
    if "openid" not in scopes.split():
        raise _unfit(f"{variable} lacks openid, without which no provider says who somebody is.")
    return scopes


def _key_or_secret(key_file: Path | None, secret: SecretStr | None) -> str | RSAKey | None:
    if key_file is not None:
        return _read_key(key_file)
    return None if secret is None else secret.get_secret_value()


def _read_key(path: Path) -> RSAKey:
    try:
        key = RSAKey.import_key(_parsed(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, ValueError, KeyError, JoseError) as error:
        raise _unfit(f"{path} holds no RSA key as PEM or JWK.") from error
    if not key.is_private:
        raise _unfit(f"{path} holds a public key; the private one is needed.")
    return key


def _parsed(text: str) -> str | dict[str, str | list[str]]:
    if text.lstrip().startswith("{"):
        found: dict[str, str | list[str]] = json.loads(text)
        return found
    return text


def _key_header(key: object) -> dict[str, str]:
    """Name the key, so that the provider finds it among those that were registered with it."""
    return {"kid": key.kid} if isinstance(key, RSAKey) and key.kid is not None else {}


def _required(value: str | None, name: str) -> str:
    if not value:
        raise _unfit(f"{name} is not set.")
    return value


def _unfit(why: str) -> ProjectError:
    return ProjectError("TID738", f"the identity provider is not set up: {why} See docs/access.md.")
