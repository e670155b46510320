"""How a report's sign-offs stand, verified each time they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from features.declarations.project import Project
from features.errors import GateError
from models.promotion.signers import read_signers
from monitoring.reports.sign_offs import SignOff, SignOffState, read_sign_offs, sign_off_state


@dataclass(frozen=True)
class Signed:
    """A sign-off as a reader sees it: role, day and remark; never the person."""

    role: str
    signed_at: datetime
    remark: str
    is_about_this_version: bool
    holds: bool


@dataclass(frozen=True)
class Standing:
    """How a report stands; `fault` where its file of sign-offs can't be read."""

    state: SignOffState
    signed: Sequence[Signed]
    fault: str | None = None


def sign_offs_of(project: Project, folder: Path) -> Standing:
    """Read the sign-offs beside a report and verify each."""
    try:
        found = read_sign_offs(folder, signers=read_signers(project))
    except GateError as error:
        return Standing("invalid", (), error.code)
    return Standing(sign_off_state(found), [_shown(one) for one in found])


def _shown(one: SignOff) -> Signed:
    told = one.shown()
    return Signed(
        role=str(told["role"]),
        signed_at=datetime.fromisoformat(str(told["signed_at"])),
        remark=str(told["remark"]),
        is_about_this_version=bool(told["is_about_this_version"]),
        holds=bool(told["holds"]),
    )
