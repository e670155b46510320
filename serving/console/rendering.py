"""From a template to a response: the language, who reads, and what every page shows."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from features.declarations.catalogue import Sector
from models.bands import WORDING as BANDS
from serving.access.accounts import Account
from serving.cases.forms import ChildHeard, Participant, Signer, Wellbeing
from serving.cases.forms import Language as ConsentLanguage
from serving.cases.pages import Inclination
from serving.cases.policies import MIN_REASON, MIN_TEXT
from serving.cases.states import STATES, STEPS
from serving.cases.transitions import GOES_ON
from serving.console.evidence import attribute_labels, figures_of
from serving.console.language import Tongue, as_clause, choose_language, tongue
from serving.console.navigation import links_for
from serving.console.stages import STAGES_OF_WORK, WAITING
from serving.console.values import typical_text, value_text
from serving.http.cookies import is_secure
from serving.http.dependencies import csrf_token, project_of, settings_of
from serving.roles import ROLES

TEMPLATES = Path(__file__).parent / "templates"

SECTORS = [sector.value for sector in Sector if sector is not Sector.AUDIT]

MOST_REASONS = 3
"""Reasons on each side that stand open on a case's page; the weaker ones are behind one click."""

LANGUAGE_COOKIE = "tidlig_language"
_YEAR_SECONDS = 365 * 24 * 3600


@cache
def environment() -> Environment:
    """Give the templates; a name that a page does not provide is an error, and everything shown is escaped."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found.filters.update(in_words=lambda wording, t: t.words(wording), as_clause=as_clause)
    found.globals.update(
        BANDS=BANDS,
        CHILD_HEARD=get_args(ChildHeard),
        CONSENT_LANGUAGES=get_args(ConsentLanguage),
        GOES_ON=GOES_ON,
        INCLINATIONS=get_args(Inclination),
        MIN_REASON=MIN_REASON,
        MIN_TEXT=MIN_TEXT,
        MOST_REASONS=MOST_REASONS,
        PARTICIPANTS=get_args(Participant),
        ROLES=ROLES,
        SECTORS=SECTORS,
        SIGNERS=get_args(Signer),
        STAGES_OF_WORK=STAGES_OF_WORK,
        STATES=STATES,
        STEPS=STEPS,
        WAITING_STATES=WAITING,
        WELLBEING=get_args(Wellbeing),
        figures_of=figures_of,
        typical_text=typical_text,
        value_text=value_text,
    )
    return found


def tongue_of(request: Request) -> Tongue:
    """Give the reader's language: ``?lang=``, else the one chosen before, else what the browser asks for; of those the project offers."""
    offered = project_of(request).screening.project.languages
    return tongue(
        choose_language(
            request.query_params.get("lang"),
            request.cookies.get(LANGUAGE_COOKIE),
            request.headers.get("accept-language"),
            offered=offered,
        )
    )


def page(
    request: Request, template: str, *, account: Account | None, status: int = 200, path: str | None = None, **content: Any
) -> HTMLResponse:
    """Render a template.

    Parameters
    ----------
    path
        Where the reader's language links lead; give it where the request itself was a form.
    """
    project, t = project_of(request), tongue_of(request)
    path = path or request.url.path
    text = (
        environment()
        .get_template(template)
        .render(
            t=t,
            account=account,
            path=path,
            links=links_for(account, path),
            languages=project.screening.project.languages,
            project=project.screening.project,
            is_synthetic=project.is_synthetic,
            csrf=csrf_token(request),
            places={place.number: place.name for place in project.screening.municipality},
            attributes=attribute_labels(project),
            **content,
        )
    )
    response = HTMLResponse(text, status_code=status, headers={"Content-Language": t.language, "Vary": "Cookie, Accept-Language"})
    if request.query_params.get("lang") == t.language:
        response.set_cookie(
            LANGUAGE_COOKIE,
            t.language,
            max_age=_YEAR_SECONDS,
            httponly=True,
            samesite="lax",
            secure=is_secure(request, settings_of(request)),
        )
    return response


def paper_response(paper: bytes, *, name: str, language: str) -> Response:
    """Answer with a PDF, to be shown in the browser and saved under a name in the reader's language."""
    disposition = f"inline; filename*=UTF-8''{quote(name)}-{language}.pdf"
    headers = {"Content-Disposition": disposition, "Content-Language": language, "Vary": "Cookie, Accept-Language"}
    return Response(paper, media_type="application/pdf", headers=headers)


def go_to(path: str) -> RedirectResponse:
    """Send the reader on after a form, so that loading the page again sends nothing twice."""
    return RedirectResponse(path, status_code=303)
