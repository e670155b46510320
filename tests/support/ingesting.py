"""Ingest the tiny project in a test, with repeatable randomness and the fixed clock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from itertools import count
from pathlib import Path

from features.declarations.project import Project, load_project
from features.intake.load import ingest
from features.intake.report import IntakeReport
from features.keys import KeyRing, read_keys
from features.progress import Silent
from tests.support.projects import KEYS, NOW


def repeatable_bytes(seed: str = "seed") -> Callable[[int], bytes]:
    """Bytes that look random and are the same every time."""
    numbers = count()

    def token_bytes(size: int) -> bytes:
        return hashlib.shake_256(f"{seed}-{next(numbers)}".encode()).digest(size)

    return token_bytes


def keys_of(project: Project) -> KeyRing:
    """The tiny project's keys."""
    return read_keys(project, environ=KEYS)


def ingest_tiny(root: Path, *, now: datetime = NOW, seed: str = "seed") -> IntakeReport:
    """Ingest whatever lies in the project folder now."""
    project = load_project(root)
    return ingest(project, keys=keys_of(project), environ={}, now=now, progress=Silent(), token_bytes=repeatable_bytes(f"{seed}-{now}"))


def store_bytes(root: Path) -> dict[str, bytes]:
    """Everything in the store, by relative path."""
    folder = root / "var" / "store"
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
