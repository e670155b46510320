"""Bearer tokens of machine clients: the right one, and every way to get it wrong on purpose."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from features.declarations.project import load_project
from features.errors import ProjectError, ReviewError
from serving.access.accounts import Account
from serving.access.permissions import MATRIX, Action
from serving.access.tokens.machines import MachineTokens
from serving.oidc.provider import build_machines, build_provider
from serving.roles import Role
from serving.settings import Settings
from tests.support.oidc_provider import CLIENT, MACHINE_AUDIENCE, SECRET, OidcProvider, key, oidc_provider
from tests.support.projects import tiny_project
from tests.support.provider_login import town
from tests.support.review import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(clock: Clock) -> Iterator[OidcProvider]:
    with oidc_provider(clock) as running:
        yield running


@pytest.fixture
def tokens(provider: OidcProvider) -> Iterator[MachineTokens]:
    """Give what the service checks tokens with."""
    with httpx.Client() as http:
        built = build_machines(Settings(machine_issuer=provider.issuer, machine_audience=MACHINE_AUDIENCE), http)
        assert built is not None
        yield built


def code_of(tokens: MachineTokens, token: str, clock: Clock) -> str:
    with pytest.raises(ReviewError) as refused:
        tokens.read(token, now=clock())
    return refused.value.code


def test_a_token_that_stands_says_which_client_calls(tokens: MachineTokens, provider: OidcProvider, clock: Clock) -> None:
    first = tokens.read(provider.access_token(), now=clock())
    again = tokens.read(provider.access_token(scope="other tidlig:score", aud=["x", MACHINE_AUDIENCE]), now=clock())
    other = tokens.read(provider.access_token(client_id="system-8", header={"typ": "at+jwt"}), now=clock())

    assert first == again == Account(first.id, "system-7", Role.MACHINE, None, False, issuer=provider.issuer)
    assert other.id != first.id
    assert len(first.id) == 32


def _forged(header: dict[str, str], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """Put a token together by hand: a library that knows better makes no such thing."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signature = base64.urlsafe_b64encode(sign(b".".join(parts))).rstrip(b"=")
    return b".".join((*parts, signature)).decode()


def _hs256_with_the_public_key(provider: OidcProvider) -> str:
    public = key(1).as_pem(private=False)
    return _forged({"alg": "HS256", "kid": "key-1"}, _claims(provider), lambda text: hmac.digest(public, text, "sha256"))


def _unsigned(provider: OidcProvider) -> str:
    return _forged({"alg": "none", "kid": "key-1"}, _claims(provider), lambda _: b"")


def _with_the_key_in_the_header(provider: OidcProvider) -> str:
    return provider.access_token(by=key(9), header={"kid": "key-1", "jwk": key(9).as_dict(private=False)})


def _signed_part_changed(provider: OidcProvider) -> str:
    head, _, signature = provider.access_token().split(".")
    return ".".join((head, provider.access_token(client_id="another").split(".")[1], signature))


def _claims(provider: OidcProvider) -> dict[str, Any]:
    return provider.claims(aud=MACHINE_AUDIENCE, scope="tidlig:score", client_id="system-7")


