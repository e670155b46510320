"""Moving a finished ingest into place, and clearing away what a killed one left."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.errors import IntakeError
from features.manifest import Manifest, PurposeEntry, flush_folder


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the store's lock; two ingests at once would overwrite each other's manifest."""
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise IntakeError("TID317", f"another ingest into {folder} is running. Wait for it to end, then ingest again.") from error
        yield


def move_into(source: Path, target: Path) -> None:
    """Move a purpose's new subjects and batch folders into its store."""
    if not source.exists():
        return
    (target / "batches").mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        if path.is_dir():
            for batch in path.iterdir():
                batch.rename(target / path.name / batch.name)
            flush_folder(target / path.name)
        else:
            path.rename(target / path.name)
    flush_folder(target)


def clear_leftovers(folder: Path, manifest: Manifest | None, *, keep: Path | None = None) -> None:
    """Remove what no manifest names: left by a killed run, or superseded by the last one."""
    for path in (*folder.glob("tmp-*"), *folder.glob("*.tmp")):
        if path != keep:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    named = {manifest.mapping, manifest.consents} if manifest else set()
    for path in (*folder.glob("mapping-*.parquet"), *folder.glob("consents-*.parquet")):
        if path.name not in named:
            path.unlink()
    for purpose in ("train", "score", "audit"):
        entry = manifest.purposes.get(purpose) if manifest else None
        _clear_purpose(folder / purpose, entry)


def _clear_purpose(folder: Path, entry: PurposeEntry | None) -> None:
    for path in folder.glob("subjects-*.parquet"):
        if entry is None or path.name != entry.subjects:
            path.unlink()
    named = {Path(batch.folder).name for batch in entry.batches} if entry else set()
    for path in (folder / "batches").glob("*"):
        if path.name not in named:
            shutil.rmtree(path)
