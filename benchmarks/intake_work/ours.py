"""Ours: the whole ingest, from the files to a committed store."""

from __future__ import annotations

import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.intake_work.work import KEYS, Format, write_project
from features.declarations.project import load_project
from features.intake.load import ingest
from features.keys import read_keys
from features.progress import Silent

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def ingest_files(data: str, work: str, kind: Format, purposes: str) -> int:
    """Check, pseudonymise, spread and commit; returns the rows read from the records' file."""
    shutil.rmtree(work, ignore_errors=True)
    project = load_project(write_project(Path(work), Path(data), kind=kind, purposes=tuple(purposes.split(","))))
    keys = read_keys(project, environ=KEYS)
    report = ingest(project, keys=keys, environ={}, now=NOW, progress=Silent(), token_bytes=secrets.token_bytes)
    (records,) = (source for source in report.sources if source.source == "records")
    return records.rows_read
