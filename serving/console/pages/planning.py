"""Figures for planners: by area and period, small numbers hidden, never a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from features.declarations.catalogue import Indicator, Wording
from serving.aggregates.planning import Course, build_planning_page
from serving.cases.wording import outcome_label
from serving.console.rendering import page
from serving.http.dependencies import CallerOf, ClockOf, ProjectOf, ReadingOf

router = APIRouter()

LEVELS = ("country", "county", "municipality")

TALKS_AND_WHAT_CAME = (Course.TALK, Course.FAMILY_INFORMED, Course.HANDED_OVER)
"""What came of the cases in which a conversation was decided."""


@dataclass(frozen=True)
class Share:
    """What a column of shares of children is about."""

    label: Wording
    window_days: int | None


@router.get("/planning")
def planning(
    request: Request, account: CallerOf, session: ReadingOf, project: ProjectOf, clock: ClockOf, level: str = "", period: str = ""
) -> HTMLResponse:
    """Show one period's table at one level; of what the reader's own area holds."""
    figures = build_planning_page(session, account, project, now=clock())
    early = [row for row in figures.by_age if _is_worked(row, project)]
    levels = [one for one in LEVELS if any(line.level == one for line in figures.figures) or any(_level_of(row) == one for row in early)]
    chosen = level if level in levels else next(iter(levels), "municipality")
    newest = period if period in figures.periods else next(reversed(figures.periods), None)
    return page(
        request,
        "planning.html",
        account=account,
        figures=figures,
        lines=[line for line in figures.figures if line.level == chosen and line.period == newest],
        by_age=[row for row in early if _level_of(row) == chosen],
        shares=_shares(early, project),
        outcomes={name: outcome_label(project, name) for name in figures.by_age_cohorts},
        levels=levels,
        level=chosen,
        period=newest,
        talks=TALKS_AND_WHAT_CAME,
        others=(Course.NO_FURTHER, Course.NO_DECISION),
    )


def _is_worked(row: Mapping[str, Any], project: ProjectOf) -> bool:
    """Leave out the hundreds of municipalities that only lend their history: a page has room for those that work cases here."""
    return _level_of(row) != "municipality" or row["area"] in {place.number for place in project.screening.municipality}


def _level_of(row: Mapping[str, Any]) -> str:
    return "country" if row["level"] == "nation" else str(row["level"])


def _shares(rows: Sequence[Mapping[str, Any]], project: ProjectOf) -> dict[str, Share]:
    """Name what is told of the children of an area together, by the feature's name."""
    names = dict.fromkeys(name for row in rows for name in row.get("shares", ()))
    declared = project.catalogue.declared
    return {name: _share(name, declared[code]) for name in names if (code := name.partition(".")[0]) in declared}


def _share(name: str, indicator: Indicator) -> Share:
    spec = next((spec for spec in indicator.feature_specs if spec.name == name), None)
    return Share(indicator.label, None if spec is None else spec.window_days)
