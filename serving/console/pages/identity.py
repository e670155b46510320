"""Who one case is about, where there is an identity vault: asked for with a stated need, shown once, logged."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse

from features.errors import ReviewError
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.api.identities import vault_of
from serving.cases import service
from serving.console.forms import EMPTY, Draft, Fields, error_of, find_errors
from serving.console.pages.cases import CHANGING, Text, TongueOf
from serving.console.rendering import page
from serving.http.dependencies import DeskOf
from serving.identities.revealing import reveal
from serving.identities.vault import IdentityVault

router = APIRouter(prefix="/cases/{case_id}/identity")

_REFUSED: Fields = {
    "TID703": ("identity_need", "problem.reason_too_short"),
    "TID758": ("main", "problem.no_vault"),
    "TID759": ("main", "problem.not_in_vault"),
    "TID763": ("main", "problem.not_opened"),
}


@router.get("")
def ask(desk: DeskOf, request: Request, case_id: str) -> HTMLResponse:
    """Ask why it has to be known."""
    return _page(desk, request, case_id)


@router.post("", dependencies=CHANGING)
def show(
    desk: DeskOf,
    request: Request,
    t: TongueOf,
    case_id: str,
    vault: Annotated[IdentityVault | None, Depends(vault_of)],
    identity_need: Text = "",
) -> Response:
    """Show who it is; the answer to this form and no page of its own, so that each look is logged."""
    values = {"identity_need": identity_need}
    errors = find_errors(values, texts=values, t=t)
    if errors:
        return _page(desk, request, case_id, Draft(values, errors))
    try:
        with desk.session.begin_nested():
            identifier = reveal(desk, vault, case_id, need=identity_need)
    except ReviewError as refusal:
        errors = error_of(refusal, text="identity_need", fields=_REFUSED, t=t)
        return _page(desk, request, case_id, Draft(values, errors))
    return _page(desk, request, case_id, identifier=identifier)


def _page(desk: Desk, request: Request, case_id: str, draft: Draft = EMPTY, *, identifier: str | None = None) -> HTMLResponse:
    check_may(desk.account, Action.REVEAL_IDENTITY)
    case = service.read_case(desk, case_id)
    return page(
        request,
        "identity.html",
        account=desk.account,
        status=draft.status,
        path=f"/cases/{case_id}/identity",
        case=case,
        draft=draft,
        identifier=identifier,
    )
