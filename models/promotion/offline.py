"""A promotion to sign where the service is not: the step, and all that its digests stand for, in one file; and the signature back.

The private key stays with its owner. What is shown before signing is checked against what is signed, so that a file whose tables were
changed on the way is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from features.errors import GateError
from features.findings import Finding
from models.card import CapacityRow, ModelCard
from models.promotion.signatures import Signature, sign
from models.promotion.signers import Signer, Signers
from models.promotion.steps import Step, digest_of_capacity, digest_of_gates

KIND = "tidlig-promotion-to-sign/1"
_SIGNER = ("person", "role", "public_key", "valid_from", "valid_to")


@dataclass(frozen=True)
class ToSign:
    """What a file asks somebody to sign, with the tables that the step's digests are of.

    Attributes
    ----------
    signers
        Who may sign, as declared when the file was made; the service asks its own list again when the signature comes back.
    """

    step: Step
    gates: tuple[Finding, ...]
    capacity: tuple[CapacityRow, ...]
    signers: tuple[Signer, ...]


def build_file(step: Step, card: ModelCard, *, signers: Signers, on: date) -> dict[str, Any]:
    """Build the file's content; of the signers those whose key is valid that day."""
    able = [signer for signer in signers.signers if signer.find_fault(on=on) is None]
    plain = card.to_json()
    return {
        "kind": KIND,
        "step": step.as_dict(),
        "gates": plain["gates"],
        "capacity": plain["capacity"],
        "signers": [{name: str(getattr(signer, name)) for name in _SIGNER} for signer in able],
    }


def read_file(path: Path) -> ToSign:
    """Read a file to sign.

    Raises
    ------
    GateError
        TID617 when it is no such file, or its tables are not those that would be signed.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["kind"] != KIND:
            raise KeyError(KIND)
        found = _read(content)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise GateError("TID617", f"{path} is no statement to sign. Fetch it again from the console's page of the promotion.") from error
    said = (found.step.gates_digest, found.step.capacity_digest)
    if said != (digest_of_gates(found.gates), digest_of_capacity(found.capacity)):
        raise GateError(
            "TID617",
            f"{path}: its gates or its table of found and missed are not what would be signed: it was edited. Fetch it again.",
        )
    return found


def sign_file(asked: ToSign, key: Ed25519PrivateKey, *, path: Path, now: datetime) -> Signature:
    """Sign what a file asks for.

    Raises
    ------
    GateError
        TID608 when the key is not among those that the file names.
    """
    return sign(asked.step, key, signers=Signers(asked.signers, path), now=now)


def read_signature(text: str) -> Signature:
    """Read a signature that somebody hands in as text.

    Raises
    ------
    GateError
        TID614 when it is none.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise GateError("TID614", "this is no signature: it can't be read as JSON. Hand in the file that was written.") from error
    if not isinstance(content, Mapping):
        raise GateError("TID614", "this is no signature: it has no statement. Hand in the file that was written.")
    return Signature.from_dict(content)


def _read(content: Mapping[str, Any]) -> ToSign:
    rows = [{name: float("nan") if value is None else value for name, value in row.items()} for row in content["capacity"]]
    return ToSign(
        step=Step.from_dict(content["step"]),
        gates=tuple(Finding(**gate) for gate in content["gates"]),
        capacity=tuple(CapacityRow(**row) for row in rows),
        signers=tuple(Signer.model_validate(signer) for signer in content["signers"]),
    )


def as_text(signature: Signature) -> str:
    """Write a signature as the file that is handed in."""
    return json.dumps(signature.as_dict(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
