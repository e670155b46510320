"""Rows that break the contract: counted by reason, their line numbers kept, their values never."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from features.errors import IntakeError
from features.intake.reasons import REASONS

LINES_KEPT = 20


@dataclass
class FileTally:
    """What became of one file's rows, while it is being read.

    Line numbers are those of the file: the header of a CSV is line 1. For Parquet and queries they are row numbers, counted from 1.
    """

    source: str
    name: str
    max_bad_share: float
    rows_read: int = 0
    already_loaded: int = 0
    """Rows that the store, or an earlier file of this ingest, already has."""
    reasons: dict[str, int] = field(default_factory=dict)
    lines: dict[str, list[int]] = field(default_factory=dict)
    hints: set[str] = field(default_factory=set)

    @property
    def rows_bad(self) -> int:
        """Rows in quarantine."""
        return sum(self.reasons.values())

    @property
    def rows_loaded(self) -> int:
        """Rows that reached the store."""
        return self.rows_read - self.rows_bad - self.already_loaded

    def add(self, reason: str, lines: Sequence[int], *, count: int | None = None) -> None:
        """Count rows under a reason and keep the first line numbers."""
        self.reasons[reason] = self.reasons.get(reason, 0) + (len(lines) if count is None else count)
        kept = self.lines.setdefault(reason, [])
        self.lines[reason] = sorted({*kept, *(int(line) for line in lines)})[:LINES_KEPT]

    def check_share(self) -> None:
        """Refuse the file when too many of its rows break the contract.

        Raises
        ------
        IntakeError
            TID309.
        """
        if self.rows_bad > self.max_bad_share * self.rows_read:
            raise IntakeError(
                "TID309",
                f"{self.name} (source {self.source}): {self.rows_bad} of {self.rows_read} rows break the contract, more than "
                f"`max_bad_share` = {self.max_bad_share:g} allows; nothing was loaded. {self.describe()} Mend the file, or "
                "the source's declaration, and ingest again.",
            )

    def describe(self) -> str:
        """Say what was wrong, where, and what was expected; one sentence a reason, hints last."""
        texts = [
            f"{reason}: {count} rows (first at line {', '.join(map(str, self.lines[reason][:3]))}), expected {REASONS[reason]}."
            for reason, count in sorted(self.reasons.items(), key=lambda item: -item[1])
        ]
        return " ".join([*texts, *sorted(self.hints)])

    def as_dict(self) -> dict[str, Any]:
        """Give the tally as the quarantine file has it."""
        return {
            "source": self.source,
            "file": self.name,
            "rows_read": self.rows_read,
            "rows_in_quarantine": self.rows_bad,
            "reasons": {
                reason: {"rows": count, "expected": REASONS[reason], "first_lines": self.lines[reason]}
                for reason, count in self.reasons.items()
            },
            "hints": sorted(self.hints),
        }


def write_quarantine(
    folder: Path, tallies: Iterable[FileTally], *, batch: str, now: datetime, rejected: Mapping[str, str] | None
) -> Path | None:
    """Write ``<batch>.json`` when any row was set aside or a file was refused; return its path.

    `rejected` is code and message of the error that stopped the ingest, if one did.
    """
    files = [tally.as_dict() for tally in tallies if tally.rows_bad]
    if not files and rejected is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{batch}.json"
    document = {"batch": batch, "written_at": now.isoformat(), "loaded": rejected is None, "rejected": rejected, "files": files}
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
