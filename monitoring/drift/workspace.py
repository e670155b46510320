"""Opens Evidently's own console over the project's workspace, on this machine alone and without its telemetry."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from features.declarations.project import Project
from features.errors import DataError

NO_TELEMETRY: Mapping[str, str] = {"DO_NOT_TRACK": "true", "ITERATIVE_DO_NOT_TRACK": "true"}
"""What keeps Evidently from telling its makers that it runs; either is enough for what it has today."""

_PROGRAM = "from evidently.cli import app; app(prog_name='evidently')"


def workspace_of(project: Project) -> Path:
    """Folder of the workspace, written by the monthly report."""
    return project.var / "evidently"


def open_workspace(project: Project, *, port: int, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start ``evidently ui`` over the workspace, listening to this machine alone.

    Parameters
    ----------
    environ
        Environment of the new process; what turns telemetry off is added here.

    Raises
    ------
    DataError
        TID480 when no report has written there yet.
    """
    folder = workspace_of(project)
    if not folder.is_dir():
        raise DataError("TID480", f"{folder} is not there yet. `tidlig monitor` writes it when enough people were screened.")
    command = [sys.executable, "-c", _PROGRAM, "ui", "--host", "127.0.0.1", "--port", str(port), "--workspace", str(folder)]
    return subprocess.Popen(command, env={**environ, **NO_TELEMETRY})  # noqa: S603 - our own interpreter, no shell, a port that is a number
