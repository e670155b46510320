"""What a backup holds: every file with its SHA-256, every table with its rows, and where the ledgers stood."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

NAME = "manifest.json"


class BackupManifest(BaseModel):
    """The last member of a backup; what it does not name is not restored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = 1
    project: str
    synthetic: bool
    made_at: datetime
    schema_revision: str
    has_store: bool
    log_count: int
    log_head: str
    promotions_count: int
    promotions_head: str
    rows: dict[str, int]
    """Table -> rows."""
    files: dict[str, str]
    """Path in the backup -> SHA-256."""


def sha256_of(path: Path) -> str:
    """Digest a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
