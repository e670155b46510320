"""The service with an identity provider, both over real HTTP, and people at browsers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from features.declarations.project import load_project
from serving.app import create_app
from serving.settings import Settings
from tests.support.http_server import served
from tests.support.oidc_provider import CLIENT, MACHINE_AUDIENCE, SECRET, OidcProvider
from tests.support.projects import tiny_project
from tests.support.review import Clock, Review

ACCESS = """
[[grant]]
when = { groups = "coordinators" }
role = "koordinator"
municipality = "9901"

[[grant]]
when = { groups = "leaders" }
role = "leder"
municipality = "9901"

[[grant]]
when = { groups = "readers" }
role = "andreleser"
municipality = "9901"

[[grant]]
when = { groups = ["officers", "lawyers"] }
role = "personvernombud"
"""


@dataclass
class Town:
    """A service whose people log in through a provider."""

    review: Review
    provider: OidcProvider
    address: str

    def browser(self) -> httpx.Client:
        """Sit somebody down at a browser that goes where it is sent."""
        return httpx.Client(base_url=self.address, follow_redirects=True, timeout=60)  # a busy machine is no refusal

    def log_in(self, browser: httpx.Client, **person: Any) -> httpx.Response:
        """Log somebody in; without claims whoever the provider has."""
        if person:
            self.provider.person = {"acr": "high", **person}
        return browser.get("/login/oidc", params={"next": "/api/v1/session"})


@contextmanager
def town(
    folder: Path,
    provider: OidcProvider,
    clock: Clock,
    *,
    url: str | None = None,
    access: str = ACCESS,
    certificate: Path | None = None,
    **settings: Any,
) -> Iterator[Town]:
    """Start the service over HTTP, set up for this provider."""
    root = tiny_project(folder)
    (root / "access.toml").write_text(access, encoding="utf-8")
    project = load_project(root)
    made: list[Review] = []

    def build(address: str) -> FastAPI:
        chosen = Settings(
            **{
                "database_url": None if url is None else SecretStr(url),
                "public_url": address,
                "oidc_issuer": provider.issuer,
                "oidc_client_id": CLIENT,
                "oidc_client_secret": SecretStr(SECRET),
                "oidc_acr_values": "high",
                "machine_issuer": provider.issuer,
                "machine_audience": MACHINE_AUDIENCE,
                **settings,
            }
        )
        app = create_app(chosen, project, clock=clock, with_console=True)
        provider.redirect_uris.add(f"{address}/login/oidc/callback")
        made.append(Review(app, project, chosen, clock, app.state.database, app.state.person_keys))
        return app

    with served(build, certificate=certificate) as address:
        try:
            yield Town(made[0], provider, address)
        finally:
            made[0].app.state.http.close()
            made[0].database.close()
