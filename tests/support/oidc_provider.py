"""A small identity provider that keeps to the rules: discovery, code with PKCE, tokens, keys that change, logout from both sides.

What it signs can be bent: `tamper` gets the claims of the next ID tokens, and `sign` signs whatever it is given, with whatever key.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import Key, RSAKey

from serving.oidc.logout import EVENT
from tests.support.http_server import served

CLIENT, SECRET = "tidlig-test", "a shared secret of the tests"
MACHINE_AUDIENCE = "https://tidlig.example/api"


@cache
def key(number: int) -> RSAKey:
    """Give a key pair; the same number gives the same one, since making one takes a while."""
    return RSAKey.generate_key(2048, {"kid": f"key-{number}", "use": "sig", "alg": "RS256"})


@dataclass
class OidcProvider:
    """The provider, and what the tests may turn."""

    issuer: str
    clock: Callable[[], datetime]
    keys: list[Key] = field(default_factory=lambda: [key(1)])
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "kari", "groups": ["coordinators"], "acr": "high"})
    """Who logs in next, and with which claims."""
    redirect_uris: set[str] = field(default_factory=set)
    tamper: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    signs_with: Key | None = None
    public_client_key: Key | None = None
    """Where set, the client proves itself with a token under its own key instead of the secret."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """What browsers were sent with to the authorization endpoint."""
    ended: list[dict[str, str]] = field(default_factory=list)
    key_calls: int = 0
    sid: str = "session-1"
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def rotate(self) -> None:
        """Sign with a new key from now on, and withdraw the old one."""
        self.keys = [key(len(self.keys) + int(str(self.keys[-1].kid).removeprefix("key-")))]

    def sign(self, claims: dict[str, Any], *, by: Key | None = None, **header: Any) -> str:
        """Sign claims."""
        by = by or self.signs_with or self.keys[-1]
        whole = {"alg": "RS256", "kid": by.kid, **header}
        return jwt.encode({name: value for name, value in whole.items() if value is not None}, claims, by)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Give the claims that every token of the login has."""
        now = int(self.clock().timestamp())
        return {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, **changes}

    def logout_token(self, **changes: Any) -> str:
        """Make a logout token; a change to None leaves a claim out."""
        whole = self.claims(jti=secrets.token_hex(8), events={EVENT: {}}, sid=self.sid) | changes
        return self.sign({name: value for name, value in whole.items() if value is not None}, typ="logout+jwt")

    def access_token(self, *, by: Key | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """Make a machine client's token as Maskinporten does; a change to None leaves a claim out."""
        whole = self.claims(aud=MACHINE_AUDIENCE, scope="tidlig:score", client_id="system-7", jti=secrets.token_hex(8)) | changes
        return self.sign({name: value for name, value in whole.items() if value is not None}, by=by, **(header or {}))

    def app(self) -> FastAPI:
        """Build the provider's endpoints."""
        app = FastAPI()
        app.get("/.well-known/openid-configuration")(self._discovery)
        app.get("/authorize")(self._authorize)
        app.post("/token")(self._token)
        app.get("/jwks")(self._jwks)
        app.get("/end_session")(self._end_session)
        return app

    def _discovery(self) -> dict[str, Any]:
        paths = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "jwks_uri": "jwks",
            "end_session_endpoint": "end_session",
        }
        return {"issuer": self.issuer, **{name: f"{self.issuer}/{path}" for name, path in paths.items()}}

    def _jwks(self) -> dict[str, Any]:
        self.key_calls += 1
        return {"keys": [{"kty": "oct", "kid": "a-secret", "k": "c2VjcmV0"}, *(k.as_dict(private=False) for k in self.keys)]}

    def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.asked.append(asked)
        if asked.get("client_id") != CLIENT or asked.get("redirect_uri") not in self.redirect_uris:
            return JSONResponse({"error": "invalid_request"}, status_code=400)
        assert asked["response_type"] == "code"
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        answer = urlencode({"code": code, "state": asked["state"], "iss": self.issuer})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}", status_code=302)

    def _token(
        self,
        request: Request,
        grant_type: Annotated[str, Form()],
        code: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
        code_verifier: Annotated[str, Form()],
        client_assertion: Annotated[str | None, Form()] = None,
    ) -> Response:
        asked = self._codes.pop(code, None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
        if not self._is_client(request, client_assertion):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        if (
            asked is None
            or grant_type != "authorization_code"
            or redirect_uri != asked["redirect_uri"]
            or challenge != asked["code_challenge"]
        ):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        claims = self.tamper(self.claims(nonce=asked["nonce"], sid=self.sid, **self.person))
        return JSONResponse({"access_token": "opaque", "token_type": "Bearer", "id_token": self.sign(claims)})

    def _is_client(self, request: Request, assertion: str | None) -> bool:
        if self.public_client_key is not None:
            return assertion is not None and jwt.decode(assertion, self.public_client_key, algorithms=["RS256"]).claims["sub"] == CLIENT
        wanted = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {wanted}"

    def _end_session(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.ended.append(asked)
        return RedirectResponse(asked["post_logout_redirect_uri"], status_code=302)


@contextmanager
def oidc_provider(clock: Callable[[], datetime], *, certificate: Path | None = None) -> Iterator[OidcProvider]:
    """Run a provider over HTTP, or over TLS with a certificate."""
    made: list[OidcProvider] = []

    def build(address: str) -> FastAPI:
        made.append(OidcProvider(address, clock))
        return made[0].app()

    with served(build, certificate=certificate):
        yield made[0]
