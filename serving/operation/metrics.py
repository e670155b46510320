"""What an operator's monitoring may know: how the service runs, in numbers that are about nobody.

Routes are counted by their template, never by what stood in the address. Cases are counted by state, shielded persons' left out (R-08), and
a state with one to four is not told (R-09). The log is told by its newest entry, as its readers see it: to count those that they see takes
the whole table, and the chain's own number beside their count would tell how much is done for shielded persons (R-08). Monthly reports are
told as `monitoring.reports.gauges` does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from fastapi.routing import iter_route_contexts
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from features.declarations.project import Project
from monitoring.reports.gauges import ReportGauges
from serving.aggregates.overview import or_none
from serving.auditing.log import read_page
from serving.http.dependencies import Clock
from serving.storage.database import Database
from serving.storage.tables import CaseRow, ScreeningRow

OTHER = "none"
"""Route of a request that none of ours answers; its address is the caller's own and stays out."""

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


@dataclass(frozen=True)
class Metrics:
    """The counts of one process."""

    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram
    expiry_runs: Counter


def build_metrics(database: Database, project: Project, *, clock: Clock) -> Metrics:
    """Begin to count."""
    registry = CollectorRegistry()
    registry.register(_DatabaseState(database, clock))
    registry.register(ReportGauges(project, clock))
    return Metrics(
        registry,
        Counter("tidlig_http_requests", "Requests answered.", ["method", "route", "status"], registry=registry),
        Histogram(
            "tidlig_http_request_seconds", "Seconds to the end of the answer.", ["method", "route"], registry=registry, buckets=_SECONDS
        ),
        Counter("tidlig_expiry_runs", "Looks for what is past its deadline.", ["result"], registry=registry),
    )


class Counting:
    """Counts every request and how long it took."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, routes: Callable[[], Sequence[BaseRoute]]) -> None:
        self._app, self._metrics, self._routes = app, metrics, routes

    @cached_property
    def _templates(self) -> dict[int, str]:
        """Whole path of each route, by the route's identity; a route itself knows its path without the prefix of who includes it."""
        return {id(context.original_route): str(context.path) for context in iter_route_contexts(self._routes())}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and look at how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started = "5xx", time.perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = f"{message['status'] // 100}xx"
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            method, route = _method(scope), self._templates.get(id(scope.get("route")), OTHER)
            self._metrics.requests.labels(method, route, status).inc()
            self._metrics.seconds.labels(method, route).observe(time.perf_counter() - started)


@dataclass(frozen=True, eq=False)
class _DatabaseState(Collector):
    """Asks the database when somebody asks for metrics."""

    database: Database
    clock: Clock
    _up: tuple[str, str] = field(default=("tidlig_database_up", "Whether the database answers."), repr=False)

    def collect(self) -> Iterator[Metric]:
        try:
            with self.database.reading() as session:
                found = [_cases(session), *_log(session), *_screenings(session, today=self.clock().date())]
        except SQLAlchemyError:  # told as such: whoever watches has to learn that it is down, from an answer that comes
            yield GaugeMetricFamily(*self._up, value=0)
            return
        yield GaugeMetricFamily(*self._up, value=1)
        yield from found


def _cases(session: Session) -> Metric:
    family = GaugeMetricFamily("tidlig_cases", "Cases by state; a state with one to four is not told.", labels=["state"])
    counts = select(CaseRow.state, func.count()).where(CaseRow.is_shielded.is_(False)).group_by(CaseRow.state).order_by(CaseRow.state)
    for state, n in session.execute(counts):
        if or_none(n) is not None:
            family.add_metric([state], n)
    return family


def _log(session: Session) -> list[Metric]:
    """Tell when the log was last written; the primary key is walked from its end, however long the log is."""
    newest = read_page(session, before=None, limit=1).lines
    words = "Time of the log's newest entry, as its readers see it: seconds since 1970."
    return [GaugeMetricFamily("tidlig_log_newest_entry_timestamp_seconds", words, value=line.at.timestamp()) for line in newest]


def _screenings(session: Session, *, today: date) -> list[Metric]:
    newest = session.scalar(select(func.max(ScreeningRow.screened_at)))
    if newest is None:
        return []
    return [GaugeMetricFamily("tidlig_last_screening_days", "Days since the last screening.", value=(today - newest.date()).days)]


def _method(scope: Scope) -> str:
    method = str(scope["method"])
    return method if method in ("GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "PATCH") else "other"
