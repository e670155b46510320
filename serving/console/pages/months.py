"""A month's report of a model, part by part: fairness, people and model, drift, reviewers, performance. Aggregates only.

What is shown stands in report.json, which withheld what is small; the report's own pages, which are what is signed, are a link away.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.access.accounts import Account
from serving.access.permissions import Action, can, check_may
from serving.aggregates.overview import reports_folder
from serving.console.months import courses, fairness
from serving.console.months.naming import Naming
from serving.console.months.reading import Month, get_month, read_course
from serving.console.months.standing import sign_offs_of
from serving.console.plots.values import Drawn
from serving.console.rendering import page, tongue_of
from serving.errors import NotFoundError
from serving.http.dependencies import CallerOf, ProjectOf

router = APIRouter(prefix="/monitoring")

PARTS = ("fairness", "together", "over-time", "drift", "reviewers", "performance")

N_FEATURES_SHOWN = 12
"""Features of the drift page, as in the report's own: every one that changed, and as many of the others as fit."""


@router.get("/{model}/{month}")
def overview(request: Request, account: CallerOf, project: ProjectOf, model: str, month: str) -> HTMLResponse:
    """Show what the month's signals say, which of them stop the model, and how the report's sign-off stands."""
    found = _get(account, project, model, month)
    return _page(
        request, account, "overview", found, sign_offs=sign_offs_of(project, found.folder), may_sign=can(account, Action.SIGN_REPORTS)
    )


@router.get("/{model}/{month}/{part}")
def part(
    request: Request, account: CallerOf, project: ProjectOf, model: str, month: str, part: str, by: str = "", group: str = ""
) -> HTMLResponse:
    """Show one part of the report; what it is told by is chosen in a form."""
    found = _get(account, project, model, month)
    if part not in PARTS:
        raise NotFoundError("part")
    if not found.is_readable:
        return _page(request, account, "other_format", found)
    content, naming = found.content, Naming(found.content, tongue_of(request))
    attributes = fairness.attributes_of(content)
    chosen = by if by in attributes else next(iter(attributes), "")
    if part == "fairness":
        shown: dict[str, Any] = _fairness(found, chosen, naming)
    elif part == "together":
        shown = {"tables": fairness.together_tables(content, chosen, naming) if chosen else []}
    elif part == "over-time":
        shown = _over_time(found, group, naming)
    elif part == "drift":
        shown = {"features": _features(found)}
    else:
        shown = {}
    return _page(request, account, part, found, naming=naming, attributes_told=attributes, by=chosen, **shown)


def _get(account: Account, project: ProjectOf, model: str, month: str) -> Month:
    check_may(account, Action.SEE_REPORTS)
    return get_month(reports_folder(project), model, month)


def _page(request: Request, account: Account, name: str, found: Month, **content: Any) -> HTMLResponse:
    template = f"month/{name.replace('-', '_')}.html"
    return page(
        request, template, account=account, report=found, r=found.content, parts=PARTS, part=name, day_of=date.fromisoformat, **content
    )


def _fairness(found: Month, chosen: str, naming: Naming) -> dict[str, Any]:
    if not chosen:
        return {"tables": [], "calibration": []}
    return {
        "tables": fairness.rate_tables(found.content, chosen, naming),
        "calibration": fairness.calibration_rows(found.content, chosen, naming),
    }


def _over_time(found: Month, group: str, naming: Naming) -> dict[str, Any]:
    groups = {f"{attribute}:{name}": (attribute, name) for attribute, names in courses.groups_of(found.content).items() for name in names}
    chosen = group if group in groups else next(iter(groups), "")
    reports = read_course(found)
    drawn = [] if not chosen else [_drawn(one, *groups[chosen], naming) for one in courses.courses_of(reports, *groups[chosen])]
    offered = {value: f"{naming.attribute(attribute)}: {naming.group(attribute, name)}" for value, (attribute, name) in groups.items()}
    return {"offered": offered, "chosen": chosen, "courses": drawn, "reports": reports}


def _drawn(course: courses.Course, attribute: str, group: str, naming: Naming) -> tuple[courses.Course, Drawn]:
    title = naming.t(f"month.metric.{course.metric}")
    return course, courses.draw_course(course, group=naming.group(attribute, group), title=title, t=naming.t)


def _features(found: Month) -> list[Any]:
    features = found.content["drift"]["features"]
    return [one for place, one in enumerate(features) if one["has_drifted"] or place < N_FEATURES_SHOWN]
