"""The capacity planner: how many are found and missed when so many are reviewed. A form that asks again, and no script."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from models.card_curves import CapacityCurve
from serving.access.permissions import Action, check_may
from serving.aggregates.planner import plan_reviews
from serving.console.forms import Draft
from serving.console.language import Tongue
from serving.console.model_pictures import capacity_picture
from serving.console.pages.cases import TongueOf
from serving.console.rendering import page
from serving.console.shown_models import get_shown
from serving.http.dependencies import CallerOf, ProjectOf

router = APIRouter(prefix="/models/{name}/planner")

MOST_PEOPLE = 1_000_000


@dataclass(frozen=True)
class Asked:
    """What the reader asks: a whole number of 100 reviewed, and how many people there are."""

    of_100: int
    people: int


@router.get("")
def planner(
    request: Request, account: CallerOf, project: ProjectOf, t: TongueOf, name: str, share: str = "", people: str = ""
) -> HTMLResponse:
    """Say what reviewing a share finds and misses."""
    check_may(account, Action.SEE_MODELS)
    shown = get_shown(project, name)
    curve = shown.card.curves.capacity
    if curve is None or curve.reach is None:
        return page(request, "planner.html", account=account, model=shown, planned=None, draft=Draft())
    asked, draft = _read(curve, share, people, t)
    planned = plan_reviews(curve, _within(curve, asked.of_100))
    return page(
        request,
        "planner.html",
        account=account,
        status=422 if draft.errors else 200,
        model=shown,
        planned=planned,
        people=asked.people,
        drawn=capacity_picture(curve, t, share=None if planned is None else planned.share),
        draft=draft,
        reach=_whole(curve),
    )


def _read(curve: CapacityCurve, share: str, people: str, t: Tongue) -> tuple[Asked, Draft]:
    """Read the form; a field left out or wrong takes what the card was measured on, and a wrong one is told beside it."""
    usual = Asked(round(100 * curve.capacity_share), curve.people_a_year)
    low, high = _whole(curve)
    of_100, n_people = _number(share, low, high), _number(people, 1, MOST_PEOPLE)
    errors = {}
    if share.strip() and of_100 is None:
        errors["share"] = t("planner.share_wrong", low=t.number(low), high=t.number(high))
    if people.strip() and n_people is None:
        errors["people"] = t("planner.people_wrong", high=t.number(MOST_PEOPLE))
    asked = Asked(usual.of_100 if of_100 is None else of_100, usual.people if n_people is None else n_people)
    asked = Asked(min(max(asked.of_100, low), high), asked.people)
    return asked, Draft({"share": str(asked.of_100), "people": people if "people" in errors else str(asked.people)}, errors)


def _number(text: str, low: int, high: int) -> int | None:
    digits = "".join(text.split())
    number = int(digits) if digits.isdecimal() and len(digits) < 10 else None
    return number if number is not None and low <= number <= high else None


def _whole(curve: CapacityCurve) -> tuple[int, int]:
    """Lowest and highest whole number of 100 that figures are told for; at least the nearest where there is none between."""
    low, high = curve.reach or (0.0, 1.0)
    return max(1, -int(-100 * low // 1)), max(1, int(100 * high + 1e-9))


def _within(curve: CapacityCurve, of_100: int) -> float:
    """The share asked for, moved to the nearest that is told of where rounding put it outside."""
    low, high = curve.reach or (0.0, 1.0)
    return min(max(of_100 / 100, low), high)
