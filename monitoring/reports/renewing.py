"""Make reports of an earlier format anew, oldest first, since each is compared with those before it; a signed one is never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from features.declarations.project import Project
from features.errors import DataError
from features.progress import Progress
from monitoring.files import CONTENT, read_content
from monitoring.reports.gathering import find_screenings
from monitoring.reports.monthly import Failure, Report, check_purposes, report_on, write_pages_above
from monitoring.reports.overview import ReportLine, list_monthly_reports
from monitoring.reports.publishing import one_run_at_a_time

SIGNED = "it is signed"
NO_SCORES = "the scores of that month, or the model that gave them, are no longer there"


@dataclass(frozen=True)
class Left:
    """A report that stays as it is, and why."""

    model: str
    month: str
    why: str


@dataclass(frozen=True)
class Renewal:
    """What became of the reports of an earlier format, and of later ones that could not be compared with them."""

    made: tuple[Report | Failure, ...]
    left: tuple[Left, ...]


def renew_reports(project: Project, *, now: datetime, progress: Progress) -> Renewal:
    """Make every report anew that is of an earlier format, and the later ones that say they could not be compared with it.

    Parameters
    ----------
    now
        As of `monitoring.reports.monthly.monitor`: outcomes count that are known by then, so figures may differ from the earlier format's.

    Raises
    ------
    PurposeError, DataError, GateError
        As `monitoring.reports.monthly.monitor_each` and `monitoring.reports.overview.list_monthly_reports`.
    """
    purpose = check_purposes(project, on=now.date())
    made: list[Report | Failure] = []
    left: list[Left] = []
    with one_run_at_a_time(project):
        for line in find_outdated(project.var / "reports", list_monthly_reports(project)):
            scored = _find_screening(project, line)
            if not line.may_be_renewed:
                left.append(Left(line.model, line.month, SIGNED))
            elif scored is None:
                left.append(Left(line.model, line.month, NO_SCORES))
            else:
                made.append(report_on(project, scored, purpose, now=now, progress=progress))
        made += write_pages_above(project)
    return Renewal(tuple(made), tuple(left))


def find_outdated(folder: Path, lines: Sequence[ReportLine]) -> list[ReportLine]:
    """Find the reports of an earlier format, and those of a model's later months that name one of them as not comparable, oldest first.

    Parameters
    ----------
    folder
        ``var/reports``.
    """
    old, current = [one for one in lines if not one.is_of_this_format], [one for one in lines if one.is_of_this_format]
    renewed = {(line.model, line.month) for line in old if line.may_be_renewed}
    behind = [line for line in current if line.may_be_renewed and renewed & _named_months(folder, line)]
    return sorted([*old, *behind], key=lambda line: (line.month, line.model))


def _named_months(folder: Path, line: ReportLine) -> set[tuple[str, str]]:
    content = read_content(folder / line.model / line.month / CONTENT)
    return {(line.model, month) for month in content["fairness_over_time"]["not_readable"]}


def _find_screening(project: Project, line: ReportLine) -> pd.DataFrame | None:
    try:
        found = find_screenings(project, month=line.month)
    except DataError as error:
        if error.code != "TID481":
            raise
        return None
    return next((scored for scored in found if scored.iloc[0]["model"] == line.model), None)
