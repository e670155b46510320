"""Read a month's report and the model's earlier ones. Figures are taken as they were published; none is worked out again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from features.declarations.catalogue import Wording
from features.findings import Finding
from monitoring.files import CONTENT, read_content
from serving.errors import NotFoundError

READABLE = frozenset({5, 6})
"""Formats of report.json whose parts these pages know; of another one only the report's own pages are offered."""

MONTHS_SHOWN = 12
"""Newest months of a course."""

_MODEL = re.compile(r"[a-z0-9][a-z0-9_-]{0,150}")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


@dataclass(frozen=True)
class Month:
    """One month's report of one model."""

    folder: Path
    content: Mapping[str, Any]

    @property
    def model(self) -> str:
        """Name of the model."""
        return self.folder.parent.name

    @property
    def name(self) -> str:
        """The month, as ``2026-10``."""
        return self.folder.name

    @property
    def first_day(self) -> date:
        """First day of the month."""
        return date.fromisoformat(f"{self.name}-01")

    @property
    def made_at(self) -> datetime:
        """When the report was made."""
        return datetime.fromisoformat(str(self.content["made_at"]))

    @property
    def is_readable(self) -> bool:
        """Whether its parts can be shown here."""
        return self.content.get("format") in READABLE

    @property
    def outcome(self) -> Wording:
        """What the model is about."""
        return Wording(**self.content["outcome"])

    @property
    def stage(self) -> Wording:
        """Whom it is about."""
        return Wording(**self.content["stage"])

    @property
    def signals(self) -> list[Finding]:
        """The signals, in their order."""
        return [Finding(one["code"], one["title"], one["verdict"], one["evidence"]) for one in self.content["signals"]]

    @property
    def path(self) -> str:
        """Address of its first page."""
        return f"/monitoring/{self.model}/{self.name}"


def get_month(reports: Path, model: str, month: str) -> Month:
    """Return a month's report.

    Raises
    ------
    NotFoundError
        TID710 where there is none of that name.
    DataError
        TID482 where it is not what monitoring wrote.
    """
    folder = reports / model / month
    if not _MODEL.fullmatch(model) or not _MONTH.fullmatch(month) or not (folder / CONTENT).is_file():
        raise NotFoundError("report")
    return Month(folder, read_content(folder / CONTENT))


def read_course(month: Month) -> Sequence[Month]:
    """Read the model's reports up to this one, oldest first; those of another format are left out.

    Raises
    ------
    DataError
        As `get_month`.
    """
    folders = sorted(path.parent for path in month.folder.parent.glob(f"*/{CONTENT}"))
    names = [folder for folder in folders if _MONTH.fullmatch(folder.name) and folder.name < month.name]
    found = [Month(folder, read_content(folder / CONTENT)) for folder in names[-(MONTHS_SHOWN - 1) :]]
    return [one for one in (*found, month) if one.is_readable]
