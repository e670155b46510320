"""A change that is sent twice is made once: idempotency keys (the header ``Idempotency-Key``).

A client that got no answer can't know whether its change was made. With a key it sends the same request again and gets the same answer.
The answer is kept in the transaction of the change itself, so that one never stands without the other; for a day, sealed. Refusals are not
kept: what was refused changed nothing and may be tried again.

What is about a person is never kept, and so never told a second time: the right to see it may have ended meanwhile, by an objection or a
kill switch, and every reading has its own entry in the log. Such a request is told that the change was made, and to read what it led to.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Request, Response
from sqlalchemy import delete
from sqlalchemy.orm import Session

from features.errors import ReviewError
from serving.access.accounts import Account
from serving.person_keys import PersonKeys
from serving.storage.tables import IdempotentCallRow

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_FOR = timedelta(days=1)
KEY_PATTERN = r"^[A-Za-z0-9_.:-]{8,100}$"

_KEPT_HEADERS = ("content-type", "etag", "location")
_NONCE = 12
_ABOUT_PERSONS = ("/api/v1/cases/", "/api/v1/audit/", "/api/v1/access-requests", "/api/v1/me/")
"""Where routes lie whose answers are about a person."""


@dataclass(frozen=True)
class Call:
    """A request that carries a key."""

    key: str
    content: bytes
    """All that decides what it does: method, path, query, version and body."""


@dataclass(frozen=True)
class OpenCall:
    """A call whose change is under way, and where its answer will be kept; without what it said, where that is about a person."""

    call: Call
    session: Session
    keys: PersonKeys
    account_id: str
    now: datetime
    is_about_person: bool


class AlreadyAnsweredError(Exception):
    """The same request was answered before; ends the request with that answer, before anything is done."""

    def __init__(self, response: Response) -> None:
        super().__init__("answered before")
        self.response = response


async def read_call(request: Request) -> Call | None:
    """Read the key of a request and what it asks for; None without a key.

    Raises
    ------
    ReviewError
        TID749 for a key that is none.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not re.match(KEY_PATTERN, key):
        raise ReviewError("TID749", f"{HEADER} holds 8 to 100 letters, digits and _ . : - . Draw a random one for each change.")
    parts = [request.method, request.url.path, request.url.query, request.headers.get("if-match", "")]
    return Call(key, "\n".join(parts).encode() + b"\n\n" + await request.body())


def begin(request: Request, session: Session, keys: PersonKeys, account: Account | None, *, now: datetime) -> None:
    """Look in the change's own transaction whether it was made already, and remember where its answer belongs.

    Raises
    ------
    AlreadyAnsweredError
        With the answer that was given then.
    ReviewError
        TID742 when the key was used for another request, TID721 when the change was made and its answer is about a person.
    """
    call: Call | None = getattr(request.state, "call", None)
    if call is None or account is None:
        return
    found = session.get(IdempotentCallRow, (account.id, call.key))
    if found is not None and found.made_at > now - KEPT_FOR:
        if not hmac.compare_digest(found.request_digest, _digest(keys, call)):
            raise ReviewError("TID742", f"this {HEADER} was used for another request within a day. Draw a new one for each change.")
        if _is_about_person(request):
            raise ReviewError("TID721", f"this change was made already under this {HEADER}. Read the case for what it led to.")
        raise AlreadyAnsweredError(_unseal(keys, found))
    if found is not None:
        session.delete(found)
        session.flush()
    request.state.open_call = OpenCall(call, session, keys, account.id, now, _is_about_person(request))


def keep(opened: OpenCall, response: Response) -> None:
    """Keep the answer to a change in its transaction; a refusal is not kept."""
    if response.status_code >= 300:
        return
    opened.session.add(
        IdempotentCallRow(
            account_id=opened.account_id,
            key=opened.call.key,
            request_digest=_digest(opened.keys, opened.call),
            status=response.status_code,
            sealed_answer=_seal(opened, response),
            made_at=opened.now,
        )
    )
    opened.session.flush()


def forget_old_calls(session: Session, *, now: datetime) -> None:
    """Remove answers that were kept for a day."""
    session.execute(delete(IdempotentCallRow).where(IdempotentCallRow.made_at <= now - KEPT_FOR))


def _digest(keys: PersonKeys, call: Call) -> str:
    """Digest a request under the service's key: a plain hash of a short text about a person could be guessed."""
    return hmac.new(_key(keys), call.content, hashlib.sha256).hexdigest()


def _key(keys: PersonKeys) -> bytes:
    return hmac.new(keys.service_key, b"idempotent calls", hashlib.sha256).digest()


def _is_about_person(request: Request) -> bool:
    return request.url.path.startswith(_ABOUT_PERSONS)


def _seal(opened: OpenCall, response: Response) -> bytes:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    body = b"" if opened.is_about_person else bytes(response.body)
    plain = json.dumps({"headers": headers, "body": b64encode(body).decode()}).encode()
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(_key(opened.keys)).encrypt(nonce, plain, f"{opened.account_id}\n{opened.call.key}".encode())


def _unseal(keys: PersonKeys, row: IdempotentCallRow) -> Response:
    bound_to = f"{row.account_id}\n{row.key}".encode()
    content = json.loads(AESGCM(_key(keys)).decrypt(row.sealed_answer[:_NONCE], row.sealed_answer[_NONCE:], bound_to))
    return Response(b64decode(content["body"]), status_code=row.status, headers={**content["headers"], REPLAYED: "true"})
