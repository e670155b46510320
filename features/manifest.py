"""The manifest of a project's store: the one commit point.

What it names is in the store; what it does not name is a leftover of a run that was killed, and no reader ever sees it. A new manifest
replaces the old one by rename.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from features.errors import DataError

StorePurpose = Literal["train", "score", "audit"]
FILE = "manifest.json"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BatchEntry(_Table):
    """One immutable folder of parts, written by one ingest."""

    folder: str
    """Relative to the purpose's folder."""
    rows: int
    parts: dict[int, str]
    """Part number -> SHA-256 of its file."""


class PurposeEntry(_Table):
    """What one purpose's store holds."""

    subjects: str
    """File name in the purpose's folder."""
    subjects_hash: str
    n_persons: int
    """One more than the highest person code."""
    batches: tuple[BatchEntry, ...] = ()


class LoadedEntry(_Table):
    """One file, or one query over files, that has been loaded under one declaration of its source."""

    source: str
    name: str
    content: str
    """SHA-256 of the content."""
    declaration: str
    """SHA-256 of the source's declaration and of the indicators that it may give."""
    strangers: int = 0
    """Rows of people that no persons source knew: read again once there are new people."""


class Manifest(_Table):
    """Everything that is in the store."""

    generation: int = 0
    synthetic: bool
    mapping: str | None = None
    consents: str | None = None
    """File of the delivered consents; None when no source delivers any."""
    purposes: dict[StorePurpose, PurposeEntry] = {}
    loaded: tuple[LoadedEntry, ...] = ()


def find_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of a store's folder, or None when nothing has been ingested yet.

    Raises
    ------
    DataError
        TID416 when the file does not read as a manifest.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DataError(
            "TID416",
            f"{path} does not read as a store's manifest ({error.error_count()} problems). Only `tidlig ingest` writes it: restore it "
            "from a backup, or remove the folder `store` and ingest again.",
        ) from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest by rename; everything that it names must be on disk already."""
    temporary = folder / f"{FILE}.tmp"
    with temporary.open("w", encoding="utf-8") as file:
        file.write(manifest.model_dump_json(indent=1))
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, folder / FILE)  # noqa: PTH105 - a test breaks exactly this call
    flush_folder(folder)


def flush_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_hash(entry: PurposeEntry) -> str:
    """SHA-256 over everything that one purpose's store holds."""
    return hashlib.sha256(json.dumps(entry.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
