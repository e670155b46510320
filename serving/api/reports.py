"""Monitoring's report pages, for those who may read them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse

from serving.access.permissions import Action, check_may
from serving.aggregates.overview import reports_folder
from serving.errors import NotFoundError
from serving.http.dependencies import CallerOf, ProjectOf
from serving.http.problems import responses
from serving.http.security import REPORT_POLICY

router = APIRouter(prefix="/reports", tags=["reports"])

_MODEL = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,150}$", description="Name of the model.", examples=["a-model"])]
_MONTH = Annotated[str, Path(pattern=r"^[0-9]{4}-[0-9]{2}$", description="Year and month.", examples=["2026-06"])]
_FILE = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_-]{0,60}\.(html|json)$", description="Page or data.", examples=["report.html"])]


@router.get("/{model}/{month}/{file}", summary="Read a monthly report", response_class=FileResponse, responses=responses(401, 403, 404))
def read_report(account: CallerOf, project: ProjectOf, model: _MODEL, month: _MONTH, file: _FILE) -> FileResponse:
    """Give a report's page or its JSON. Aggregates only; the page runs in a sandbox that reaches nothing."""
    check_may(account, Action.SEE_REPORTS)
    path = reports_folder(project) / model / month / file
    if not path.is_file():
        raise NotFoundError("report")
    return FileResponse(path, headers={"Content-Security-Policy": REPORT_POLICY})
