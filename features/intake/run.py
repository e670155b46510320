"""One ingest under way: what it was given, where it works, and what it has counted so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from features.declarations.project import Project
from features.intake.batches import StoredBatches
from features.intake.quarantine import FileTally
from features.intake.sources import SourceUnit
from features.keys import KeyRing, TokenBytes
from features.manifest import Manifest, PurposeEntry, StorePurpose
from features.progress import Progress


@dataclass
class Run:
    """One ingest under way."""

    project: Project
    keys: KeyRing
    environ: Mapping[str, str]
    now: datetime
    token_bytes: TokenBytes
    progress: Progress
    folder: Path
    before: Manifest | None
    purposes: tuple[StorePurpose, ...]
    batch: str
    workers: int
    tallies: dict[SourceUnit, FileTally] = field(default_factory=dict)
    unchanged: set[SourceUnit] = field(default_factory=set)

    @property
    def workspace(self) -> Path:
        """Folder in which everything is written before it is moved into place."""
        return self.folder / f"tmp-{self.batch}"

    @property
    def generation(self) -> int:
        """Number of the manifest that this ingest will write."""
        return self.before.generation + 1 if self.before else 1

    def entry(self, purpose: StorePurpose) -> PurposeEntry | None:
        """What the store held for a purpose before."""
        return self.before.purposes.get(purpose) if self.before else None

    def stored(self, purpose: StorePurpose) -> StoredBatches:
        """Where a purpose's records lie already."""
        entry = self.entry(purpose)
        return StoredBatches(self.folder / purpose, entry.batches if entry else ())

    def tally(self, unit: SourceUnit) -> FileTally:
        """The count of what became of a unit's rows."""
        return self.tallies.setdefault(unit, FileTally(unit.source.name, unit.name, unit.source.max_bad_share))
