"""Who one case is about, for the one who took and opened it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from serving.api.cases import CaseId
from serving.api.routing import ApiRoute
from serving.api.schemas import Answer, Body
from serving.http.dependencies import DeskOf, checked_csrf
from serving.http.problems import responses
from serving.identities.revealing import reveal
from serving.identities.vault import IdentityVault

router = APIRouter(tags=["persons"], responses=responses(401, 403, 404), route_class=ApiRoute)


def vault_of(request: Request) -> IdentityVault | None:
    """Give the identity vault, None where there is none."""
    found: IdentityVault | None = request.app.state.identities
    return found


def forget_of(request: Request) -> Callable[[str], None]:
    """Give what removes a subject from the identity vault; where there is none, nobody is in it."""
    vault = vault_of(request)
    return _nothing_to_forget if vault is None else vault.remove


def _nothing_to_forget(subject_id: str) -> None:
    del subject_id


class IdentityNeed(Body):
    """Why who it is has to be known now."""

    need: str = Field(max_length=2000, examples=["Skal ringe hjem og avtale en samtale."])


class Identity(BaseModel):
    """Who it is, as the register that was loaded calls them."""

    identifier: str = Field(examples=["SYN-017"])


ForgetOf = Annotated[Callable[[str], None], Depends(forget_of)]


@router.post(
    "/cases/{case_id}/identity",
    summary="Learn who a case is about",
    dependencies=[Depends(checked_csrf)],
    responses=responses(409, 422),
)
def reveal_identity(
    desk: DeskOf, case_id: CaseId, body: IdentityNeed, vault: Annotated[IdentityVault | None, Depends(vault_of)]
) -> Answer[Identity]:
    """Show who it is, where there is an identity vault: one person, in a case you took and opened, with a stated need. It is logged."""
    return Answer(synthetic=desk.project.is_synthetic, data=Identity(identifier=reveal(desk, vault, case_id, need=body.need)))
