"""A signature: a statement, and Ed25519 over its one spelling by a declared key.

The signed bytes are the statement's canonical JSON (sorted keys, no spaces, UTF-8), so that anybody can check one without this program;
docs/promotion.md shows how with OpenSSL.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from features.errors import GateError
from features.ledger import canonical_json
from models.promotion.signers import Signer, Signers, check_answerable, decode_public_key, encode_public_key, fingerprint
from models.promotion.steps import KIND, Step

GOOD_FOR = timedelta(days=30)
"""How long a signature waits for the other one before it has to be given again."""
CLOCKS_DIFFER = timedelta(minutes=10)


@dataclass(frozen=True)
class Signature:
    """Who signed which step, when, and the proof.

    Attributes
    ----------
    person, role
        As declared when it was signed.
    key_id
        Fingerprint of the public key that checks it.
    signed_at
        Aware, UTC; the signer's clock.
    """

    step: Step
    person: str
    role: str
    key_id: str
    signed_at: datetime
    proof: bytes

    @property
    def statement(self) -> dict[str, Any]:
        """What was signed, JSON-ready."""
        signer = {"person": self.person, "role": self.role, "key": self.key_id, "signed_at": self.signed_at.isoformat(timespec="seconds")}
        return {"kind": KIND, **self.step.as_dict(), **signer}

    @property
    def signed_bytes(self) -> bytes:
        """The very bytes under the signature."""
        return canonical_json(self.statement)

    def as_dict(self) -> dict[str, Any]:
        """Give statement and signature, JSON-ready."""
        return {"statement": self.statement, "signature": base64.b64encode(self.proof).decode("ascii")}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Signature:
        """Read what `as_dict` gave.

        Raises
        ------
        GateError
            TID614 when it is no signature.
        """
        try:
            said = fields["statement"]
            signed_at = datetime.fromisoformat(said["signed_at"]).astimezone(UTC)
            proof = base64.b64decode(fields["signature"], validate=True)
            signature = cls(Step.from_dict(said), said["person"], said["role"], said["key"], signed_at, proof)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise GateError("TID614", "a signature lacks a part or is malformed. Sign again with `tidlig models sign`.") from error
        if signature.statement != said:
            raise GateError("TID614", "a statement has parts of its own or another spelling. Sign again with `tidlig models sign`.")
        return signature


def sign(step: Step, key: Ed25519PrivateKey, *, signers: Signers, now: datetime) -> Signature:
    """Sign a step with a declared key.

    Raises
    ------
    GateError
        TID608 when the key is not declared, or not valid today.
    """
    key_id = fingerprint(encode_public_key(key.public_key()))
    signer = signers.check_valid(key_id, on=now.date())
    unsigned = Signature(step, signer.person, signer.role, key_id, now.astimezone(UTC).replace(microsecond=0), b"")
    return Signature(step, signer.person, signer.role, key_id, unsigned.signed_at, key.sign(unsigned.signed_bytes))


def check_signature(signature: Signature, step: Step, *, signers: Signers, at: datetime) -> Signer:
    """Check one signature as of the moment at which the step was taken, and return whose it is.

    Raises
    ------
    GateError
        TID608 the key is not declared, not valid on the day of the signature or of the step, or declared for somebody else now, TID609 the
        proof does not fit the statement, TID610 the statement is about something else, too old or later than the step.
    """
    signers.check_valid(signature.key_id, on=signature.signed_at.date())
    signer = signers.check_valid(signature.key_id, on=at.date())
    if signer.person != signature.person:
        why = f"signed as {signature.person}, and {signers.path} gives it to another person. Bring back the line that stood there."
        raise GateError("TID608", f"the key {signature.key_id} {why}")
    try:
        decode_public_key(signer.public_key).verify(signature.proof, signature.signed_bytes)
    except InvalidSignature as error:
        raise GateError(
            "TID609", f"the signature of {signature.person} does not fit its statement: one of them was edited. Sign again."
        ) from error
    _check_about(signature, step)
    _check_time(signature, at)
    return signer


def check_signatures(signatures: Iterable[Signature], step: Step, *, signers: Signers, needed: int, at: datetime) -> tuple[Signer, ...]:
    """Check every signature, that enough different people gave them, and that one of a promotion's signers answers for its use.

    Raises
    ------
    GateError
        TID601 fewer people than needed, TID616 nobody who answers for the use, and as `check_signature`.
    """
    found = tuple(check_signature(signature, step, signers=signers, at=at) for signature in signatures)
    check_enough(found, needed=needed)
    if step.action == "promote":
        check_answerable(found)
    return found


def check_enough(found: Sequence[Signer], *, needed: int) -> None:
    """Refuse fewer different people than needed; two keys of one person are one.

    Raises
    ------
    GateError
        TID601.
    """
    people = {signer.who for signer in found}
    if len(people) < needed:
        raise GateError(
            "TID601",
            f"{len(people)} different people signed, expected {needed}. Each signs with a key of their own: `tidlig models sign`.",
        )


def _check_about(signature: Signature, step: Step) -> None:
    theirs, ours = signature.step.as_dict(), step.as_dict()
    differing = sorted(name for name in ours if theirs[name] != ours[name])
    if differing:
        raise GateError(
            "TID610",
            f"{signature.person} signed something else: {', '.join(differing)} differ. Both sign the same words about the same version, "
            "and again after every promotion or rollback of the model (`after`).",
        )


def _check_time(signature: Signature, at: datetime) -> None:
    if not at - GOOD_FOR <= signature.signed_at <= at + CLOCKS_DIFFER:
        raise GateError(
            "TID610",
            f"{signature.person} signed on {signature.signed_at:%Y-%m-%d}, and the step is of {at:%Y-%m-%d}: a signature is good for "
            f"{GOOD_FOR.days} days. Sign again.",
        )
