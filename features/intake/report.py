"""What an ingest says about itself: counts by source and reason, never a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.manifest import StorePurpose


@dataclass(frozen=True)
class SourceReport:
    """What became of one file or query."""

    source: str
    name: str
    rows_read: int
    rows_loaded: int
    rows_already_loaded: int
    quarantined: Mapping[str, int]
    """Reason code -> rows."""
    unchanged: bool
    """The very same content was loaded before; it was not read again."""


@dataclass(frozen=True)
class IntakeReport:
    """What an ingest did."""

    batch: str | None
    """None when there was nothing new."""
    sources: tuple[SourceReport, ...]
    n_persons: Mapping[StorePurpose, int]
    quarantine: Path | None
    """File with reasons and line numbers, when any row was set aside."""

    @property
    def rows_loaded(self) -> int:
        """Rows that are new in the store."""
        return sum(source.rows_loaded for source in self.sources)

    def as_dict(self) -> dict[str, Any]:
        """Give the report as JSON-ready fields."""
        return {
            "batch": self.batch,
            "n_persons": dict(self.n_persons),
            "quarantine": str(self.quarantine) if self.quarantine else None,
            "sources": [
                {
                    "source": s.source,
                    "file": s.name,
                    "rows_read": s.rows_read,
                    "rows_loaded": s.rows_loaded,
                    "rows_already_loaded": s.rows_already_loaded,
                    "quarantined": dict(s.quarantined),
                    "unchanged": s.unchanged,
                }
                for s in self.sources
            ],
        }
