"""A file that gets a line for each event; a line is whole or not there."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from features.declarations.project import Project
from features.errors import DataError


def sink_path(project: Project, path: str) -> Path:
    """Say where a declared file lies.

    Raises
    ------
    DataError
        TID497 when it would lie among what the service keeps, where a line of ours would damage something.
    """
    found = (project.root / path).resolve()
    var = project.var.resolve()
    if found == project.root.resolve() or found.is_dir() or (found.is_relative_to(var) and found.parent != var / "events"):
        raise DataError(
            "TID497", f"the file sink {path} of {project.root} lies where this program keeps something else. Choose var/events/NAME.jsonl."
        )
    return found


def append_line(path: Path, line: bytes) -> None:
    """Append one line, on disk when this returns; what a killed writer left of a line goes first.

    Raises
    ------
    OSError
        When the file can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(_end_of_last_line(file.seek(0, os.SEEK_END), file.fileno()))
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _end_of_last_line(size: int, descriptor: int) -> int:
    """Find where the last whole line ends, reading backwards."""
    end = size
    while end > 0:
        start = max(0, end - (1 << 16))
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
