"""A webhook: one POST of JSON for each event, signed with a secret that both sides know.

The signature is HMAC-SHA256 over the timestamp, a full stop and the body, so that neither can be changed nor an old request sent again
unseen. A redirect is refused: the address is what the project declares, and nothing goes anywhere else. Proxies and credentials of the
environment are not used.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime

import httpx

from features.declarations.project import Project
from features.declarations.watching import WebhookSink
from features.errors import DataError

MIN_SECRET = 32
FIRST_PAUSE = 0.5
"""Seconds before the second attempt; twice as long before each further one."""
WORTH_ANOTHER = frozenset({408, 425, 429})
"""Statuses below 500 after which the same request may succeed."""


class NotDeliveredError(Exception):
    """An event has not arrived; why, in words without any address or answer of the receiver's."""

    def __init__(self, why: str, *, is_worth_another: bool) -> None:
        super().__init__(why)
        self.is_worth_another = is_worth_another


def read_secret(sink: WebhookSink, *, environ: Mapping[str, str]) -> bytes:
    """Read the sink's secret.

    Raises
    ------
    DataError
        TID498 when it is not set or too short.
    """
    secret = environ.get(sink.secret_env, "")
    if len(secret) < MIN_SECRET:
        raise DataError(
            "TID498",
            f"the environment variable {sink.secret_env} of the webhook {sink.name} holds {len(secret)} characters, expected "
            f"{MIN_SECRET} or more. Set it to a secret that the receiver knows too, such as what `openssl rand -hex 32` prints.",
        )
    return secret.encode()


def trusted_authorities(project: Project, sink: WebhookSink) -> ssl.SSLContext | None:
    """Read the authority that the sink declares; None for the public ones.

    Raises
    ------
    DataError
        TID459 when the file can't be read as certificates.
    """
    if sink.ca_file is None:
        return None
    path = project.root / sink.ca_file
    try:
        return ssl.create_default_context(cafile=path)
    except OSError as error:  # also what ssl raises for a file that holds no certificate
        raise DataError(
            "TID459", f"{path}, the `ca_file` of the webhook {sink.name}, holds no certificate in PEM that can be read."
        ) from error


def sign_body(secret: bytes, *, timestamp: str, body: bytes) -> str:
    """Sign a request: ``sha256=`` and the HMAC in hex.

    >>> sign_body(b"k" * 32, timestamp="1767225600", body=b"{}")[:15]
    'sha256=ae489515'
    """
    return "sha256=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def deliver(
    sink: WebhookSink,
    body: bytes,
    *,
    event: str,
    secret: bytes,
    authorities: ssl.SSLContext | None,
    clock: Callable[[], datetime],
    pause: Callable[[float], None],
) -> None:
    """Send one event, with a few attempts where another may help.

    Parameters
    ----------
    authorities
        As `trusted_authorities` gives them.
    clock
        Aware UTC; each attempt is signed with its own moment.
    pause
        Waits so many seconds.

    Raises
    ------
    NotDeliveredError
        When it has not arrived.
    """
    for attempt in range(sink.attempts):
        try:
            asyncio.run(_attempt(sink, body, _headers(body, event=event, secret=secret, now=clock()), authorities))
        except NotDeliveredError as error:
            if not error.is_worth_another or attempt + 1 == sink.attempts:
                raise
            pause(FIRST_PAUSE * 2**attempt)
        else:
            return


def _headers(body: bytes, *, event: str, secret: bytes, now: datetime) -> dict[str, str]:
    timestamp = str(int(now.timestamp()))
    return {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "tidlig-monitor",
        "tidlig-event": event,
        "tidlig-timestamp": timestamp,
        "tidlig-signature": sign_body(secret, timestamp=timestamp, body=body),
    }


async def _attempt(sink: WebhookSink, body: bytes, headers: Mapping[str, str], authorities: ssl.SSLContext | None) -> None:
    """Send once and look at the status alone: what a receiver answers is not read, and can't keep us longer than the time allowed."""
    verify = True if authorities is None else authorities
    try:
        async with (
            asyncio.timeout(sink.timeout_seconds),  # over everything: httpx's own would begin anew with every byte
            httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=sink.timeout_seconds, verify=verify) as client,
            client.stream("POST", sink.url, content=body, headers=dict(headers)) as response,
        ):
            status = response.status_code
    except TimeoutError as error:
        raise NotDeliveredError(f"no answer within {sink.timeout_seconds:g} s", is_worth_another=True) from error
    except httpx.HTTPError as error:
        raise NotDeliveredError(f"no connection ({type(error).__name__})", is_worth_another=True) from error
    if 300 <= status < 400:
        raise NotDeliveredError(f"it redirects (status {status}), which is refused: declare the address itself", is_worth_another=False)
    if not 200 <= status < 300:
        raise NotDeliveredError(f"status {status}", is_worth_another=status >= 500 or status in WORTH_ANOTHER)
