"""The page of a model's incidents, beside its reports: how each stands and which clocks run, as of when the page was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from features.declarations.project import Project
from monitoring.files import CONTENT, remove_leftovers, write_whole
from monitoring.incidents.book import read_incidents
from monitoring.incidents.record import Incident
from monitoring.page_templates import template_environment
from monitoring.wording import Language, words

PAGES: Mapping[Language, str] = {"nb": "incidents.html", "en": "incidents-en.html"}


def write_incident_pages(project: Project, *, now: datetime) -> None:
    """Write the page anew in the folder of every report; the reports themselves stay as they are.

    Raises
    ------
    LedgerError
        TID801 to TID805 when the incidents' book does not verify.
    """
    incidents = read_incidents(project)
    for report in sorted((project.var / "reports").glob(f"*/*/{CONTENT}")):
        model = report.parent.parent.name
        remove_leftovers(report.parent)
        mine = [incident for incident in incidents if incident.model == model]
        for language, name in PAGES.items():
            text = render_incidents(mine, model=model, language=language, is_synthetic=project.is_synthetic, now=now)
            write_whole(report.parent / name, text)


def render_incidents(incidents: Sequence[Incident], *, model: str, language: Language, is_synthetic: bool, now: datetime) -> str:
    """Render a model's incidents as one self-contained page, the open ones first, newest first."""
    ordered = sorted(incidents, key=lambda incident: (incident.is_open, incident.opened_at, incident.id), reverse=True)
    template = template_environment(language).get_template("incidents.html.j2")
    return template.render(
        incidents=[incident.as_dict(now=now) for incident in ordered],
        overdue=sum(bool(incident.overdue(now)) for incident in incidents),
        model=model,
        w=words(language),
        i=words(language)["incidents"],
        lang=language,
        other={other: name for other, name in PAGES.items() if other != language},
        synthetic=is_synthetic,
        made_at=now.isoformat(timespec="minutes"),
    )
