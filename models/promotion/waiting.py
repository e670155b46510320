"""Signatures that wait for the other one, and in a synthetic project what stands in for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.declarations.project import Project
from features.errors import GateError
from features.ledger import GENESIS
from models.promotion.ledger import last_entry, read_promotions
from models.promotion.signatures import GOOD_FOR, Signature
from models.promotion.signers import same_person
from models.promotion.steps import Step
from models.rungs.rung import write_json

SIMULATED = "simulated"
"""Folder of what stands in for signatures, beside them: nothing in it is ever read as one."""


@dataclass(frozen=True)
class SimulatedSignature:
    """What somebody who is logged in agreed to in a synthetic project: it proves nothing, and the ledger says so."""

    step: Step
    person: str
    role: str
    signed_at: datetime
    """Aware, UTC."""

    def as_dict(self) -> dict[str, Any]:
        """Give it JSON-ready."""
        return {"step": self.step.as_dict(), "person": self.person, "role": self.role, "signed_at": self.signed_at.isoformat()}


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
    return _write(folder / f"{signature.key_id}.json", signature.as_dict())


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


def write_simulated(project: Project, signature: SimulatedSignature) -> Path:
    """Write what stands in for a signature; the same person's earlier one is replaced.

    Raises
    ------
    GateError
        TID602 where people are not invented.
    """
    if not project.is_synthetic:
        raise GateError(
            "TID602", "a login is no signature, and this project's people are not invented. Sign with a key declared in signers.toml."
        )
    folder = waiting_folder(project, signature.step.model, signature.step.version) / SIMULATED
    safe = "".join(letter if letter.isalnum() else "-" for letter in same_person(signature.person))
    return _write(folder / f"{safe}.json", signature.as_dict())


def read_simulated(project: Project, name: str, version: str, *, now: datetime) -> tuple[SimulatedSignature, ...]:
    """Read what stands in for signatures and counts still: about the step that comes next, and no older than a signature may be.

    Raises
    ------
    GateError
        TID614 when a file is no such thing.
    """
    found = [_simulated(path) for path in sorted((waiting_folder(project, name, version) / SIMULATED).glob("*.json"))]
    after = place_in_ledger(project, name)
    return tuple(one for one in found if one.step.after == after and now - GOOD_FOR <= one.signed_at <= now)


def _write(path: Path, content: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    write_json(draft, content)
    draft.replace(path)
    return path


def _read(path: Path) -> Signature:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GateError("TID614", f"{path} can't be read as a signature. Sign again with `tidlig models sign`.") from error
    try:
        return Signature.from_dict(content)
    except GateError as error:
        raise GateError("TID614", f"{path}: {error.message}") from error


def _simulated(path: Path) -> SimulatedSignature:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        signed_at = datetime.fromisoformat(content["signed_at"]).astimezone(UTC)
        return SimulatedSignature(Step.from_dict(content["step"]), content["person"], content["role"], signed_at)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise GateError("TID614", f"{path} stands in for no signature. Remove it and sign again.") from error
