"""The monthly reports, and what each model's newest one signals. Aggregates only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from features.declarations.catalogue import Wording
from features.findings import Finding
from serving.aggregates.overview import ReportLine, list_reports, reports_folder
from serving.console.rendering import page
from serving.http.dependencies import CallerOf, ProjectOf

router = APIRouter(prefix="/monitoring")

FILES = {
    "report.html": "monitoring.file.nb",
    "report-en.html": "monitoring.file.en",
    "evidently.html": "monitoring.file.drift",
    "report.json": "monitoring.file.data",
}
"""File of a month's report -> key of its name."""


@dataclass(frozen=True)
class ReportShown:
    """One month's report of one model, with what it signals."""

    line: ReportLine
    outcome: Wording
    stage: Wording
    signals: Sequence[Finding]
    suspended_by: Sequence[str]

    @property
    def month(self) -> date:
        """First day of the report's month."""
        return date.fromisoformat(f"{self.line.month}-01")

    @property
    def files(self) -> Mapping[str, str]:
        """What there is to open: key of its name -> address."""
        there = {path.rpartition("/")[2]: f"/reports/{path}" for path in self.line.files}
        return {key: there[name] for name, key in FILES.items() if name in there}


@router.get("")
def reports(request: Request, account: CallerOf, project: ProjectOf) -> HTMLResponse:
    """List reports, newest first, and the signals of each model's newest one."""
    folder = reports_folder(project)
    shown = [read_report(folder, line) for line in list_reports(folder, account) if f"{line.model}/{line.month}/report.json" in line.files]
    return page(request, "monitoring.html", account=account, reports=shown, newest=_newest(shown))


def read_report(folder: Path, line: ReportLine) -> ReportShown:
    """Read what the page needs of a report's JSON."""
    content = json.loads((folder / line.model / line.month / "report.json").read_text(encoding="utf-8"))
    return ReportShown(
        line,
        Wording(**content["outcome"]),
        Wording(**content["stage"]),
        [Finding(s["code"], s["title"], s["verdict"], s["evidence"]) for s in content["signals"]],
        content["suspended_by"],
    )


def _newest(reports: Sequence[ReportShown]) -> list[ReportShown]:
    by_model: dict[str, ReportShown] = {}
    for report in sorted(reports, key=lambda r: r.line.month):
        by_model[report.line.model] = report
    return list(by_model.values())
