"""The promotions' ledger: which version of a model served when, who signed, and what came before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from features.declarations.project import Project
from features.ledger import Entry, append_next, read_entries, verify

PROMOTED = "model_promoted"
ROLLED_BACK = "model_rolled_back"
ACTOR = "training.registry"


@dataclass(frozen=True)
class Served:
    """A version that serves or served."""

    version: str
    bundle_hash: str
    justified_until: date | None = None
    """Last day of the justification that it was promoted with, if it needed one."""


JUSTIFIED_DAYS = 183
"""A justification of a difference between groups expires after six months (R-12)."""


@dataclass(frozen=True)
class Justification:
    """Why a difference between groups is lawful all the same, and which gates it answers for."""

    gates: tuple[str, ...]
    text: str


def justified_until(now: datetime) -> date:
    """Last day of a justification signed now."""
    return (now + timedelta(days=JUSTIFIED_DAYS)).date()


def ledger_path(project: Project) -> Path:
    """Training's ledger file."""
    return project.var / "ledger" / "promotions.jsonl"


def record_promotion(
    project: Project, name: str, served: Served, *, signers: Sequence[str], now: datetime, justified: Justification | None = None
) -> Entry:
    """Write that a version is to serve, who signed, and what they answered for."""
    history = serving_history(project, name)
    more: dict[str, Any] = {}
    if justified is not None:
        more = {
            "justified_gates": list(justified.gates),
            "justification": justified.text,
            "justification_expires_on": justified_until(now).isoformat(),
        }
    return _append(project, PROMOTED, name, served, signers, before=history[-1:], now=now, more=more)


def record_rollback(project: Project, name: str, back_to: Served, *, signer: str, now: datetime) -> Entry:
    """Write that the version before serves again, and who signed."""
    history = serving_history(project, name)
    return _append(project, ROLLED_BACK, name, back_to, [signer], before=history[-1:], now=now)


def serving_history(project: Project, name: str) -> tuple[Served, ...]:
    """Versions that a rollback can go through, the serving one last; a rollback takes the last one away.

    Raises
    ------
    LedgerError
        TID801 to TID805 when the ledger does not verify.
    """
    path = ledger_path(project)
    verify(read_entries(path))
    history: list[Served] = []
    for entry in read_entries(path):
        if entry.public.get("model") != name:
            continue
        if entry.action == PROMOTED:
            until = entry.public.get("justification_expires_on")
            until_day = None if until is None else date.fromisoformat(str(until))
            history.append(Served(str(entry.public["version"]), str(entry.public["bundle_hash"]), until_day))
        elif entry.action == ROLLED_BACK:
            history.pop()
    return tuple(history)


def _append(
    project: Project,
    action: str,
    name: str,
    served: Served,
    signers: Sequence[str],
    *,
    before: Sequence[Served],
    now: datetime,
    more: Mapping[str, Any] | None = None,
) -> Entry:
    path = ledger_path(project)
    path.parent.mkdir(parents=True, exist_ok=True)
    public = {
        "model": name,
        "version": served.version,
        "bundle_hash": served.bundle_hash,
        "before": before[0].version if before else None,
        "signers": sorted({signer.strip() for signer in signers}),
        "simulated": True,
        "synthetic": project.is_synthetic,
        **(more or {}),
    }
    return append_next(path, recorded_at=now, actor=ACTOR, action=action, purpose="train", public=public)
