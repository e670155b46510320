"""What the operator's monitoring may know of the models' reports, as Prometheus' gauges: on the service's /metrics and in a file.

Only what the reports publish: verdicts by code, moments, a number of people where the report tells it, how many incidents are open.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from features.declarations.project import Project
from features.errors import ScreeningError
from features.findings import Verdict
from models.promotion.signers import Signers, read_signers
from monitoring.files import CONTENT, read_content
from monitoring.incidents.book import read_incidents
from monitoring.reports.sign_offs import SignOffState, read_sign_offs, sign_off_state

SECONDS_A_DAY = 86_400


def report_gauges(project: Project, *, now: datetime) -> Iterator[Metric]:
    """Tell the newest report of each model, and the incidents.

    What can't be read is told as such (`tidlig_report_readable`, `tidlig_incidents_readable` of 0): whoever watches has to learn of it.
    """
    newest = _newest_reports(project)
    yield from _report_families(newest, signers=_find_signers(project), now=now)
    yield from _incident_families(project, models=sorted(newest), now=now)


class ReportGauges(Collector):
    """Reads the reports when somebody asks for metrics."""

    def __init__(self, project: Project, clock: Callable[[], datetime]) -> None:
        self._project, self._clock = project, clock

    def collect(self) -> Iterator[Metric]:
        """Give the gauges as of now."""
        yield from report_gauges(self._project, now=self._clock())


def write_textfile(project: Project, path: Path, *, now: datetime) -> None:
    """Write the gauges to a file for node_exporter's textfile collector, whole or not at all.

    Raises
    ------
    OSError
        When the file can't be written.
    """
    registry = CollectorRegistry()
    registry.register(ReportGauges(project, lambda: now))
    draft = path.with_name(f".{path.name}.{os.getpid()}")  # not ending in .prom: node_exporter reads no draft
    draft.write_bytes(generate_latest(registry))
    draft.replace(path)


def _newest_reports(project: Project) -> dict[str, Path]:
    """Find the folder of each model's newest report."""
    return {path.parent.parent.name: path.parent for path in sorted((project.var / "reports").glob(f"*/*/{CONTENT}"))}


def _find_signers(project: Project) -> Signers | None:
    try:
        return read_signers(project)
    except ScreeningError:  # told below: no sign-off holds while nobody knows who may sign
        return None


def _report_families(newest: Mapping[str, Path], *, signers: Signers | None, now: datetime) -> Iterator[Metric]:
    readable = GaugeMetricFamily("tidlig_report_readable", "Whether the model's newest monthly report can be read.", labels=["model"])
    made = GaugeMetricFamily("tidlig_report_made_timestamp_seconds", "When it was made: seconds since 1970.", labels=["model"])
    age = GaugeMetricFamily("tidlig_report_age_days", "Days since the records that it is about.", labels=["model"])
    people = GaugeMetricFamily("tidlig_report_people", "People in it; not told where fewer than five.", labels=["model"])
    signal = GaugeMetricFamily("tidlig_signal", "1 for the verdict that a signal has.", labels=["model", "signal", "verdict"])
    stops = GaugeMetricFamily("tidlig_report_stops_model", "Whether its signals suspend the model by themselves.", labels=["model"])
    signed = GaugeMetricFamily("tidlig_report_sign_off", "1 for how its sign-off stands.", labels=["model", "state"])
    for model, folder in newest.items():
        content = _find_content(folder)
        readable.add_metric([model], content is not None)
        if content is None:
            continue
        made.add_metric([model], datetime.fromisoformat(content["made_at"]).timestamp())
        age.add_metric([model], (now.date() - max(map(date.fromisoformat, content["as_of"]))).days)
        if content["bands"]["all"] is not None:
            people.add_metric([model], content["bands"]["all"])
        for one in content["signals"]:
            for verdict in get_args(Verdict):
                signal.add_metric([model, one["code"], verdict], one["verdict"] == verdict)
        stops.add_metric([model], bool(content.get("stopped_by", content["suspended_by"])))
        state = _state(folder, signers)
        for other in get_args(SignOffState):
            signed.add_metric([model, other], state == other)
    yield from (readable, made, age, people, signal, stops, signed)


def _incident_families(project: Project, *, models: list[str], now: datetime) -> Iterator[Metric]:
    readable = GaugeMetricFamily("tidlig_incidents_readable", "Whether the incidents' book can be read and verifies.")
    still_open = GaugeMetricFamily("tidlig_incidents_open", "Incidents that are not closed.", labels=["model"])
    overdue = GaugeMetricFamily("tidlig_incidents_overdue", "Incidents with a clock whose time is over.", labels=["model"])
    try:
        incidents = read_incidents(project)
    except ScreeningError:  # told as such
        readable.add_metric([], 0)
        yield readable
        return
    readable.add_metric([], 1)
    for model in sorted({*models, *(incident.model for incident in incidents)}):
        mine = [incident for incident in incidents if incident.model == model]
        still_open.add_metric([model], sum(incident.is_open for incident in mine))
        overdue.add_metric([model], sum(bool(incident.overdue(now)) for incident in mine))
    yield from (readable, still_open, overdue)


def _find_content(folder: Path) -> dict[str, Any] | None:
    """Read a report; None where it can't be read, which the gauges tell."""
    try:
        content = read_content(folder / CONTENT)
    except (OSError, ScreeningError):
        return None
    return content if isinstance(content, dict) and {"made_at", "as_of", "bands", "signals", "suspended_by"} <= set(content) else None


def _state(folder: Path, signers: Signers | None) -> SignOffState:
    try:
        return "invalid" if signers is None else sign_off_state(read_sign_offs(folder, signers=signers))
    except ScreeningError:
        return "invalid"
