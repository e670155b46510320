"""What is not about one person: screenings, models, reports, the log's metadata. Small numbers are hidden."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.catalogue import Wording
from features.declarations.project import Project
from features.small_cells import SMALLEST_CELL
from serving.access.accounts import Account
from serving.access.permissions import Action, check_may
from serving.cases.wording import outcome_label, stage_label
from serving.storage.tables import ScreeningRow


@dataclass(frozen=True)
class ScreeningLine:
    """One screening in numbers; None is a number under five, or one that would give another away."""

    id: str
    stage: str
    stage_label: Wording
    outcome: str
    outcome_label: Wording
    as_of: date
    screened_at: datetime
    model_name: str
    model_version: str
    n_scored: int | None
    n_in_band: int | None
    n_cases: int | None
    cases_by_municipality: dict[str, int | None]


@dataclass(frozen=True)
class ReportLine:
    """A monthly report on disk."""

    model: str
    month: str
    files: tuple[str, ...]
    """Paths below ``/reports``."""


def list_screenings(session: Session, account: Account, project: Project) -> list[ScreeningLine]:
    """List screenings, newest first, with small numbers hidden.

    Raises
    ------
    NotAllowedError
        TID712.
    """
    check_may(account, Action.SEE_SCREENINGS)
    rows = session.scalars(select(ScreeningRow).order_by(ScreeningRow.screened_at.desc(), ScreeningRow.id))
    return [_line(row, project) for row in rows]


def list_reports(folder: Path, account: Account) -> list[ReportLine]:
    """List monthly reports, newest month first.

    Raises
    ------
    NotAllowedError
        TID712.
    """
    check_may(account, Action.SEE_REPORTS)
    months = [m for model in _folders(folder) for m in _folders(model)]
    lines = [
        ReportLine(m.parent.name, m.name, tuple(f"{m.parent.name}/{m.name}/{f.name}" for f in sorted(m.iterdir()) if _is_shown(f)))
        for m in months
    ]
    return sorted(lines, key=lambda line: (line.month, line.model), reverse=True)


def _is_shown(file: Path) -> bool:
    """Leave out drafts, which are hidden files while they are written."""
    return file.is_file() and not file.name.startswith(".")


def reports_folder(project: Project) -> Path:
    """Say where monitoring writes its reports."""
    return project.var / "reports"


def hide_small(counts: dict[str, int]) -> dict[str, int | None]:
    """Hide counts from 1 to 4, and further ones, smallest first, while a hidden one could be worked out from the total (R-09).

    Examples
    --------
    >>> hide_small({"9001": 12, "9002": 3, "9003": 0, "9004": 8})
    {'9001': 12, '9002': None, '9003': 0, '9004': None}
    """
    hidden = {name for name, n in counts.items() if 0 < n < SMALLEST_CELL}
    others = sorted((n, name) for name, n in counts.items() if name not in hidden and n > 0)
    while others and not _are_unknown([counts[name] for name in hidden]):
        hidden.add(others.pop(0)[1])
    return {name: None if name in hidden else n for name, n in counts.items()}


def total_of(counts: dict[str, int]) -> int | None:
    """Give the total of counts beside `hide_small` of them; hidden where it is small or would tell the hidden ones.

    Examples
    --------
    >>> total_of({"9001": 12, "9002": 3}), total_of({"9001": 1, "9002": 1}), total_of({"9001": 3, "9002": 3})
    (15, None, None)
    """
    hidden = [counts[name] for name, shown in hide_small(counts).items() if shown is None]
    return or_none(sum(counts.values())) if _are_unknown(hidden) else None


def _are_unknown(hidden: list[int]) -> bool:
    """Answer whether hidden counts stay unknown when their sum is known: each, being 1 or more, could be any of as many numbers."""
    return not hidden or sum(hidden) >= len(hidden) + SMALLEST_CELL


def _line(row: ScreeningRow, project: Project) -> ScreeningLine:
    counts = {str(name): int(n) for name, n in row.cases_by_municipality.items()}
    return ScreeningLine(
        id=row.id,
        stage=row.stage,
        stage_label=stage_label(project, row.stage),
        outcome=row.outcome,
        outcome_label=outcome_label(project, row.outcome),
        as_of=row.as_of,
        screened_at=row.screened_at,
        model_name=row.model_name,
        model_version=row.model_version,
        n_scored=or_none(row.n_scored),
        n_in_band=or_none(row.n_in_band),
        n_cases=total_of(counts),
        cases_by_municipality=hide_small(counts),
    )


def or_none(n: int) -> int | None:
    """Hide a count from 1 to 4."""
    return None if 0 < n < SMALLEST_CELL else n


def _folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
