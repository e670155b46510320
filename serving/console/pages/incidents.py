"""Incidents of models in use: what was found, which clocks run, and the steps for whoever answers. About models, never a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast, get_args

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from features.declarations.catalogue import Wording
from features.errors import ScreeningError
from features.findings import Finding
from models.bundle import model_name
from monitoring.incidents.clocks import Duty, Harm
from monitoring.incidents.record import ASSESSED, CLOSED, NOTIFIED, STEPS, Incident
from monitoring.incidents.steps import MIN_WORDS
from serving.access.desk import Desk
from serving.access.permissions import Action, can, check_may
from serving.cases.wording import outcome_label, stage_label
from serving.console.forms import EMPTY, Draft, Fields
from serving.console.language import Tongue
from serving.console.pages.cases import CHANGING, Text, TongueOf
from serving.console.rendering import go_to, page
from serving.http.dependencies import CallerOf, ClockOf, DeskOf, ProjectOf
from serving.local_time import OSLO
from serving.watching import incidents

router = APIRouter(prefix="/monitoring/incidents")

BREACHES = ("no", "possible")
HARMS: tuple[Harm, ...] = get_args(Harm)
DUTIES: tuple[Duty, ...] = get_args(Duty)
ANSWERS = ("notified", "not_notifiable")

REFUSED: Mapping[str, str] = {
    "TID487": "incidents.refused.taken_back",
    "TID488": "incidents.refused.model",
    "TID489": "incidents.refused.no_clock",
    "TID491": "incidents.refused.not_now",
    "TID492": "incidents.refused.words",
    "TID493": "problem.national_id",
    "TID494": "incidents.refused.moment",
    "TID776": "incidents.refused.role",
}
"""Code of a refusal -> its words."""


@router.get("")
def show_all(request: Request, account: CallerOf, project: ProjectOf, clock: ClockOf, model: str = "") -> HTMLResponse:
    """List incidents, overdue ones first, and offer to open one."""
    now = clock()
    found = [one for one in incidents.list_incidents(account, project, now=now) if model in ("", one.model)]
    return page(request, "incidents.html", **_listed(account, project, found, now, EMPTY), only=model, account=account)


@router.post("", dependencies=CHANGING)
def open_one(desk: DeskOf, request: Request, t: TongueOf, model: Text = "", what: Text = "") -> Response:
    """Open an incident."""
    check_may(desk.account, Action.HANDLE_INCIDENTS)
    draft = Draft({"model": model, "what": what}, _missing({"model": model}, t))

    def again(errors: Mapping[str, str]) -> HTMLResponse:
        found = incidents.list_incidents(desk.account, desk.project, now=desk.now)
        shown = _listed(desk.account, desk.project, found, desk.now, Draft(draft.values, errors))
        return page(request, "incidents.html", **shown, only="", account=desk.account, status=422, path="/monitoring/incidents")

    fields: Fields = {"TID488": ("model", REFUSED["TID488"])}
    return _do(desk, draft, lambda: incidents.open_incident(desk, model=model, what=what), again, "what", fields, t)


@router.get("/{incident}")
def show_one(request: Request, account: CallerOf, project: ProjectOf, clock: ClockOf, incident: str) -> HTMLResponse:
    """Show one incident with its clocks and every step."""
    found = incidents.get_incident(account, project, incident)
    return page(request, "incident.html", account=account, **_shown(account, project, found, clock(), EMPTY))


@router.post("/{incident}/assess", dependencies=CHANGING)
def assess(
    desk: DeskOf, request: Request, t: TongueOf, incident: str, breach: Text = "", harm: Text = "", aware_at: Text = "", why: Text = ""
) -> Response:
    """Assess an incident; either answer may start a clock."""
    values = {"breach": breach, "harm": harm, "aware_at": aware_at, "why": why}
    offered = {"breach": breach in BREACHES, "harm": harm in HARMS}
    errors = _missing({name: values[name] if ok else "" for name, ok in offered.items()}, t)
    moment, wrong = _moment("aware_at", aware_at, t)

    def take() -> Incident:
        return incidents.assess(
            desk, incident, breach="possible" if breach == "possible" else "no", harm=cast(Harm, harm), why=why, aware_at=moment
        )

    draft = Draft(values, errors | wrong)
    return _do(desk, draft, take, lambda e: _again(desk, request, incident, values, e), "why", _moments("aware_at"), t)


@router.post("/{incident}/notify", dependencies=CHANGING)
def notify(
    desk: DeskOf, request: Request, t: TongueOf, incident: str, duty: Text = "", answer: Text = "", words: Text = "", at: Text = ""
) -> Response:
    """Note that an authority was told, or why it need not be; people tell it, never this."""
    values = {"duty": duty, "answer": answer, "words": words, "at": at}
    errors = _missing({"duty": duty if duty in DUTIES else "", "answer": answer if answer in ANSWERS else ""}, t)
    moment, wrong = _moment("at", at, t)

    def take() -> Incident:
        if answer == "not_notifiable":
            return incidents.decline(desk, incident, duty=cast(Duty, duty), why=words)
        return incidents.notify(desk, incident, duty=cast(Duty, duty), reference=words, at=moment)

    draft = Draft(values, errors | wrong)
    return _do(desk, draft, take, lambda e: _again(desk, request, incident, values, e), "words", _moments("at"), t)


@router.post("/{incident}/close", dependencies=CHANGING)
def close(desk: DeskOf, request: Request, t: TongueOf, incident: str, done: Text = "") -> Response:
    """Close an incident with what was done."""
    values = {"done": done}

    def take() -> Incident:
        return incidents.close(desk, incident, done=done)

    return _do(desk, Draft(values), take, lambda e: _again(desk, request, incident, values, e), "done", {}, t)


def _do(
    desk: Desk,
    draft: Draft,
    take: Callable[[], Incident],
    again: Callable[[Mapping[str, str]], HTMLResponse],
    text: str,
    fields: Fields,
    t: Tongue,
) -> Response:
    check_may(desk.account, Action.HANDLE_INCIDENTS)
    if draft.errors:
        return again(draft.errors)
    try:
        taken = take()
    except ScreeningError as refusal:
        if refusal.code not in REFUSED:
            raise
        place = text if refusal.code in ("TID492", "TID493") else "main"
        place, key = fields.get(refusal.code, (place, REFUSED[refusal.code]))
        return again({place: t(key)})
    return go_to(f"/monitoring/incidents/{taken.id}")


def _moments(field: str) -> Fields:
    return {"TID494": (field, REFUSED["TID494"])}


def _again(desk: Desk, request: Request, incident: str, values: Mapping[str, str], errors: Mapping[str, str]) -> HTMLResponse:
    found = incidents.get_incident(desk.account, desk.project, incident)
    shown = _shown(desk.account, desk.project, found, desk.now, Draft(values, errors))
    return page(request, "incident.html", account=desk.account, status=422, path=f"/monitoring/incidents/{incident}", **shown)


def _missing(chosen: Mapping[str, str], t: Tongue) -> dict[str, str]:
    return {name: t("problem.choose_one") for name, value in chosen.items() if not value}


def _moment(field: str, text: str, t: Tongue) -> tuple[datetime | None, dict[str, str]]:
    """Read a moment as a clock on the wall shows it; none given is now."""
    if not text.strip():
        return None, {}
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=OSLO), {}
    except ValueError:
        return None, {field: t("incidents.refused.moment")}


def _listed(account: CallerOf, project: ProjectOf, found: list[Incident], now: datetime, draft: Draft) -> dict[str, Any]:
    return {
        "overdue": [one for one in found if one.overdue(now)],
        "open_": [one for one in found if one.is_open and not one.overdue(now)],
        "closed": [one for one in found if not one.is_open],
        "may_open": can(account, Action.HANDLE_INCIDENTS),
        "labels": _labels(project),
        "models": lambda t: [(name, f"{t.words(outcome)}, {t.words(stage)}") for name, (outcome, stage) in _labels(project).items()],
        "min_words": MIN_WORDS,
        "draft": draft,
        "now": now,
    }


def _shown(account: CallerOf, project: ProjectOf, found: Incident, now: datetime, draft: Draft) -> dict[str, Any]:
    allowed = STEPS[found.state] if incidents.answers_for(account, found) else frozenset()
    return {
        "incident": found,
        "labels": _labels(project),
        "named": None if found.signal is None else Finding(found.signal, found.signal, "FAILED", dict(found.named)),
        "may_assess": ASSESSED in allowed,
        "may_notify": NOTIFIED in allowed,
        "may_close": CLOSED in allowed,
        "breaches": BREACHES,
        "harms": HARMS,
        "answers": ANSWERS,
        "min_words": MIN_WORDS,
        "draft": draft,
        "now": now,
    }


def _labels(project: ProjectOf) -> dict[str, tuple[Wording, Wording]]:
    """Name the project's models: outcome and stage in words."""
    return {
        model_name(project.id, outcome, stage.name): (outcome_label(project, outcome), stage_label(project, stage.name))
        for stage in project.stages.values()
        for outcome in stage.outcomes
    }
