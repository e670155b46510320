"""What stands in for a sign-off in a synthetic project: somebody was logged in and agreed. It proves nothing, and never counts as signed.

It lies in a file of its own, so that nothing in it is ever read as a signature.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.declarations.project import Project
from features.errors import GateError
from features.roles import AUDITORS
from monitoring.files import CONTENT, digest, write_whole
from monitoring.reports.sign_offs import check_report, checked_remark, one_signer_at_a_time

FILE = "signoff-simulated.json"
KIND = "tidlig-report-simulated-sign-off/1"
"""Stands in every entry, so that none can be taken for a statement that was signed."""


@dataclass(frozen=True)
class SimulatedSignOff:
    """What somebody who is logged in agreed to.

    Attributes
    ----------
    account
        Login of the account.
    signed_at
        ISO, UTC; the service's clock.
    """

    model: str
    month: str
    report_sha256: str
    remark: str
    account: str
    role: str
    signed_at: str

    def as_dict(self) -> dict[str, Any]:
        """Give it as it is kept."""
        return {"kind": KIND, "simulated": True, **asdict(self)}


@dataclass(frozen=True)
class ReadSimulated:
    """One that was read, and whether it is about the report as it stands."""

    said: SimulatedSignOff
    is_about_this_version: bool

    def shown(self) -> dict[str, Any]:
        """Give what a reader sees: role, day and remark, and that it is simulated."""
        return {
            "role": self.said.role,
            "signed_at": self.said.signed_at,
            "remark": self.said.remark,
            "is_about_this_version": self.is_about_this_version,
            "is_simulated": True,
        }


def sign_by_login(project: Project, folder: Path, *, account: str, role: str, remark: str, now: datetime) -> SimulatedSignOff:
    """Let a login stand in for a sign-off, in a synthetic project only; the same account's earlier one of this version is replaced.

    Raises
    ------
    GateError
        TID627 where people are not invented, or the role does not audit, TID623 a remark that is none or names somebody, TID624 a report
        that is not whole, TID620 a file that is not what was written.
    """
    if not project.is_synthetic:
        raise GateError(
            "TID627", "a login is no signature, and this project's people are not invented. Sign the statement with a key of signers.toml."
        )
    if role not in AUDITORS:
        raise GateError(
            "TID627", f"a login as {role} stands in for no sign-off: a report is signed off by {' or '.join(sorted(AUDITORS))}."
        )
    words = checked_remark(remark)
    with one_signer_at_a_time(project):
        content, sha = check_report(folder)
        made = SimulatedSignOff(
            model=str(content["model"]),
            month=str(content["month"]),
            report_sha256=sha,
            remark=words,
            account=account,
            role=role,
            signed_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        )
        kept = [one.said for one in read_simulated(folder) if (one.said.account, one.said.report_sha256) != (account, sha)]
        text = json.dumps({"simulated": [one.as_dict() for one in (*kept, made)]}, ensure_ascii=False, indent=2)
        write_whole(folder / FILE, text + "\n")
    return made


def read_simulated(folder: Path) -> tuple[ReadSimulated, ...]:
    """Read what stands in for sign-offs beside a report; none where there is no such file.

    Raises
    ------
    GateError
        TID620 when the file is not what the console wrote, or is about another report.
    """
    path = folder / FILE
    if not path.is_file():
        return ()
    report = folder / CONTENT
    sha = digest(report.read_bytes()) if report.is_file() else ""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))["simulated"]
        found = [_read(one) for one in kept]
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise GateError("TID620", f"{path} is not what the console wrote. Remove it: nothing in it is a signature.") from error
    if any((one.model, one.month) != (folder.parent.name, folder.name) for one in found):
        raise GateError("TID620", f"{path} is about another report than the one beside it. Remove it: nothing in it is a signature.")
    return tuple(ReadSimulated(one, one.report_sha256 == sha) for one in found)


def _read(kept: Mapping[str, Any]) -> SimulatedSignOff:
    said = dict(kept)
    if said.pop("kind") != KIND or said.pop("simulated") is not True:
        raise ValueError("another kind of entry")
    return SimulatedSignOff(**said)
