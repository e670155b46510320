"""What is not about one person: screenings, models, reports and the log."""

from __future__ import annotations

from fastapi import APIRouter

from serving.access.permissions import Action, check_may
from serving.aggregates import overview
from serving.aggregates.models import ModelLine, list_models
from serving.aggregates.overview import ReportLine, ScreeningLine
from serving.api.paging import Page, PagesOf
from serving.api.routing import ApiRoute
from serving.api.schemas import Answer, LogVerdict
from serving.auditing import log
from serving.auditing.log import LogLine
from serving.http.dependencies import CallerOf, ClockOf, ProjectOf, ReadingOf, SessionOf
from serving.http.problems import responses

router = APIRouter(responses=responses(401, 403), route_class=ApiRoute)


@router.get("/screenings", tags=["screenings"], summary="List screenings in numbers", responses=responses(422))
def screenings(account: CallerOf, session: ReadingOf, project: ProjectOf, pages: PagesOf) -> Page[ScreeningLine]:
    """List screenings, newest first, with how many were scored and proposed; numbers under five are hidden."""
    lines = overview.list_screenings(session, account, project)
    return pages.cut(lines, of="screenings", place=lambda line: (-int(line.screened_at.timestamp() * 1e6), line.id))


@router.get("/models", tags=["models"], summary="List the models that serve", responses=responses(422))
def models(account: CallerOf, project: ProjectOf, pages: PagesOf) -> Page[ModelLine]:
    """List the deployed models with their cards: what they are for, how good they are and where they end."""
    check_may(account, Action.SEE_MODELS)
    return pages.cut(sorted(list_models(project), key=lambda line: line.name), of="models", place=lambda line: (line.name,))


@router.get("/reports", tags=["reports"], summary="List monthly reports", responses=responses(422))
def reports(account: CallerOf, project: ProjectOf, pages: PagesOf) -> Page[ReportLine]:
    """List the monthly reports on drift, calibration, fairness and use, newest month first."""
    lines = overview.list_reports(overview.reports_folder(project), account)
    return pages.cut(lines, of="reports", place=lambda line: (line.month, line.model), is_descending=True)


@router.get("/audit", tags=["audit"], summary="Read the log's metadata", responses=responses(422))
def read_log(account: CallerOf, session: SessionOf, clock: ClockOf, pages: PagesOf) -> Page[LogLine]:
    """Read who did what and when, newest first. Nothing that was written about a person. Reading is itself logged."""
    check_may(account, Action.READ_LOG)
    found = log.read_page(session, before=log.place_of(pages.after("audit")), limit=pages.limit)
    log.record(session, log.Event("log.read", actor=account.id, role=account.role, details={"n": len(found.lines)}), now=clock())
    return pages.answer(found.lines, of="audit", end=found.place)


@router.get("/audit/verification", tags=["audit"], summary="Verify the log", responses=responses(500))
def verify_log(account: CallerOf, session: ReadingOf, project: ProjectOf) -> Answer[LogVerdict]:
    """Check the whole chain: an entry that was edited, removed or moved is found and named by its number."""
    check_may(account, Action.VERIFY_LOG)
    verdict = log.verify_for_readers(session)
    return Answer(synthetic=project.is_synthetic, data=LogVerdict(n_entries=verdict.count, head=verdict.head, is_whole=True))
