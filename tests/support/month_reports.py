"""A month's report as monitoring writes it, of invented people, for the console's pages."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from monitoring.files import digest
from monitoring.reports.content import build_content
from tests.unit.monitoring.test_report import SUBJECT, findings


def write_month(reports: Path, *, month: str, matured: bool = False, **changes: Any) -> dict[str, Any]:
    """Write a whole report.json with its page beside it, and give its content."""
    folder = reports / SUBJECT.model / month
    folder.mkdir(parents=True, exist_ok=True)
    page = "<!doctype html><title>Report</title>"
    (folder / "report.html").write_text(page, encoding="utf-8")
    written = {**json.loads(_content(matured=matured)), "month": month, "files": {"report.html": digest(page.encode())}, **changes}
    (folder / "report.json").write_text(json.dumps(written), encoding="utf-8")
    return written


@cache
def _content(*, matured: bool) -> str:
    """Measure and publish, which takes seconds, once for all months alike."""
    outcome, stage = {"nn": "Ikkje fullført", **SUBJECT.outcome}, {"nn": "10. steg", **SUBJECT.stage}
    content = build_content(replace(SUBJECT, outcome=outcome, stage=stage), findings(matured=matured))
    return json.dumps(content, default=str)
