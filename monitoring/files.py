"""Files that monitoring writes whole or not at all, and the one JSON of each report that it reads again."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from features.errors import DataError

CONTENT = "report.json"
"""The report's one document; its pages show what is in it."""


def read_content(path: Path) -> dict[str, Any]:
    """Read a report's JSON.

    Raises
    ------
    DataError
        TID482.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(
            "TID482", f"{path} is not the JSON that monitoring wrote. Remove the folder and run `tidlig monitor` again."
        ) from error
    return content


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def write_whole(path: Path, text: str) -> None:
    """Write one file, whole or not at all; the draft beside it is of this process alone."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    write_to_disk(draft, text)
    draft.replace(path)


def remove_leftovers(folder: Path) -> None:
    """Remove the drafts of `write_whole` that killed processes left in a folder."""
    for draft in folder.glob(".*.*"):
        process = draft.name.rpartition(".")[2]
        if process.isdigit() and not _is_running(int(process)):
            draft.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, so it runs
        return True
    return True


def write_to_disk(path: Path, text: str) -> None:
    """Write a new file that is on disk when this returns."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
