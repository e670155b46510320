"""What leaves by a sink: codes, counts of signals and moments. No text that a person wrote, no name of a group, nothing about anybody."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from features.declarations.watching import EventKind
from features.ledger import canonical_json
from monitoring.incidents.record import Incident

FORMAT = 1

Fact = str | int | bool | None | list[str]


@dataclass(frozen=True)
class Event:
    """One thing that happened, the same each time it is told.

    Attributes
    ----------
    facts
        Codes, months, versions, hashes and moments.
    """

    kind: EventKind
    project: str
    synthetic: bool
    model: str
    facts: Mapping[str, Fact]

    @property
    def id(self) -> str:
        """Digest of what happened: told twice, it has the same id, so that a receiver knows."""
        said = {"kind": self.kind, "project": self.project, "model": self.model, "facts": dict(self.facts)}
        return hashlib.sha256(canonical_json(said)).hexdigest()

    def as_dict(self, *, at: datetime) -> dict[str, Any]:
        """Give the event as it leaves; `at` is when it was put in the outbox."""
        return {
            "format": FORMAT,
            "id": self.id,
            "kind": self.kind,
            "at": at.isoformat(timespec="seconds"),
            "project": self.project,
            "synthetic": self.synthetic,
            "model": self.model,
            **self.facts,
        }


def events_of_report(project: str, content: Mapping[str, Any]) -> Iterator[Event]:
    """Tell that a report was written, and each signal of it that failed."""
    about: dict[str, Fact] = {name: str(content[name]) for name in ("version", "month", "inputs_hash")}
    synthetic, model = bool(content["synthetic"]), str(content["model"])
    verdicts = [f"{signal['code']}={signal['verdict']}" for signal in content["signals"]]
    stopping = [str(code) for code in content["stopped_by"]]
    yield Event("report_written", project, synthetic, model, {**about, "signals": verdicts, "stopped_by": stopping})
    for signal in content["signals"]:
        if signal["verdict"] == "FAILED":
            facts: dict[str, Fact] = {"signal": str(signal["code"]), "stops_the_model": str(signal["code"]) in stopping}
            yield Event("signal_failed", project, synthetic, model, {**about, **facts})


def events_of_incident(project: str, incident: Incident, *, synthetic: bool, now: datetime) -> Iterator[Event]:
    """Tell that an incident was opened, and each clock of it whose time is over; what people wrote in it stays here."""
    about: dict[str, Fact] = {"incident": incident.id, "signal": incident.signal, "responsible": incident.responsible}
    opened: dict[str, Fact] = {"opened_at": incident.opened_at.isoformat(timespec="seconds")}
    yield Event("incident_opened", project, synthetic, incident.model, {**about, **opened})
    for clock in incident.overdue(now):
        due: dict[str, Fact] = {"duty": clock.duty, "due_at": clock.due_at.isoformat(timespec="seconds")}
        yield Event("incident_overdue", project, synthetic, incident.model, {**about, **due})


def event_of_sign_off(project: str, *, synthetic: bool, model: str, month: str, report_sha256: str, role: str, key: str) -> Event:
    """Tell that a report was signed off: by which role, not by whom and not in which words."""
    facts: dict[str, Fact] = {"month": month, "report_sha256": report_sha256, "role": role, "key": key}
    return Event("report_signed", project, synthetic, model, facts)