ATTACKS: dict[str, Callable[[OidcProvider], str]] = {
    "no signature": _unsigned,
    "a shared secret that is the public key": _hs256_with_the_public_key,
    "a key of one's own under their name": lambda p: p.access_token(by=key(9), header={"kid": "key-1"}),
    "a key of one's own in the header": _with_the_key_in_the_header,
    "an unknown key": lambda p: p.access_token(by=key(9)),
    "a key without a name": lambda p: p.access_token(header={"kid": None}),
    "the name of a secret in the key document": lambda p: p.access_token(header={"kid": "a-secret"}),
    "another's claims under a signature": _signed_part_changed,
    "another audience": lambda p: p.access_token(aud="https://elsewhere.example"),
    "an audience that begins like ours": lambda p: p.access_token(aud=MACHINE_AUDIENCE + "/"),
    "no audience": lambda p: p.access_token(aud=None),
    "another issuer": lambda p: p.access_token(iss="https://elsewhere.example"),
    "no issuer": lambda p: p.access_token(iss=None),
    "expired": lambda p: p.access_token(exp=int(p.clock().timestamp()) - 61),
    "without an end": lambda p: p.access_token(exp=None),
    "an end that is no number": lambda p: p.access_token(exp="tomorrow"),
    "an end that is not a number": lambda p: p.access_token(exp=float("nan")),
    "not yet valid": lambda p: p.access_token(nbf=int(p.clock().timestamp()) + 120),
    "issued in the future": lambda p: p.access_token(iat=int(p.clock().timestamp()) + 120),
    "no client": lambda p: p.access_token(client_id=None),
    "a client that is no name": lambda p: p.access_token(client_id=["system-7"]),
    "too long": lambda p: p.access_token(filler="x" * 20_000),
    "a demand that we don't know": lambda p: p.access_token(header={"crit": ["kid"]}),
    "an ID token": lambda p: p.access_token(nonce="x", aud=CLIENT),
    "an ID token made out to us": lambda p: p.access_token(nonce="x"),
    "a logout token": lambda p: p.logout_token(aud=MACHINE_AUDIENCE, client_id="system-7", scope="tidlig:score"),
    "two parts": lambda p: ".".join(p.access_token().split(".")[:2]),
    "no token at all": lambda _: "x",
    "no letters": lambda _: "ø.ø.ø",
    "a header of nested lists": lambda _: "W1tb" * 100 + ".e30.AA",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_token_that_does_not_stand_is_refused(attack: str, tokens: MachineTokens, provider: OidcProvider, clock: Clock) -> None:
    assert code_of(tokens, ATTACKS[attack](provider), clock) == "TID735"


@pytest.mark.parametrize("scope", [None, "", "tidlig:scores", "tidlig", ["tidlig:score"]])
def test_a_token_without_the_scope_is_told_so(scope: object, tokens: MachineTokens, provider: OidcProvider, clock: Clock) -> None:
    assert code_of(tokens, provider.access_token(scope=scope), clock) == "TID736"


def test_a_machine_may_score_and_nothing_else_that_is_about_people() -> None:
    assert set(MATRIX[Role.MACHINE]) == {Action.SCORE_HISTORIES, Action.SEE_MODELS}


def test_over_http_a_machine_brings_its_token_each_time(tmp_path: Path, provider: OidcProvider, clock: Clock) -> None:
    with town(tmp_path / "project", provider, clock) as here, httpx.Client(base_url=here.address) as machine:
        bare = machine.post("/api/v1/scores", json={})
        basic = machine.post("/api/v1/scores", json={}, headers={"Authorization": f"Basic {provider.access_token()}"})
        through = machine.post("/api/v1/scores", json={}, headers={"Authorization": f"Bearer {provider.access_token()}"})
        elsewhere = machine.get("/api/v1/session", headers={"Authorization": f"Bearer {provider.access_token()}"})

    assert [(a.status_code, a.json()["code"]) for a in (bare, basic)] == [(401, "TID735")] * 2
    assert bare.headers["www-authenticate"] == "Bearer"
    assert (through.status_code, through.json()["code"]) == (422, "TID700")  # in, and told what its empty body lacks
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (401, "TID711")
    assert "set-cookie" not in through.headers


def test_a_logged_in_person_is_no_machine(tmp_path: Path, provider: OidcProvider, clock: Clock) -> None:
    with town(tmp_path / "project", provider, clock) as here, here.browser() as browser:
        assert here.log_in(browser).status_code == 200
        assert browser.post("/api/v1/scores", json={}).json()["code"] == "TID735"


def whole(project: Path, **changes: Any) -> Settings:
    chosen: dict[str, Any] = {
        "public_url": "https://tidlig.example",
        "oidc_issuer": "https://login.example",
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SecretStr(SECRET),
    }
    return Settings(**{**chosen, **changes})


@pytest.mark.requirement("R-29")
@pytest.mark.parametrize(
    "changes",
    [
        {"env": "prod", "oidc_issuer": None},
        {"env": "prod", "oidc_issuer": "http://login.example"},
        {"env": "prod", "public_url": "http://tidlig.example"},
        {"public_url": None},
        {"public_url": "https://tidlig.example/path"},
        {"oidc_client_id": None},
        {"oidc_scopes": "profile"},
        {"oidc_issuer": "login.example"},
        {"oidc_private_key_file": Path("/nowhere/client.pem")},
    ],
)
def test_settings_that_do_not_fit_keep_the_service_from_starting(tmp_path: Path, changes: dict[str, Any]) -> None:
    root = tiny_project(tmp_path / "project")
    (root / "access.toml").write_text('[[grant]]\nwhen = { groups = "g" }\nrole = "planlegger"\n', encoding="utf-8")
    project = load_project(root)

    with httpx.Client() as http:
        assert build_provider(whole(root), project, http) is not None
        with pytest.raises(ProjectError, match="TID738"):
            build_provider(whole(root, **changes), project, http)


def test_machines_need_an_audience_that_is_not_the_login_s() -> None:
    with httpx.Client() as http:
        assert build_machines(Settings(), http) is None
        for audience in (None, CLIENT):
            with pytest.raises(ProjectError, match="TID738"):
                build_machines(Settings(machine_issuer="https://m.example", machine_audience=audience, oidc_client_id=CLIENT), http)


@pytest.mark.parametrize("issuer", ["http://tokens.example", "{address}/"])
def test_an_issuer_without_tls_or_under_another_name_is_not_believed(issuer: str, provider: OidcProvider, clock: Clock) -> None:
    settings = Settings(machine_issuer=issuer.format(address=provider.issuer), machine_audience=MACHINE_AUDIENCE)
    with httpx.Client() as http:
        built = build_machines(settings, http)
        assert built is not None
        assert code_of(built, provider.access_token(), clock) == "TID732"
