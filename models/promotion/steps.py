"""What is signed: one step of a model's service, in words that have one spelling."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from features.errors import GateError
from features.findings import Finding
from features.ledger import canonical_json
from models.bundle import Bundle
from models.card import CapacityRow

Action = Literal["promote", "roll_back", "withdraw"]

KIND = "tidlig-promotion-statement/2"
"""Stands in every statement, so that a signature under it can be taken for nothing else."""
MIN_REASON = 10
"""Letters that a reason has at least; fewer explain nothing."""


@dataclass(frozen=True)
class Step:
    """A step that people answer for: this bundle is to serve under this name, for this reason, after that entry of the ledger.

    Attributes
    ----------
    gates_digest
        `digest_of_gates` of the card: what every gate said, figures included.
    gates_failed
        Codes of the gates that failed; with any, `justification` says why that is lawful (R-12).
    gates_not_asked
        Codes of the gates that nobody let be asked, for want of a purpose, groups or audit data; they ask for a justification too, since
        leaving out what would show a difference is no way round it.
    capacity_digest
        `digest_of_capacity` of the card: the table of what is found and what is missed, which each signer was shown (R-31).
    after
        Hash of the model's last entry in the ledger: a signature is good for one step and can't be used again after it.
    """

    action: Action
    project: str
    data: str
    model: str
    version: str
    bundle_hash: str
    gates_digest: str
    gates_failed: tuple[str, ...]
    gates_not_asked: tuple[str, ...]
    capacity_digest: str
    worth_a_look: float
    should_be_assessed: float
    reason: str
    justification: str | None
    after: str

    def as_dict(self) -> dict[str, Any]:
        """Give the step as JSON-ready fields."""
        return {**asdict(self), "gates_failed": list(self.gates_failed), "gates_not_asked": list(self.gates_not_asked)}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Step:
        """Read what `as_dict` gave; more fields are left alone.

        Raises
        ------
        GateError
            TID614 when one is missing.
        """
        absent = sorted(name for name in cls.__dataclass_fields__ if name not in fields)
        if absent:
            raise GateError("TID614", f"a statement lacks {', '.join(absent)}: it was not made by `tidlig models sign`. Sign again.")
        known = {name: fields[name] for name in cls.__dataclass_fields__}
        codes = {name: tuple(fields[name]) for name in ("gates_failed", "gates_not_asked")}
        return cls(**{**known, **codes})


def step_of(bundle: Bundle, *, action: Action, version: str, reason: str, justification: str | None, after: str) -> Step:
    """Build the step that lets a bundle serve.

    Raises
    ------
    GateError
        TID615 when the reason is no reason.
    """
    words = check_reason(reason)
    not_asked = gates_not_asked(bundle.card.gates)
    failed = tuple(sorted({gate.code for gate in bundle.card.gates if gate.is_failed}))
    return Step(
        action=action,
        project=bundle.project,
        data=bundle.data,
        model=bundle.name,
        version=version,
        bundle_hash=bundle.hash,
        gates_digest=digest_of_gates(bundle.card.gates),
        gates_failed=failed,
        gates_not_asked=not_asked,
        capacity_digest=digest_of_capacity(bundle.card.capacity),
        worth_a_look=bundle.bands.worth_a_look,
        should_be_assessed=bundle.bands.should_be_assessed,
        reason=words,
        justification=((justification or "").strip() or None) if failed or not_asked else None,
        after=after,
    )


def check_reason(reason: str) -> str:
    """Give a reason without surrounding blanks.

    Raises
    ------
    GateError
        TID615 when it is too short to be one.
    """
    words = reason.strip()
    if len(words) < MIN_REASON:
        raise GateError("TID615", f"a reason of {len(words)} letters, expected {MIN_REASON} or more. Give --reason: why now.")
    return words


def gates_not_asked(gates: Iterable[Finding]) -> tuple[str, ...]:
    """Codes of the gates that could have been asked, had the project declared what they need: not those with too few people."""
    return tuple(sorted({gate.code for gate in gates if gate.verdict == "NOT_APPLICABLE" and gate.evidence.get("not_asked") is True}))


def digest_of_gates(gates: Iterable[Finding]) -> str:
    """SHA-256 over every gate's verdict and evidence, in the card's order."""
    return hashlib.sha256(canonical_json({"gates": [gate.as_dict() for gate in gates]})).hexdigest()


def digest_of_capacity(rows: Iterable[CapacityRow]) -> str:
    """SHA-256 over the card's table of what reviewing a share of the cohort finds and misses; figures that are not known as null."""
    known = [{name: value if value == value else None for name, value in asdict(row).items()} for row in rows]
    return hashlib.sha256(canonical_json({"capacity": known})).hexdigest()
