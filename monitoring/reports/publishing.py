"""From texts to a report's folder, so that a run that is killed at any moment leaves no half report.

All files are written beside the reports first, and put in their places one after the other when every one of them is on disk, `report.json`
last. It names the SHA-256 of every page: what a kill between two of them left, an edited page, or one that is gone shows, and the next run
writes the report again.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from features.declarations.project import Project
from monitoring.files import CONTENT, digest, read_content, remove_leftovers, write_to_disk

OPTIONAL = ("evidently.html",)
"""Pages that a report may be without; one left from before goes when the report that has none is there."""


@contextmanager
def one_run_at_a_time(project: Project) -> Iterator[None]:
    """Keep another run of monitoring in the project waiting; the lock goes with the process, however it ends."""
    path = workplace(project) / "run.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def workplace(project: Project) -> Path:
    """Where monitoring keeps what is no report: drafts, locks and what waits to be sent."""
    return project.var / "monitoring"


def publish_report(project: Project, content: Mapping[str, Any], pages: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Write a report's pages and its JSON into its folder, and give the JSON's content, with the pages' hashes in `files`."""
    whole = {**content, "files": {name: digest(text.encode()) for name, text in sorted(pages.items())}}
    texts = {**pages, CONTENT: json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False) + "\n"}
    drafts = workplace(project) / "drafts"
    shutil.rmtree(drafts, ignore_errors=True)  # what a killed run left
    drafts.mkdir(parents=True)
    for name, text in texts.items():
        write_to_disk(drafts / name, text)
    folder.mkdir(parents=True, exist_ok=True)
    remove_leftovers(folder)
    for name in texts:
        (drafts / name).replace(folder / name)
    for name in OPTIONAL:
        if name not in texts:
            (folder / name).unlink(missing_ok=True)
    drafts.rmdir()
    return whole


def find_content(folder: Path) -> dict[str, Any] | None:
    """Read a report's JSON; None where there is none.

    Raises
    ------
    DataError
        TID482 when it is not what monitoring wrote.
    """
    path = folder / CONTENT
    return read_content(path) if path.is_file() else None


def changed_pages(folder: Path, content: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the pages that are not those the JSON was written with: edited, gone, or left from another report."""
    named = dict(content.get("files", {}))
    differing = {name for name, sha in named.items() if not (folder / name).is_file() or digest((folder / name).read_bytes()) != sha}
    strays = {name for name in OPTIONAL if name not in named and (folder / name).exists()}
    return tuple(sorted(differing | strays))
