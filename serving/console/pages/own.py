"""A young person's or guardian's own page: what is kept, a no, a consent taken back. In plain words, the same for whoever is unknown."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from serving.access.permissions import Action, check_may
from serving.api.identities import vault_of
from serving.citizens.consenting import list_consents, withdraw
from serving.citizens.objecting import find_objection, object_for
from serving.citizens.whom import Whom, find_self, get_whom, list_children
from serving.console.pages.cases import CHANGING
from serving.console.rendering import go_to, page
from serving.http.dependencies import DeskOf
from serving.identities.vault import IdentityVault

router = APIRouter(prefix="/my-page")

VaultOf = Annotated[IdentityVault | None, Depends(vault_of)]
ChildOf = Annotated[str, Form(max_length=40)]


def own_path(path: str, whom: Whom) -> str:
    """Give a path of one's own pages, of a child where it is one."""
    return f"{path}?{urlencode({'child': whom.key})}" if whom.key else path


@router.get("")
def my_page(desk: DeskOf, request: Request, vault: VaultOf, child: str = "") -> HTMLResponse:
    """Show what somebody can do here for themselves, or for the child that they picked."""
    me, children = find_self(desk), list_children(desk, vault)
    whom = get_whom(desk, vault, child) if child else me
    return page(
        request,
        "my_page.html",
        account=desk.account,
        whom=whom,
        has_own=me is not None,
        children=children,
        consents=() if whom is None else list_consents(desk, whom),
        objection=None if whom is None else find_objection(desk, whom),
        own_path=own_path,
        citizens=desk.project.screening.citizens,
        controller=desk.project.screening.project.controller,
    )


@router.get("/objection")
def ask(desk: DeskOf, request: Request, vault: VaultOf, child: str = "") -> HTMLResponse:
    """Say what a no means, with the button that says it; or that it stands."""
    check_may(desk.account, Action.SPEAK_FOR_ONESELF)
    whom = get_whom(desk, vault, child)
    standing = find_objection(desk, whom)
    return page(request, "my_objection.html", account=desk.account, whom=whom, objection=standing, own_path=own_path)


@router.post("/objection", dependencies=CHANGING)
def say_no(desk: DeskOf, vault: VaultOf, child: ChildOf = "") -> RedirectResponse:
    """Register a no; it stands when this answer is given."""
    check_may(desk.account, Action.SPEAK_FOR_ONESELF)
    whom = get_whom(desk, vault, child)
    object_for(desk, whom)
    return go_to(own_path("/my-page/objection", whom))


@router.post("/consents/{consent_id}/withdraw", dependencies=CHANGING)
def take_back(desk: DeskOf, vault: VaultOf, consent_id: str, child: ChildOf = "") -> RedirectResponse:
    """Take a consent back."""
    check_may(desk.account, Action.SPEAK_FOR_ONESELF)
    whom = get_whom(desk, vault, child)
    withdraw(desk, whom, consent_id)
    return go_to(own_path("/my-page/withdrawn", whom))


@router.get("/withdrawn")
def taken_back(desk: DeskOf, request: Request, vault: VaultOf, child: str = "") -> HTMLResponse:
    """Say that sharing has stopped, and what happens next."""
    check_may(desk.account, Action.SPEAK_FOR_ONESELF)
    return page(request, "my_withdrawn.html", account=desk.account, whom=get_whom(desk, vault, child), own_path=own_path)
