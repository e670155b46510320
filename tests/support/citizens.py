"""A service that young people and guardians log in to through a real provider: with an identity vault and an extract of a register."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from features.declarations.citizens import Citizens
from features.declarations.project import Project, load_project
from features.intake.load import ingest
from features.keys import read_keys
from features.progress import Silent
from features.store import open_store
from serving.app import create_app
from serving.identities.recognising import recognise
from serving.identities.revealing import fill_vault
from serving.identities.vault import IdentityVault
from serving.screening.run import screen
from serving.settings import Settings
from tests.support.databases import put_database
from tests.support.http_server import served
from tests.support.oidc_provider import CLIENT, SECRET, OidcProvider
from tests.support.projects import KEYS, NOW
from tests.support.review import Clock, Review
from tests.support.screenable import AS_OF, screenable_project

ACR = "idporten-loa-high"
OLD_ENOUGH = Citizens(alone_from=15, guardians_until=18, guardians="guardians.csv")


@dataclass
class Village:
    """The service, its provider, and browsers."""

    review: Review
    provider: OidcProvider
    address: str

    @property
    def vault(self) -> IdentityVault:
        """Give the vault that the service runs with."""
        found: IdentityVault = self.review.app.state.identities
        return found

    def browser(self) -> httpx.Client:
        """Sit somebody down at a browser that goes where it is sent."""
        return httpx.Client(base_url=self.address, follow_redirects=True, headers={"Accept-Language": "nb"}, timeout=60)

    def log_in(self, browser: httpx.Client, pid: str | None, /, *, to: str = "/my-page", **claims: Any) -> httpx.Response:
        """Log somebody in with ID-porten; without an identifier it says none."""
        known = {} if pid is None else {"pid": pid}
        self.provider.person = {"sub": f"sub-of-{hash(pid) % 10_000}", "acr": ACR, **known, **claims}
        return browser.get("/login/citizen", params={"next": to})

    def subject(self, raw: str) -> str:
        """Give the subject id of somebody."""
        found = recognise(self.vault, raw)
        assert found is not None
        return found

    def fill(self, pairs: Sequence[tuple[str, str, str]] = ()) -> None:
        """Write the register's extract and fill the vault anew."""
        lines = ["child,guardian,valid_to", *(",".join(pair) for pair in pairs)]
        (self.review.project.root / "guardians.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        keys = read_keys(self.review.project, environ=KEYS)
        with self.review.database.transaction() as session:
            fill_vault(session, self.review.project, self.vault, pseudonym_keys=keys, environ=KEYS, now=self.review.clock())

    def grade(self, raw: str, protection: str) -> None:
        """Give somebody a protected address in the register, and ingest anew."""
        path = self.review.project.root / "data" / "persons.csv"
        lines = path.read_text(encoding="utf-8").splitlines()
        graded = [f"{lines[0]},address_protection", *(f"{line},{protection if line.startswith(raw) else ''}" for line in lines[1:])]
        path.write_text("\n".join(graded) + "\n", encoding="utf-8")
        project = load_project(self.review.project.root)
        ingest(project, keys=read_keys(project, environ=KEYS), environ=KEYS, now=NOW, progress=Silent())

    def send(self, browser: httpx.Client, page: str, action: str) -> httpx.Response:
        """Send the form of a page with this action, its hidden fields included."""
        form = re.search(rf'<form method="post" action="{action}".*?</form>', page, re.S)
        assert form is not None, f"no form that leads to {action}"
        return browser.post(action, data=dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[0])))


def ages(project: Project) -> dict[str, Any]:
    """Give the birth day of every subject."""
    people = open_store(project, "score").subjects()
    return dict(zip(people["subject_id"], people["born_on"], strict=True))


@contextmanager
def village(
    folder: Path, provider: OidcProvider, *, url: str | None = None, vault_url: str | None = None, has_vault: bool = True, **declared: Any
) -> Iterator[Village]:
    """Start the service over HTTP after one screening, with a filled vault."""
    made: list[Review] = []
    clock = provider.clock
    assert isinstance(clock, Clock)
    project = screenable_project(folder / "project")
    citizens = OLD_ENOUGH.model_copy(update=declared)
    project = replace(project, screening=project.screening.model_copy(update={"citizens": citizens}))
    key_file = folder / "vault.key"
    key_file.write_text("ab" * 32, encoding="ascii")
    stores = (
        {"identity_url": SecretStr(vault_url or f"sqlite:///{folder / 'vault.db'}"), "identity_key_file": key_file} if has_vault else {}
    )
    if url is None:
        put_database(project)

    def build(address: str) -> FastAPI:
        settings = Settings(
            **{
                "database_url": None if url is None else SecretStr(url),
                "public_url": address,
                "citizen_issuer": provider.issuer,
                "citizen_client_id": CLIENT,
                "citizen_client_secret": SecretStr(SECRET),
                **stores,
            }
        )
        app = create_app(settings, project, clock=clock, with_console=True)
        provider.redirect_uris.add(f"{address}/login/citizen/callback")
        made.append(Review(app, project, settings, clock, app.state.database, app.state.person_keys))
        return app

    with served(build) as address:
        running = Village(made[0], provider, address)
        try:
            screen(project, running.review.database, running.review.keys, as_of=AS_OF, now=clock())
            if has_vault:
                running.fill()
            yield running
        finally:
            running.review.app.state.http.close()
            running.review.database.close()
            if has_vault:
                running.vault.engine.dispose()
