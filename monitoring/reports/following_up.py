"""After the reports: incidents of the signals that failed, their pages, and what goes to the sinks that a project declares.

All of it is done again by the next run where this one was killed, and doing it again changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from features.declarations.project import Project
from monitoring.incidents.book import read_incidents
from monitoring.incidents.pages import write_incident_pages
from monitoring.incidents.steps import open_for_report
from monitoring.reports.sign_offs import Statement
from monitoring.sinks.events import Event, event_of_sign_off, events_of_incident, events_of_report
from monitoring.sinks.sending import Sent, World, put_events, send_waiting


def follow_up(project: Project, contents: Iterable[Mapping[str, Any]], *, world: World, now: datetime) -> tuple[Sent, ...]:
    """Open incidents for what failed in these reports, write the incidents' pages, and send what there is to send.

    Raises
    ------
    LedgerError
        TID801 to TID805 when the incidents' book does not verify.
    """
    known = tuple(contents)
    for content in known:
        open_for_report(project, content, now=now)
    write_incident_pages(project, now=now)
    events = [event for content in known for event in events_of_report(project.id, content)]
    put_events(project, [*events, *_incident_events(project, now=now)], now=now)
    return send_waiting(project, world)


def send_incidents(project: Project, *, world: World, now: datetime) -> tuple[Sent, ...]:
    """Tell the sinks of incidents that are open, and of their clocks that are over."""
    put_events(project, _incident_events(project, now=now), now=now)
    return send_waiting(project, world)


def send_signed(project: Project, said: Statement, *, environ: Mapping[str, str], now: datetime) -> tuple[Sent, ...]:
    """Tell the sinks that a report was signed off."""
    event = event_of_sign_off(
        project.id,
        synthetic=project.is_synthetic,
        model=said.model,
        month=said.month,
        report_sha256=said.report_sha256,
        role=said.role,
        key=said.key,
    )
    put_events(project, [event], now=now)
    return send_waiting(project, world_of(environ))


def world_of(environ: Mapping[str, str]) -> World:
    """Take the clock and the way to wait from this machine, for a command."""
    return World(environ, lambda: datetime.now(UTC), time.sleep)


def _incident_events(project: Project, *, now: datetime) -> list[Event]:
    synthetic = project.is_synthetic
    open_ones = [incident for incident in read_incidents(project) if incident.is_open]
    return [event for incident in open_ones for event in events_of_incident(project.id, incident, synthetic=synthetic, now=now)]
