"""The models that serve, in aggregates: what they are for, the ladder, the gates, where they end. No person anywhere."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse

from models.placed import list_placed
from serving.access.permissions import Action, can, check_may
from serving.aggregates.papers import find_paper, list_papers
from serving.console.model_pictures import capacity_picture, model_pictures
from serving.console.pages.cases import TongueOf
from serving.console.rendering import page
from serving.console.shown_models import capacity_shown, get_shown, ladder_figures, list_shown, list_waiting
from serving.errors import NotFoundError
from serving.http.dependencies import CallerOf, ClockOf, ProjectOf, SettingsOf
from serving.http.security import REPORT_POLICY

router = APIRouter(prefix="/models")


@router.get("")
def models(request: Request, account: CallerOf, project: ProjectOf, clock: ClockOf) -> HTMLResponse:
    """List the models that serve, and to those who sign what waits for them."""
    check_may(account, Action.SEE_MODELS)
    waiting = list_waiting(project, now=clock()) if can(account, Action.SIGN_PROMOTIONS) else None
    return page(request, "models.html", account=account, models=list_shown(project), waiting=waiting)


@router.get("/{name}")
def model(request: Request, account: CallerOf, project: ProjectOf, settings: SettingsOf, t: TongueOf, name: str) -> HTMLResponse:
    """Show one model's card with its pictures, its papers and the versions that it can be compared with."""
    check_may(account, Action.SEE_MODELS)
    found = get_shown(project, name)
    curves = found.card.curves
    compares = can(account, Action.COMPARE_MODELS)
    return page(
        request,
        "model.html",
        account=account,
        model=found,
        figures=ladder_figures(found.card),
        capacity=capacity_shown(found.card),
        pictures=model_pictures(curves, rung=found.line.rung, project=project, t=t),
        capacity_drawn=None if curves.capacity is None else capacity_picture(curves.capacity, t),
        useful=[t.of_100(point.threshold) for point in curves.benefit if point.is_useful],
        papers=list_papers(project, name, found.line.version),
        others=[one for one in list_placed(project, name) if one.version != found.line.version] if compares else None,
        mlflow=settings.mlflow_page(name, found.line.version) if compares else None,
    )


@router.get("/{name}/papers/{version}/{paper}")
def paper(account: CallerOf, project: ProjectOf, t: TongueOf, name: str, version: str, paper: str) -> FileResponse:
    """Give one paper as training wrote it, in a sandbox that reaches nothing; of versions that do not serve to those who compare."""
    check_may(account, Action.SEE_MODELS)
    if get_shown(project, name).line.version != version:
        check_may(account, Action.COMPARE_MODELS)
    path = find_paper(project, name, version, "en" if t.language == "en" else "nb", paper)
    if path is None:
        raise NotFoundError("paper")
    return FileResponse(path, headers={"Content-Security-Policy": REPORT_POLICY, "Vary": "Cookie, Accept-Language"})
