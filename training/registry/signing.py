"""Signing a registered version, and the signatures that wait for the other one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from features.declarations.project import Project
from features.errors import GateError
from features.ledger import GENESIS
from models.bundle import Bundle
from models.promotion.ledger import last_entry, read_promotions
from models.promotion.signatures import Signature, sign
from models.promotion.signers import read_signers
from models.promotion.steps import Step, step_of
from models.rungs.rung import write_json
from training.gates.promotable import check_gates
from training.registry.tracking import Tracking
from training.registry.versions import fetched_version


@dataclass(frozen=True)
class SignedVersion:
    """A signature that was given, and the file that it waits in."""

    signature: Signature
    path: Path


@dataclass(frozen=True)
class PreparedStep:
    """What somebody is about to sign, and the bundle that it is about: to be shown before it is signed."""

    step: Step
    bundle: Bundle


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
    waiting = read_waiting(project, name, version)
    words = next((one.step for one in waiting if one.step.after == place_in_ledger(project, name)), None)
    if words is not None:
        reason, justification = reason or words.reason, justification or words.justification
    with fetched_version(project, tracking, name, version) as fetched:
        step = step_for(project, fetched.bundle, version, reason=reason or "", justification=justification)
        check_gates(fetched.bundle, justification=step.justification)
        return PreparedStep(step, fetched.bundle)


def sign_step(project: Project, prepared: PreparedStep, *, key: Ed25519PrivateKey, now: datetime) -> SignedVersion:
    """Sign what was prepared and shown; the signature waits in the project until `promote` takes it.

    Raises
    ------
    GateError
        TID608 the key is not declared or not valid today.
    """
    signature = sign(prepared.step, key, signers=read_signers(project), now=now)
    return SignedVersion(signature, write_waiting(project, signature))


def step_for(project: Project, bundle: Bundle, version: str, *, reason: str, justification: str | None) -> Step:
    """Build the step that lets a bundle serve next.

    Raises
    ------
    GateError
        TID615 when the reason is no reason.
    """
    after = place_in_ledger(project, bundle.name)
    return step_of(bundle, action="promote", version=version, reason=reason, justification=justification, after=after)


def place_in_ledger(project: Project, name: str) -> str:
    """Hash of the model's last entry: what the next step comes after."""
    last = last_entry(read_promotions(project), name)
    return GENESIS.head if last is None else last.hash


def waiting_folder(project: Project, name: str, version: str) -> Path:
    """Where signatures of a version wait, one file for each key."""
    return project.var / "signatures" / name / version


def write_waiting(project: Project, signature: Signature) -> Path:
    """Write a signature to where it waits; an earlier one by the same key is replaced."""
    folder = waiting_folder(project, signature.step.model, signature.step.version)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{signature.key_id}.json"
    draft = path.with_suffix(".draft")
    write_json(draft, signature.as_dict())
    draft.replace(path)
    return path


def read_waiting(project: Project, name: str, version: str) -> tuple[Signature, ...]:
    """Read the signatures of a version that wait, those that an earlier step used up too.

    Raises
    ------
    GateError
        TID614 when a file is no signature.
    """
    return read_signatures(sorted(waiting_folder(project, name, version).glob("*.json")))


def read_signatures(paths: Sequence[Path]) -> tuple[Signature, ...]:
    """Read signature files.

    Raises
    ------
    GateError
        TID614 when one is absent or is no signature.
    """
    return tuple(_read(path) for path in paths)


def _read(path: Path) -> Signature:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GateError("TID614", f"{path} can't be read as a signature. Sign again with `tidlig models sign`.") from error
    try:
        return Signature.from_dict(content)
    except GateError as error:
        raise GateError("TID614", f"{path}: {error.message}") from error
