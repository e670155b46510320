"""Puts the identity provider into an app: what it is set up to be, and its routes where there is one."""

from __future__ import annotations

import ssl

import httpx
from fastapi import FastAPI

from features.declarations.project import Project
from serving.oidc.citizen_routes import router as citizen_router
from serving.oidc.provider import TIMEOUT_SECONDS, build_citizen_provider, build_machines, build_provider
from serving.oidc.routes import router
from serving.settings import Settings


def install(app: FastAPI, settings: Settings, project: Project) -> None:
    """Set up login by identity provider and tokens of machine clients; each only where the settings name an issuer.

    Nobody is asked yet: a provider that is down does not keep the service from starting.

    Raises
    ------
    ProjectError
        TID738 when the settings do not fit together, or none is set in production (R-29).
    """
    app.state.http = http = httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False, verify=_trust(settings))
    app.state.provider = build_provider(settings, project, http)
    app.state.citizen_provider = build_citizen_provider(settings, project, http)
    app.state.machines = build_machines(settings, http)
    if app.state.provider is not None:
        app.include_router(router)
    if app.state.citizen_provider is not None:
        app.include_router(citizen_router)


def _trust(settings: Settings) -> ssl.SSLContext | bool:
    """Trust whom the machine trusts; nobody at all where no issuer is named, since reading all those certificates takes a while."""
    is_asked = any(issuer is not None for issuer in (settings.oidc_issuer, settings.citizen_issuer, settings.machine_issuer))
    return is_asked or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
