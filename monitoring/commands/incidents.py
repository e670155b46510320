"""`tidlig incidents`: what was wrong with a model, what was done about it, and the clocks that run (R-41)."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table
from features.errors import DataError
from features.roles import Responsible

if TYPE_CHECKING:
    from features.declarations.project import Project
    from monitoring.incidents.clocks import Duty, Harm
    from monitoring.incidents.record import Incident

incidents = typer.Typer(no_args_is_help=True, help="Open, assess, notify and close incidents of models in use; see which clocks run.")


class Breach(StrEnum):
    """Whether personal data may have been breached."""

    NO = "no"
    POSSIBLE = "possible"


class HarmName(StrEnum):
    """Whether it is a serious incident of the AI Act, and of which kind."""

    NONE = "none"
    SERIOUS = "serious"
    WIDESPREAD = "widespread"
    CRITICAL_INFRASTRUCTURE = "critical-infrastructure"
    DEATH = "death"


class Authority(StrEnum):
    """Whom the law asks to tell."""

    DATA_PROTECTION = "data-protection"
    MARKET_SURVEILLANCE = "market-surveillance"


DUTY_OF: dict[Authority, Duty] = {Authority.DATA_PROTECTION: "gdpr_33", Authority.MARKET_SURVEILLANCE: "aia_73"}

IncidentArgument = Annotated[str, typer.Argument(metavar="ID", help="Incident, such as I-0001.")]
ByOption = Annotated[Responsible, typer.Option("--by", help="Role that you do this in; never a name.")]


@incidents.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """List incidents that are open, with the clocks that run; overdue ones first."""
    from monitoring.incidents.book import read_incidents

    loaded, now = _load(project), _now()
    found = [one for one in read_incidents(loaded) if everything or one.is_open]
    found.sort(key=lambda one: (not one.overdue(now), not one.is_open, one.id))
    if as_json:
        print_json({"project": loaded.id, "synthetic": loaded.is_synthetic, "incidents": [one.as_dict(now=now) for one in found]})
        return
    rows = [
        (
            one.id,
            one.model,
            one.signal or "–",
            ", ".join(one.months) or "–",
            one.state.value.replace("_", " "),
            one.responsible,
            _due(one, now),
        )
        for one in found
    ]
    print_table("Incidents", ("id", "model", "signal", "months", "state", "responsible", "clocks (UTC)"), rows)


@incidents.command("show")
def show(incident: IncidentArgument, project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """Show one incident: what was found, its clocks, and every step with who took it and why."""
    from monitoring.incidents.book import read_incidents

    loaded = _load(project)
    found = next((one for one in read_incidents(loaded) if one.id == incident), None)
    if found is None:
        raise DataError("TID490", f"there is no incident {incident} in {loaded.root}. `tidlig incidents list --all` names them.")
    _say(found, as_json=as_json)


@incidents.command("open")
def open_(
    model: Annotated[str, typer.Option("--model", help="Model, as `tidlig models list` names it.")],
    what: Annotated[str, typer.Option("--what", help="What is wrong; about the model, never about a person.")],
    by: ByOption,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Open an incident that somebody noticed; `tidlig monitor` opens those that its signals find."""
    from monitoring.incidents.steps import open_by_hand

    loaded, now = _load(project), _now()
    _done(loaded, open_by_hand(loaded, model=model, what=what, role=by, now=now), as_json=as_json)


