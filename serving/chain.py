"""temporary"""

from __future__ import annotations

import base64, hashlib, json, secrets
from dataclasses import dataclass
from typing import Any
from datetime import datetime
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from features.errors import LedgerError

GENESIS = "0" * 64


def seal_entry(previous, *, seq, at, actor, action, subject, details, personal, key):
    body = dict(seq=seq, at=at.isoformat(), actor=actor, action=action, subject=subject, details=details, sealed=None, previous=previous)
    if personal is not None and key is not None:
        n = secrets.token_bytes(12)
        body["sealed"] = base64.b64encode(n + AESGCM(key).encrypt(n, json.dumps(personal).encode(), None)).decode()
    body["hash"] = hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    return body


def verify(bodies):
    prev, n = GENESIS, 0
    for b in bodies:
        c = dict(b)
        h = c.pop("hash")
        if (
            c["previous"] != prev
            or c["seq"] != n + 1
            or hashlib.sha256(json.dumps(c, sort_keys=True, ensure_ascii=False).encode()).hexdigest() != h
        ):
            raise LedgerError("TID801", f"entry {n + 1} does not verify")
        prev, n = h, n + 1
    return prev, n
