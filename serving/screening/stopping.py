"""Monitoring stops a model: the newest monthly report of each model that serves is read, and a signal that must stop it does (R-30).

Read by `tidlig screen` before it proposes anybody and by the running service every quarter of an hour. What stops is declared by the
project (`[review] stopping_signals`) among the signals whose report says *suspend*. Two findings need no signal: a catalogue, stage or
outcome that is not the one the model learnt from, and a report or a model's files that can't be read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.errors import ModelError
from models.bundle import model_name
from models.deployment import Champion, bundle_folder, find_champion
from models.rungs.rung import read_json
from serving.aggregates.overview import reports_folder
from serving.scoring.suspensions import suspend_by_system

REPORT = "report.json"


@dataclass(frozen=True)
class Finding:
    """Why a model may not go on by itself; the same words each time, so that a finding stops it once."""

    model_name: str
    reason: str


def suspend_by_findings(session: Session, project: Project, *, now: datetime) -> tuple[Finding, ...]:
    """Suspend the models that something speaks against, and give the findings that were new."""
    return tuple(
        finding
        for finding in list_findings(project)
        if suspend_by_system(session, model_name=finding.model_name, reason=finding.reason, now=now)
    )


def list_findings(project: Project) -> list[Finding]:
    """List what speaks against the models that serve, in the order of the project's stages and outcomes."""
    names = [model_name(project.id, o, s.name) for s in project.stages.values() for o in s.outcomes]
    return [Finding(name, reason) for name in names for reason in _findings_of(project, name)]


def _findings_of(project: Project, name: str) -> list[str]:
    try:
        champion = find_champion(project, name)
        found = [] if champion is None else [_changed_contract(project, champion), _newest_report(project, champion)]
    except ModelError as error:
        return [f"The model's files can't be read ({error.code})."]
    return [reason for reason in found if reason is not None]


def _changed_contract(project: Project, champion: Champion) -> str | None:
    """Say that the catalogue is not the model's: what goes in is no longer what it learnt from."""
    learnt = str(read_json(bundle_folder(project, champion.name, champion.version) / "bundle.json").get("contract_hash"))
    if learnt == project.contract_hash:
        return None
    return f"Version {champion.version} learnt under contract {learnt[:12]}, the project's is {project.contract_hash[:12]}."


def _newest_report(project: Project, champion: Champion) -> str | None:
    """Read the newest report on the version that serves; one on an earlier version says nothing of this one."""
    months = sorted((reports_folder(project) / champion.name).glob(f"*/{REPORT}"), reverse=True)
    for path in months:
        content = _read(path)
        if content is None:
            return f"The report of {path.parent.name} can't be read."
        if str(content.get("version")) == champion.version:
            stopping = [code for code in content["suspended_by"] if code in project.screening.review.stopping_signals]
            return f"Report of {path.parent.name} on version {champion.version}: {', '.join(stopping)}." if stopping else None
    return None


def _read(path: Path) -> Mapping[str, Any] | None:
    """Read a report; None for a file that is none, which is a finding of its own: nobody knows what it said."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and isinstance(content.get("suspended_by"), list) else None
