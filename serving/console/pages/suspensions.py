"""The kill switch: stop proposals at once, with a reason, and lift the stop with another. About models and their use, never a person."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from features.declarations.catalogue import Wording
from features.errors import ReviewError
from models.bundle import model_name
from models.deployment import find_champion
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.cases.wording import outcome_label, stage_label
from serving.console.forms import EMPTY, Draft, Fields, error_of, read_texts
from serving.console.language import Tongue
from serving.console.pages.cases import CHANGING, Text, TongueOf
from serving.console.rendering import go_to, page
from serving.errors import NotFoundError
from serving.http.dependencies import DeskOf
from serving.roles import Role
from serving.scoring import suspensions
from serving.scoring.suspensions import SuspensionLine

router = APIRouter(prefix="/suspensions")

ALL = "all"
"""What a reader chooses who stops every model, or every municipality."""

_REFUSED: Fields = {"TID771": ("main", "problem.beyond_reach"), "TID772": ("model", "problem.choose_one")}


@router.get("")
def show(desk: DeskOf, request: Request) -> HTMLResponse:
    """List the stops that hold and that held, and offer to stop."""
    return _page(desk, request)


@router.post("", dependencies=CHANGING)
def suspend(desk: DeskOf, request: Request, t: TongueOf, model: Text = "", municipality: Text = "", reason: Text = "") -> Response:
    """Stop proposals; takes effect with this."""
    values = {"model": model, "municipality": municipality, "reason": reason}
    places = [number for number, _ in _places(desk, t)]
    choices = {"model": [name for name, _ in _models(desk, t)], **({"municipality": places} if places else {})}
    filled = read_texts(values, texts=("reason",), choices=choices, t=t)

    def turn() -> SuspensionLine:
        return suspensions.suspend(desk, model_name=_named(model), municipality=_named(municipality), reason=reason)

    return _do(desk, filled.draft, turn, lambda draft, status: _page(desk, request, draft, status=status), t)


@router.get("/{suspension_id}")
def show_one(desk: DeskOf, request: Request, suspension_id: str) -> HTMLResponse:
    """Show one stop and offer to lift it."""
    return _lift_page(desk, request, suspension_id)


@router.post("/{suspension_id}/lift", dependencies=CHANGING)
def lift(desk: DeskOf, request: Request, t: TongueOf, suspension_id: str, reason: Text = "") -> Response:
    """Lift a stop, with a reason."""
    filled = read_texts({"reason": reason}, texts=("reason",), t=t)

    def turn() -> SuspensionLine:
        return suspensions.lift(desk, suspension_id, reason=reason)

    return _do(desk, filled.draft, turn, lambda draft, status: _lift_page(desk, request, suspension_id, draft, status=status), t)


def _do(desk: Desk, draft: Draft, turn: Callable[[], SuspensionLine], again: Callable[[Draft, int], HTMLResponse], t: Tongue) -> Response:
    if draft.errors:
        return again(draft, 422)
    try:
        with desk.session.begin_nested():
            turn()
    except ReviewError as refusal:
        return again(Draft(draft.values, error_of(refusal, text="reason", fields=_REFUSED, t=t)), 422)
    return go_to("/suspensions")


def _page(desk: Desk, request: Request, draft: Draft = EMPTY, *, status: int = 200) -> HTMLResponse:
    check_may(desk.account, Action.SUSPEND)
    lines = suspensions.list_suspensions(desk.session, desk.account)
    return page(
        request,
        "suspensions.html",
        account=desk.account,
        status=status,
        path="/suspensions",
        draft=draft,
        holding=[line for line in lines if line.lifted_at is None],
        lifted=[line for line in lines if line.lifted_at is not None],
        labels=_labels(desk),
        models=lambda t: _models(desk, t),
        municipalities=lambda t: _places(desk, t),
    )


def _lift_page(desk: Desk, request: Request, suspension_id: str, draft: Draft = EMPTY, *, status: int = 200) -> HTMLResponse:
    check_may(desk.account, Action.SUSPEND)
    lines = suspensions.list_suspensions(desk.session, desk.account)
    found = next((line for line in lines if line.id == suspension_id and line.can_lift and line.lifted_at is None), None)
    if found is None:
        raise NotFoundError("suspension")
    return page(
        request,
        "suspension.html",
        account=desk.account,
        status=status,
        path=f"/suspensions/{suspension_id}",
        draft=draft,
        line=found,
        labels=_labels(desk),
    )


def _named(choice: str) -> str | None:
    return None if choice in ("", ALL) else choice


def _labels(desk: Desk) -> dict[str, tuple[Wording, Wording]]:
    """Name the project's models: outcome and stage in words."""
    return {
        model_name(desk.project.id, outcome, stage.name): (outcome_label(desk.project, outcome), stage_label(desk.project, stage.name))
        for stage in desk.project.stages.values()
        for outcome in stage.outcomes
    }


def _models(desk: Desk, t: Tongue) -> list[tuple[str, str]]:
    """List what this role may stop: a model keeper one model that serves, the others all models too, those still to come among them."""
    labels = {name: words for name, words in _labels(desk).items() if find_champion(desk.project, name) is not None}
    each = [(name, f"{t.words(outcome)}, {t.words(stage)}") for name, (outcome, stage) in labels.items()]
    return each if desk.account.role is Role.MODEL_KEEPER else [(ALL, t("suspensions.all_models")), *each]


def _places(desk: Desk, t: Tongue) -> list[tuple[str, str]]:
    """List where this role may choose to stop; empty where there is nothing to choose."""
    if desk.account.role is not Role.CONTROLLER:
        return []
    return [(ALL, t("suspensions.everywhere")), *((place.number, place.name) for place in desk.project.screening.municipality)]
