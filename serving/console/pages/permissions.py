"""Who may do what, and why: the matrix that the service itself asks, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.access.permissions import MATRIX, Action, check_may
from serving.access.reasons import IN_NORWEGIAN
from serving.console.language import Tongue
from serving.console.rendering import page, tongue_of
from serving.http.dependencies import CallerOf
from serving.roles import Role

router = APIRouter(prefix="/permissions")


@dataclass(frozen=True)
class RoleShown:
    """A role with what it may do: action -> why, in words."""

    role: Role
    rights: Sequence[tuple[Action, str]]


@router.get("")
def show(request: Request, account: CallerOf, by: str = "") -> HTMLResponse:
    """Show the matrix, by role or by action."""
    check_may(account, Action.SEE_PERMISSIONS)
    t = tongue_of(request)
    roles = [RoleShown(role, [(action, reason_in_words(why, t)) for action, why in rights.items()]) for role, rights in MATRIX.items()]
    return page(request, "permissions.html", account=account, roles=roles, by="action" if by == "action" else "role", actions=by_action(t))


def by_action(t: Tongue) -> list[tuple[Action, list[tuple[Role, str]]]]:
    """Turn the matrix around: action -> roles that may, with why."""
    return [
        (action, [(role, reason_in_words(rights[action], t)) for role, rights in MATRIX.items() if action in rights]) for action in Action
    ]


def reason_in_words(why: str, t: Tongue) -> str:
    """Give a reason of the matrix in the reader's language."""
    bokmaal, nynorsk = IN_NORWEGIAN[why]
    return {"nb": bokmaal, "nn": nynorsk, "en": why}[t.language]
