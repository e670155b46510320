"""The service as it stands in production: TLS, a provider, no passwords."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.certificates import write_certificate
from tests.support.oidc_provider import oidc_provider
from tests.support.provider_login import Town, town
from tests.support.review import Clock


@pytest.fixture
def production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """Give a service in production beside its provider, both over TLS."""
    certificate, clock, key = write_certificate(tmp_path / "here.pem"), Clock(), tmp_path / "persons.key"
    key.write_text("ab" * 32)
    key.chmod(0o600)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with (
        oidc_provider(clock, certificate=certificate) as provider,
        town(tmp_path / "project", provider, clock, certificate=certificate, env="prod", person_key_file=key) as running,
    ):
        yield running


@pytest.mark.requirement("R-29")
@pytest.mark.requirement("R-40")
def test_in_production_people_come_through_the_provider_over_tls_and_in_no_other_way(production: Town, tmp_path: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(tmp_path / "here.pem"))
    with httpx.Client(base_url=production.address, verify=trusting, follow_redirects=True) as browser:
        login = browser.get("/login")
        by_form = browser.post("/api/v1/session", json={"login": "koordinator-9901", "password": "demo-koordinator"})
        answer = production.log_in(browser, sub="kari", groups=["coordinators"])

        assert 'type="password"' not in login.text
        assert 'href="/login/oidc' in login.text
        assert (by_form.status_code, by_form.json()["code"]) == (403, "TID734")
        assert answer.json()["data"]["role"] == "koordinator"
        assert set(browser.cookies) == {"__Host-tidlig_session", "tidlig_login_form"}
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
        sent = [header for step in answer.history for header in step.headers.get_list("set-cookie")]
        assert all("Secure" in cookie and "HttpOnly" in cookie and "Path=/" in cookie and "Domain" not in cookie for cookie in sent)
        assert any(cookie.startswith("__Host-tidlig_login_state=") for cookie in sent)
