"""The register's extract of who has parental responsibility for whom. Read by the key holder's command, into the vault and nowhere else."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from features.declarations.project import Project
from features.errors import ReviewError

COLUMNS = ("child", "guardian", "valid_to")


def find_extract(project: Project) -> Path | None:
    """Give the path of the extract that the project declares; None where guardians do not log in."""
    name = project.screening.citizens.guardians
    return None if name is None else project.root / name


def read_guardians(path: Path) -> list[tuple[str, str, date | None]]:
    """Read an extract: child, guardian and last day of each pair. A refusal names the line and never what stands in it.

    Raises
    ------
    ReviewError
        TID766 when the file is not there, has other columns, or a line lacks a person or holds no day.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_pairs(csv.DictReader(file, delimiter=_delimiter(path)), path))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _refused(path, "does not read as CSV in UTF-8") from error


def _pairs(rows: csv.DictReader[str], path: Path) -> Iterator[tuple[str, str, date | None]]:
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise _refused(path, f"does not have the columns {', '.join(COLUMNS)}, these and no others")
    for number, row in enumerate(rows, start=2):
        child, guardian, last = ((row[name] or "").strip() for name in COLUMNS)
        if not child or not guardian or None in row:
            raise _refused(path, f"line {number} does not name a child and a guardian")
        try:
            yield child, guardian, date.fromisoformat(last) if last else None
        except ValueError:
            raise _refused(path, f"line {number} has no day such as 2031-05-17 in `valid_to`") from None


def _delimiter(path: Path) -> str:
    with path.open(encoding="utf-8-sig") as file:
        return ";" if ";" in file.readline() else ","


def _refused(path: Path, what: str) -> ReviewError:
    return ReviewError("TID766", f"{path}: the extract of guardians {what}. Ask whoever made it; nothing of it was kept.")
