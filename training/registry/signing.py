"""Signing a registered version: its bundle is fetched, what is signed is shown, and the signature waits for the other one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from features.declarations.project import Project
from models.promoting import PreparedStep, prepare_promotion
from models.promotion.signatures import Signature, sign
from models.promotion.signers import read_signers
from models.promotion.waiting import write_waiting
from training.registry.tracking import Tracking
from training.registry.versions import fetched_version


@dataclass(frozen=True)
class SignedVersion:
    """A signature that was given, and the file that it waits in."""

    signature: Signature
    path: Path


def prepare_step(
    project: Project,
    tracking: Tracking,
    name: str,
    version: str,
    *,
    reason: str | None = None,
    justification: str | None = None,
) -> PreparedStep:
    """Put together what is to be signed so that a registered version serves. Nothing is signed or written.

    Parameters
    ----------
    reason, justification
        What the ledger will say. None takes the words of a signature that waits already: both sign the same ones.

    Raises
    ------
    GateError
        TID603 or TID604 a failed gate, TID615 no reason.
    ModelError
        As `fetched_version`.
    """
    with fetched_version(project, tracking, name, version) as fetched:
        return prepare_promotion(project, fetched.bundle, version, reason=reason, justification=justification)


def sign_step(project: Project, prepared: PreparedStep, *, key: Ed25519PrivateKey, now: datetime) -> SignedVersion:
    """Sign what was prepared and shown; the signature waits in the project until `promote` takes it.

    Raises
    ------
    GateError
        TID608 the key is not declared or not valid today.
    """
    signature = sign(prepared.step, key, signers=read_signers(project), now=now)
    return SignedVersion(signature, write_waiting(project, signature))
