"""How a report's sign-offs stand, verified each time they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from features.declarations.project import Project
from features.errors import GateError
from models.promotion.signers import read_signers
from monitoring.reports.sign_offs import SignOffState, read_sign_offs, sign_off_state
from monitoring.reports.simulated import read_simulated

State = SignOffState | Literal["simulated"]


@dataclass(frozen=True)
class Signed:
    """A sign-off as a reader sees it: role, day and remark; never the person."""

    role: str
    signed_at: datetime
    remark: str
    is_about_this_version: bool
    holds: bool
    is_simulated: bool


@dataclass(frozen=True)
class Standing:
    """How a report stands; `fault` where its file of sign-offs can't be read."""

    state: State
    signed: Sequence[Signed]
    fault: str | None = None


def sign_offs_of(project: Project, folder: Path) -> Standing:
    """Read the sign-offs beside a report and verify each; what a login stands in for comes after those that are signed."""
    try:
        found, simulated = read_sign_offs(folder, signers=read_signers(project)), read_simulated(folder)
    except GateError as error:
        return Standing("invalid", (), error.code)
    state: State = sign_off_state(found)
    if state in ("unsigned", "earlier_version") and any(one.is_about_this_version for one in simulated):
        state = "simulated"
    return Standing(state, [*(_signed(one.shown()) for one in found), *(_signed(one.shown()) for one in simulated)])


def _signed(told: Mapping[str, Any]) -> Signed:
    return Signed(
        role=str(told["role"]),
        signed_at=datetime.fromisoformat(str(told["signed_at"])),
        remark=str(told["remark"]),
        is_about_this_version=bool(told["is_about_this_version"]),
        holds=bool(told.get("holds", True)),
        is_simulated=bool(told.get("is_simulated", False)),
    )