@incidents.command("assess")
def assess(
    incident: IncidentArgument,
    breach: Annotated[Breach, typer.Option("--breach", help="May personal data have been breached? `possible` starts the 72 hours.")],
    harm: Annotated[HarmName, typer.Option("--harm", help="Is it a serious incident of the AI Act, and of which kind?")],
    why: Annotated[str, typer.Option("--why", help="How you came to this; about the model, never about a person.")],
    by: ByOption,
    aware_at: Annotated[
        str | None, typer.Option("--aware-at", help="Since when somebody has known, like 2026-10-02T09:00+02:00.", show_default="now")
    ] = None,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Assess an incident: may it be a breach of personal data, is it a serious incident? Either answer starts its clock."""
    from monitoring.incidents.steps import assess as assess_incident

    loaded, now = _load(project), _now()
    found = assess_incident(
        loaded,
        incident,
        breach=breach.value,
        harm=cast("Harm", harm.value.replace("-", "_")),
        why=why,
        role=by,
        now=now,
        aware_at=_moment("--aware-at", aware_at),
    )
    _done(loaded, found, as_json=as_json)


@incidents.command("notify")
def notify(
    incident: IncidentArgument,
    authority: Annotated[Authority, typer.Option("--authority", help="Which duty this answers.")],
    by: ByOption,
    reference: Annotated[str | None, typer.Option("--reference", help="The authority's reference of what it was told.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="When it was told, like 2026-10-02T09:00+02:00.", show_default="now")] = None,
    not_needed: Annotated[bool, typer.Option("--not-needed", help="It need not be told; give --why.")] = False,
    why: Annotated[str | None, typer.Option("--why", help="Why it need not be told.")] = None,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Note that an authority was told, or why it need not be. This tells nobody by itself: people do."""
    from monitoring.incidents.steps import decline
    from monitoring.incidents.steps import notify as note

    if not_needed == (reference is not None) or not_needed != (why is not None):
        raise typer.BadParameter("give --reference, or --not-needed with --why")
    loaded, now, duty = _load(project), _now(), DUTY_OF[authority]
    if not_needed:
        found = decline(loaded, incident, duty=duty, why=why or "", role=by, now=now)
    else:
        found = note(loaded, incident, duty=duty, reference=reference or "", role=by, now=now, at=_moment("--at", at))
    _done(loaded, found, as_json=as_json)


@incidents.command("close")
def close(
    incident: IncidentArgument,
    done: Annotated[str, typer.Option("--done", help="What was done; about the model, never about a person.")],
    by: ByOption,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Close an incident that was assessed and whose clocks are answered, with what was done."""
    from monitoring.incidents.steps import close as close_incident

    loaded, now = _load(project), _now()
    _done(loaded, close_incident(loaded, incident, done=done, role=by, now=now), as_json=as_json)


@incidents.command("verify")
def verify(
    anchor: Annotated[str | None, typer.Option("--anchor", help="COUNT:HEAD of the book, printed earlier and kept elsewhere.")] = None,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Verify the incidents' book: nothing in it was edited, removed or cut off."""
    from features.ledger import read_anchor
    from monitoring.incidents.book import verify_incidents

    loaded = _load(project)
    found = verify_incidents(loaded, anchor=None if anchor is None else read_anchor(anchor))
    if as_json:
        print_json({"project": loaded.id, "synthetic": loaded.is_synthetic, "count": found.count, "head": found.head})
        return
    print_line(f"{found.count} entries, none changed. Anchor: {found.count}:{found.head}")


def _done(project: Project, incident: Incident, *, as_json: bool) -> None:
    """Write the page anew, say how the incident stands, and tell the sinks that the project declares."""
    from monitoring.incidents.pages import write_incident_pages
    from monitoring.reports.following_up import send_incidents, world_of

    write_incident_pages(project, now=_now())
    _say(incident, as_json=as_json)
    for sent in send_incidents(project, world=world_of(os.environ), now=_now()):
        if sent.n_waiting:
            typer.echo(f"{sent.n_waiting} events wait for {sent.sink} ({sent.problem}); `tidlig monitor` sends them.", err=True)


def _say(incident: Incident, *, as_json: bool) -> None:
    now = _now()
    if as_json:
        print_json(incident.as_dict(now=now))
        return
    print_line(f"{incident.id} ({incident.model}): {incident.state.value.replace('_', ' ')}. Responsible: {incident.responsible}.")
    print_line(f"Clocks (UTC): {_due(incident, now)}")
    rows = [(f"{told.at:%Y-%m-%d %H:%M}", told.action.replace("_", " "), told.role, told.words) for told in incident.history]
    print_table("What was done (UTC)", ("at", "step", "by", "in words"), rows)


def _due(incident: Incident, now: datetime) -> str:
    said: list[str] = []
    for clock in incident.clocks.values():
        how = "OVERDUE" if clock.is_overdue(now) else "runs" if clock.is_running else (clock.answer or "").replace("_", " ")
        said.append(f"{clock.duty} by {clock.due_at.astimezone(UTC):%Y-%m-%d %H:%M} ({how}{', late' if clock.was_late else ''})")
    return "; ".join(said) or "none"


def _moment(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise DataError("TID494", f"{option} {text} is no moment. Write it like 2026-10-02T09:00+02:00.") from error


def _load(folder: Path) -> Project:
    from features.declarations.project import load_project

    return load_project(folder)


def _now() -> datetime:
    return datetime.now(UTC)
