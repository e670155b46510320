"""Figures for planners: by area and quarter, small numbers hidden, never a case."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from features.declarations.catalogue import Wording
from serving.aggregates.planning import Course, PlanningPage, build_planning_page
from serving.cases.wording import outcome_label
from serving.console.rendering import page
from serving.http.dependencies import CallerOf, ClockOf, ProjectOf, ReadingOf

router = APIRouter()

LEVELS = ("country", "county", "municipality")


@router.get("/planning")
def planning(
    request: Request, account: CallerOf, session: ReadingOf, project: ProjectOf, clock: ClockOf, level: str = "", quarter: str = ""
) -> HTMLResponse:
    """Show one quarter's table at one level; of what the reader's own area holds."""
    figures = build_planning_page(session, account, project, now=clock())
    levels = [one for one in LEVELS if any(line.level == one for line in figures.figures) or _has_early_years(figures, one)]
    chosen = level if level in levels else next(reversed(levels), "municipality")
    newest = quarter if quarter in figures.quarters else next(reversed(figures.quarters), None)
    return page(
        request,
        "planning.html",
        account=account,
        figures=figures,
        lines=[line for line in figures.figures if line.level == chosen and line.quarter == newest],
        early_years=[row for row in figures.early_years if _level_of(str(row["level"])) == chosen],
        outcomes=_outcomes(figures, project),
        levels=levels,
        level=chosen,
        quarter=newest,
        courses=list(Course),
    )


def _has_early_years(figures: PlanningPage, level: str) -> bool:
    return any(_level_of(str(row["level"])) == level for row in figures.early_years)


def _level_of(level: str) -> str:
    return "country" if level == "nation" else level


def _outcomes(figures: PlanningPage, project: ProjectOf) -> dict[str, Wording]:
    names = [name for row in figures.early_years for name in row["expected"]]
    return {name: outcome_label(project, name) for name in dict.fromkeys(names)}
